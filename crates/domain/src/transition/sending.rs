//! An intent, the outcome of its call, and what is too late for either.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, Error, Misfit, Next, Step};
use crate::{
    mutant::{Mutant, lives},
    retry,
    target::{ErrorCode, Outcome, PartStatus, Refusal, Status},
};

impl Step<'_> {
    pub(super) fn start(&mut self, part: usize, send_deadline: Timestamp) -> Result<Next, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::Unconfirmed])?;
        self.open_part(part, &[PartStatus::Pending, PartStatus::Unconfirmed])?;
        let repeat = self.target.parts[part].status == PartStatus::Unconfirmed;
        // What is too late is not begun, but a repeat of something that may be live is how we find out.
        if !repeat && self.now >= self.target.expire_at {
            return Err(Misfit::State(self.target.status));
        }
        if repeat && self.target.probes >= retry::PROBE_LIMIT {
            return Err(Misfit::Part);
        }
        if repeat {
            self.target.probes += 1;
        }
        self.target.attempt += 1;
        self.target.status = Status::Publishing;
        let attempt = self.target.attempt;
        let row = &mut self.target.parts[part];
        row.status = PartStatus::Sending;
        row.attempt = attempt;
        row.send_deadline = Some(send_deadline);
        row.error = None;
        Ok(Next::Now)
    }

    pub(super) fn sent(&mut self, part: usize, outcome: &Outcome) -> Result<Next, Misfit> {
        // Unconfirmed takes it too: the late answer of a sender that lost its lease is evidence.
        self.open_part(part, &[PartStatus::Sending, PartStatus::Unconfirmed])?;
        if self.target.parts[part].send_deadline.is_none() {
            // In doubt for another reason than a send that this answer could belong to.
            return Err(Misfit::Part);
        }
        Ok(match outcome {
            Outcome::Published(live) => self.live(part, Some(live.clone())),
            Outcome::Refused(refusal) if self.is_repeat() => self.repeat_refused(part, refusal),
            Outcome::Refused(refusal) => self.refused(part, refusal),
            Outcome::Accepted { handle, check_at } => self.accepted(part, handle, *check_at),
            Outcome::Ambiguous { message, http_status } if lives(Mutant::RetryOnTimeout) => {
                let (message, http_status) = (message.clone(), *http_status);
                self.refused(part, &Refusal::NotNow { message, http_status, after: None })
            }
            Outcome::Ambiguous { message, .. } if lives(Mutant::FailedOnTimeout) => {
                self.fail(part, Error { code: ErrorCode::PlatformError, message: message.clone() })
            }
            Outcome::Ambiguous { message, .. } => self.ambiguous(part, message),
        })
    }

    pub(super) fn unprepared(&mut self, refusal: &Refusal) -> Result<Next, Misfit> {
        let part = self.unbegun()?;
        Ok(self.refused(part, refusal))
    }

    pub(super) fn interrupted(&mut self, part: usize) -> Result<Next, Misfit> {
        self.open_part(part, &[PartStatus::Sending, PartStatus::Processing])?;
        Ok(match self.target.following() {
            Some(_) => self.ambiguous(part, "The network took it and can no longer be asked how it goes on"),
            None => self.ambiguous(part, "The sender stopped before the outcome was recorded"),
        })
    }

    pub(super) fn refused(&mut self, part: usize, refusal: &Refusal) -> Next {
        match refusal {
            Refusal::Rejected { code, message, .. } => self.fail(part, Error { code: *code, message: message.clone() }),
            Refusal::Auth { code, message, .. } => {
                let error = Error { code: *code, message: message.clone() };
                if self.rules.can_refresh && !self.target.refreshed {
                    self.target.refreshed = true;
                    self.pending(part);
                    self.effects.push(Effect::WakeRefresh);
                    self.target.error = Some(error);
                    // The refresh lane wakes the account's lane when it is done; this is the net below it.
                    return self.queue_until(self.now + SignedDuration::from_secs(20));
                }
                self.effects.push(Effect::HoldAccount(error.clone()));
                self.held(part, error)
            }
            Refusal::Throttled { until, message } => {
                self.pending(part);
                self.target.error = Some(Error { code: ErrorCode::QuotaExhausted, message: message.clone() });
                self.queue_until((*until).max(self.now + SignedDuration::from_secs(1)))
            }
            Refusal::NotNow { message, after, .. } => {
                self.pending(part);
                self.target.failures += 1;
                self.target.error = Some(Error { code: ErrorCode::PlatformError, message: message.clone() });
                let wait = after.unwrap_or_else(|| retry::after_not_sent(self.target.failures, self.rules.jitter));
                self.queue_until(self.now + wait)
            }
        }
    }

    pub(super) fn ambiguous(&mut self, part: usize, message: &str) -> Next {
        let row = &mut self.target.parts[part];
        // An answer may still be on its way until then, whenever we learned that ours was lost.
        let from = row.send_deadline.unwrap_or(self.now);
        row.status = PartStatus::Unconfirmed;
        row.error = Some(Error { code: ErrorCode::OutcomeUnknown, message: message.to_owned() });
        self.target.status = Status::Unconfirmed;
        self.target.error = row.error.clone();
        let wait = retry::before_probe(self.target.probes).unwrap_or(SignedDuration::ZERO);
        Next::At(from + self.rules.grace + wait)
    }

    pub(super) fn expired(&mut self, held_by: Option<&Error>) -> Result<Next, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
        if self.target.is_ambiguous() || self.now < self.target.expire_at {
            return Err(Misfit::State(self.target.status));
        }
        let part = self.target.current().ok_or(Misfit::Part)?;
        let error = match self.target.error.take().or_else(|| held_by.cloned()) {
            Some(held) => Error {
                code: held.code,
                message: format!("{} (held until it was too late, {})", held.message, self.target.expire_at),
            },
            None => Error {
                code: ErrorCode::TooLate,
                message: format!("It could not go out before {}", self.target.expire_at),
            },
        };
        Ok(self.fail(part, error))
    }
}
