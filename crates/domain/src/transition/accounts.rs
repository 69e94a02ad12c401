//! An account that cannot be used, and one that can be again.

use super::{Error, Misfit, Next, RESENT, Step};
use crate::{
    policy::OnAuthFailure,
    target::{PartStatus, Status},
};

impl Step<'_> {
    pub(super) fn account_held(&mut self, error: &Error) -> Result<Next, Misfit> {
        if let Some(part) = self.target.following() {
            return Ok(self.followed_later(part, error.clone()));
        }
        let part = self.unbegun()?;
        Ok(self.held(part, error.clone()))
    }

    pub(super) fn held(&mut self, part: usize, error: Error) -> Next {
        if self.rules.on_auth_failure == OnAuthFailure::Fail {
            return self.fail(part, error);
        }
        self.pending(part);
        self.target.status = Status::NeedsReconnect;
        self.target.error = Some(error);
        Next::At(self.target.expire_at)
    }

    pub(super) fn reconnected(&mut self) -> Result<Next, Misfit> {
        // What held it stays said until it moves on: it may be too late by now.
        self.target.refreshed = false;
        if self.target.following().is_none() {
            self.in_status(&[Status::NeedsReconnect])?;
            self.queue(self.now);
        }
        Ok(Next::At(self.now))
    }

    /// It goes again with the new tokens, at once. A refused repeat is not meant: that one says nothing about tokens.
    pub(super) fn renewed(&mut self) -> Result<Next, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
        let part = self.target.current().ok_or(Misfit::Part)?;
        self.open_part(part, &[PartStatus::Pending, PartStatus::Sending, PartStatus::Processing])?;
        self.target.refreshed = false;
        if self.target.following().is_some() {
            return Ok(Next::At(self.now));
        }
        if self.target.parts[part].status == PartStatus::Sending && self.is_repeat() && self.target.probes < RESENT {
            return Err(Misfit::Part);
        }
        self.pending(part);
        Ok(self.queue_until(self.now))
    }
}
