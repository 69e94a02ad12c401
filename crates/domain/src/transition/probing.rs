//! What was found out about a part that may be live, and what a repeat of it can and cannot tell.

use super::{Error, Misfit, Next, RESENT, Step};
use crate::{
    policy::OnUnconfirmed,
    retry,
    target::{ErrorCode, PartStatus, Probe, Refusal, Status},
};

/// Repeats that did not leave are put off as sends are, but no longer than by the third wait.
const AT_MOST_A_MINUTE: i32 = 3;

impl Step<'_> {
    pub(super) fn probed(&mut self, part: usize, probe: &Probe) -> Result<Next, Misfit> {
        self.open_part(part, &[PartStatus::Unconfirmed])?;
        Ok(match probe {
            Probe::Live(live) => self.live(part, Some(live.clone())),
            Probe::NotLive => {
                self.pending(part);
                self.target.probes = 0;
                self.target.failures += 1;
                let message = "The network does not have it".to_owned();
                self.target.error = Some(Error { code: ErrorCode::PlatformError, message });
                let at = self.now + retry::after_not_sent(self.target.failures, self.rules.jitter);
                self.queue_until(at)
            }
            // The holder starts it again at once, with the same bytes; the start counts as a probe.
            Probe::Repeat if self.target.probes < retry::PROBE_LIMIT => Next::At(self.now),
            Probe::Repeat | Probe::Impossible => self.unknowable(part),
            Probe::Unknown { message } => {
                self.target.probes += 1;
                self.target.parts[part].error =
                    Some(Error { code: ErrorCode::OutcomeUnknown, message: message.clone() });
                match retry::before_probe(self.target.probes) {
                    Some(wait) => Next::At(self.now + wait),
                    None => self.unknowable(part),
                }
            }
        })
    }

    /// Whether an earlier send of this part may be live: a start that finds a part unconfirmed counts as a probe.
    pub(super) fn is_repeat(&self) -> bool {
        self.target.probes > 0
    }

    /// A refused repeat says nothing about the send it repeats.
    pub(super) fn repeat_refused(&mut self, part: usize, refusal: &Refusal) -> Next {
        let error = Error {
            code: ErrorCode::OutcomeUnknown,
            message: format!("An earlier send may be live; sending again was answered: {}", refusal.message()),
        };
        let mut wait = retry::before_probe(self.target.probes);
        // Where a double is accepted, what may pass is tried again; a final word proves nothing.
        if self.target.probes >= RESENT && !matches!(refusal, Refusal::Rejected { .. }) {
            return self.refused(part, refusal);
        }
        if self.target.parts[part].status == PartStatus::Unconfirmed {
            // The late answer of a sender that lost its lane: asked for once, or it would be asked for again for ever.
            self.target.probes += 1;
        } else if matches!(refusal, Refusal::NotNow { http_status: None, .. }) && self.now < self.target.expire_at {
            // It did not leave and asked nothing. As long as a send would be tried again it is not counted; but that
            // there was a send before it is not forgotten.
            self.target.probes = (self.target.probes - 1).max(1);
            self.target.failures += 1;
            let nth = self.target.failures.min(AT_MOST_A_MINUTE);
            wait = Some(retry::after_not_sent(nth, self.rules.jitter));
        }
        self.target.parts[part].status = PartStatus::Unconfirmed;
        self.target.parts[part].error = Some(error.clone());
        self.target.status = Status::Unconfirmed;
        self.target.error = Some(error);
        wait.map_or(Next::Settled, |wait| Next::At(self.now + wait))
    }

    pub(super) fn unknowable(&mut self, part: usize) -> Next {
        let is_resent = self.target.probes >= RESENT;
        if self.rules.on_unconfirmed == OnUnconfirmed::Retry && !is_resent && self.now < self.target.expire_at {
            self.target.probes = RESENT;
            self.pending(part);
            self.queue(self.now);
            return Next::At(self.now);
        }
        let error = Error {
            code: ErrorCode::OutcomeUnknown,
            message: "The post may be live: check before sending it again".to_owned(),
        };
        self.target.parts[part].error.get_or_insert_with(|| error.clone());
        self.target.error = Some(error);
        self.target.status = Status::Unconfirmed;
        Next::Settled
    }
}
