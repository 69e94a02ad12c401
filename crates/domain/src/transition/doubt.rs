//! Parts that may be live from a send that no answer can be had of any more: one that a restored database does not know,
//! or one that was given up on and sent again.

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

    /// Whether the current part was sent before, may be live from then, and is to be sent once more all the same.
    pub(super) fn is_doubtful(&self) -> bool {
        self.target.probes >= RESENT && self.target.status != Status::Published
    }

    /// What was to be sent again is not: it may be live from the first time.
    pub(super) fn doubt(&mut self, part: usize, message: &str) -> Next {
        let error = Error {
            code: ErrorCode::OutcomeUnknown,
            message: format!("An earlier send may be live; sending again was given up: {message}"),
        };
        self.target.parts[part].status = PartStatus::Unconfirmed;
        self.target.parts[part].send_deadline = None;
        self.target.parts[part].error = Some(error.clone());
        self.target.status = Status::Unconfirmed;
        self.target.error = Some(error);
        Next::Settled
    }
}
