//! What the network took and has not finished: asked for until it is live, refused, or a day old.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Effect, Error, Misfit, Next, Step};
use crate::{
    retry,
    target::{ErrorCode, PartStatus, Progress, Refusal, Status},
};

/// No network works longer on a post. What it has not said by then it is asked for like a send without an answer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The longer it takes, the more rarely it is asked: not before this share of the time it has taken has passed again.
const SHARE: i32 = 20;
/// A refresh lane wakes the account's lane when it is done; this is the net below it.
const TOKENS_NET: SignedDuration = SignedDuration::from_secs(20);

impl Step<'_> {
    pub(super) fn accepted(&mut self, part: usize, handle: &Value, check_at: Timestamp) -> Next {
        let row = &mut self.target.parts[part];
        row.status = PartStatus::Processing;
        row.handle = Some(handle.clone());
        row.send_deadline.get_or_insert(self.now);
        row.error = None;
        self.target.status = Status::Publishing;
        self.moved_on();
        self.ask_at(part, check_at)
    }

    /// Nothing but the network's own word says that the part failed, and nothing sends it again.
    pub(super) fn followed(&mut self, part: usize, progress: &Progress) -> Result<Next, Misfit> {
        self.open_part(part, &[PartStatus::Processing])?;
        Ok(match progress {
            Progress::Live(live) => self.live(part, Some(live.clone())),
            Progress::Still { check_at } => {
                self.moved_on();
                self.ask_at(part, *check_at)
            }
            Progress::Refused(refusal @ Refusal::Rejected { .. }) if self.is_repeat() => {
                self.repeat_refused(part, refusal)
            }
            Progress::Refused(Refusal::Rejected { code, message, .. }) => {
                self.fail(part, Error { code: *code, message: message.clone() })
            }
            Progress::Refused(Refusal::Auth { code, message, .. }) => {
                let error = Error { code: *code, message: message.clone() };
                if self.rules.can_refresh && !self.target.refreshed {
                    self.target.refreshed = true;
                    self.target.error = Some(error);
                    self.effects.push(Effect::WakeRefresh);
                    return Ok(self.ask_at(part, self.now + TOKENS_NET));
                }
                self.effects.push(Effect::HoldAccount(error.clone()));
                self.followed_later(part, error)
            }
            Progress::Refused(Refusal::Throttled { until, message }) => {
                self.target.error = Some(Error { code: ErrorCode::QuotaExhausted, message: message.clone() });
                self.ask_at(part, *until)
            }
            Progress::Refused(Refusal::NotNow { message, after, .. }) => self.not_learned(part, message, *after),
            Progress::Unknown { message } => self.not_learned(part, message, None),
        })
    }

    /// The account cannot be used: it is asked again once that is over.
    pub(super) fn followed_later(&mut self, part: usize, error: Error) -> Next {
        self.target.error = Some(error);
        self.ask_at(part, self.over_at(part))
    }

    fn not_learned(&mut self, part: usize, message: &str, after: Option<SignedDuration>) -> Next {
        self.target.failures += 1;
        self.target.error = Some(Error { code: ErrorCode::PlatformError, message: message.to_owned() });
        let wait = after.unwrap_or_else(|| retry::after_not_sent(self.target.failures, self.rules.jitter));
        self.ask_at(part, self.now + wait)
    }

    fn moved_on(&mut self) {
        self.target.failures = 0;
        self.target.refreshed = false;
        self.target.error = None;
    }

    fn over_at(&self, part: usize) -> Timestamp {
        self.target.parts[part].send_deadline.unwrap_or(self.now) + LONGEST
    }

    fn ask_at(&mut self, part: usize, at: Timestamp) -> Next {
        let over_at = self.over_at(part);
        if self.now >= over_at {
            return self.ambiguous(part, "The network took it and has not said within a day what became of it");
        }
        let taken = LONGEST - over_at.duration_since(self.now);
        let least = (taken / SHARE).max(SignedDuration::from_secs(1));
        Next::At(at.max(self.now + least).min(over_at))
    }
}
