//! What the caller wants, and the caller's word on what nobody else can know.

use jiff::Timestamp;

use super::{Error, Misfit, Next, RESENT, Resolution, Step};
use crate::target::{ErrorCode, PartStatus, Status};

impl Step<'_> {
    pub(super) fn cancel(&mut self) -> Result<Next, Misfit> {
        if matches!(self.target.status, Status::Publishing) || self.target.is_ambiguous() {
            return Err(Misfit::BeingSent);
        }
        self.in_status(&[Status::Draft, Status::Scheduled, Status::Queued, Status::NeedsReconnect])?;
        if let Some(part) = self.target.current().filter(|_| self.is_doubtful()) {
            self.cancel_parts(part + 1);
            return Ok(self.doubt(part, "it was canceled"));
        }
        self.cancel_parts(0);
        self.target.error = None;
        self.target.status = if self.target.has_live() { Status::Partial } else { Status::Canceled };
        Ok(Next::Settled)
    }

    fn cancel_parts(&mut self, from: usize) {
        for part in &mut self.target.parts[from..] {
            if part.status != PartStatus::Published {
                part.status = PartStatus::Canceled;
                part.error = None;
            }
        }
    }

    pub(super) fn send(&mut self, expire_at: Timestamp) -> Result<Next, Misfit> {
        self.in_status(&[Status::Draft, Status::Scheduled, Status::Failed, Status::Partial])?;
        for at in 0..self.target.parts.len() {
            if self.target.parts[at].status != PartStatus::Published {
                self.pending(at);
            }
        }
        self.target.failures = 0;
        self.target.probes = 0;
        self.target.refreshed = false;
        self.target.error = None;
        self.target.expire_at = expire_at;
        self.queue(self.now);
        Ok(Next::At(self.now))
    }

    pub(super) fn resolve(&mut self, resolution: &Resolution) -> Result<Next, Misfit> {
        // Also while probes are still to come: the caller may know better and sooner.
        self.in_status(&[Status::Unconfirmed])?;
        let part = self.target.current().ok_or(Misfit::Part)?;
        Ok(match resolution {
            Resolution::Published(live) => {
                let chained = live.is_some();
                match self.live(part, live.clone()) {
                    // Without its id nothing can be hung below it.
                    Next::Now if !chained => {
                        let error = Error {
                            code: ErrorCode::ParentPartFailed,
                            message: "The part before it has no known id to reply to".to_owned(),
                        };
                        self.fail(part + 1, error)
                    }
                    // Nor asked for.
                    Next::At(_) if !chained => Next::Settled,
                    Next::Now => {
                        self.queue(self.now);
                        Next::At(self.now)
                    }
                    next => next,
                }
            }
            Resolution::Retry { expire_at } => {
                self.pending(part);
                self.target.expire_at = *expire_at;
                self.target.failures = 0;
                self.target.probes = RESENT;
                self.target.error = None;
                self.queue(self.now);
                Next::At(self.now)
            }
            Resolution::Failed => {
                self.target.probes = 0;
                let message = "The caller said that it is not live".to_owned();
                self.fail(part, Error { code: ErrorCode::OutcomeUnknown, message })
            }
        })
    }
}
