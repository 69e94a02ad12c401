//! What is doubted though nothing of ours is known to have sent it, and what a refusal turns out not to have meant.

use super::{Error, Misfit, Next, RESENT, Step};
use crate::target::{ErrorCode, PartStatus, Status};

impl Step<'_> {
    /// Every part that is still to be sent may have gone out: parts follow each other within seconds.
    pub(super) fn doubted(&mut self) -> Result<Next, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
        let part = self.target.current().ok_or(Misfit::Part)?;
        self.open_part(part, &[PartStatus::Pending])?;
        let error = Error {
            code: ErrorCode::OutcomeUnknown,
            message: "It was due after the backup this database was restored from; it may be live".to_owned(),
        };
        for row in self.target.parts[part..].iter_mut().filter(|row| row.status == PartStatus::Pending) {
            row.status = PartStatus::Unconfirmed;
            row.send_deadline = None;
            row.error = Some(error.clone());
        }
        self.target.probes = 0;
        self.target.status = Status::Unconfirmed;
        self.target.error = Some(error);
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
