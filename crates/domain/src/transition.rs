//! How a target moves: `decide(state, event, now) -> (state, what is next)`. The only place where a status is chosen.

mod doubt;
mod following;
mod state;

pub use state::{Decision, Effect, Error, Event, Misfit, Next, Part, Resolution, Rules, Target};

use jiff::{SignedDuration, Timestamp};

use crate::{
    policy::{OnAuthFailure, OnUnconfirmed},
    retry,
    target::{ErrorCode, Live, Outcome, PartStatus, Probe, Refusal, Status},
};

/// In `probes`: the part was sent, nobody could tell what became of it, and it is sent again because a double is
/// accepted. Until that is answered, "not live" can be said of the second send only.
const RESENT: i32 = retry::PROBE_LIMIT + 1;

/// Moves a target.
///
/// # Errors
/// [`Misfit`] when the event cannot happen in this state; nothing is changed then.
pub fn decide(target: &Target, event: &Event, rules: &Rules, now: Timestamp) -> Result<Decision, Misfit> {
    let mut step = Step { target: target.clone(), rules, now, effects: Vec::new() };
    let next = step.apply(event)?;
    step.target.next_at = match next {
        Next::At(at) if step.target.status.is_open() || step.target.status == Status::Unconfirmed => Some(at),
        _ => None,
    };
    Ok(Decision { target: step.target, next, effects: step.effects })
}

struct Step<'a> {
    target: Target,
    rules: &'a Rules,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Step<'_> {
    fn apply(&mut self, event: &Event) -> Result<Next, Misfit> {
        match event {
            Event::Start { part, send_deadline } => self.start(*part, *send_deadline),
            Event::Sent { part, outcome } => self.sent(*part, outcome),
            Event::Unprepared(refusal) => {
                self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
                if self.target.is_ambiguous() {
                    return Err(Misfit::Part);
                }
                let part = self.target.current().ok_or(Misfit::Part)?;
                Ok(self.refused(part, refusal))
            }
            Event::Followed { part, progress } => self.followed(*part, progress),
            Event::Interrupted { part } => {
                self.open_part(*part, &[PartStatus::Sending, PartStatus::Processing])?;
                Ok(match self.target.following() {
                    Some(_) => self.ambiguous(*part, "The network took it and can no longer be asked how it goes on"),
                    None => self.ambiguous(*part, "The sender stopped before the outcome was recorded"),
                })
            }
            Event::Probed { part, probe } => self.probed(*part, probe),
            Event::AccountHeld(error) => {
                self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
                if let Some(part) = self.target.following() {
                    return Ok(self.followed_later(part, error.clone()));
                }
                if self.target.is_ambiguous() {
                    return Err(Misfit::Part);
                }
                let part = self.target.current().ok_or(Misfit::Part)?;
                Ok(self.held(part, error.clone()))
            }
            Event::Renewed => self.renewed(),
            Event::Expired { held_by } => self.expired(held_by.as_ref()),
            Event::Doubted => self.doubted(),
            Event::Cancel => self.cancel(),
            Event::Send { expire_at } => self.send(*expire_at),
            Event::Resolve(resolution) => self.resolve(resolution),
            Event::Reconnected => {
                // What held it stays said until it moves on: it may be too late by now.
                self.target.refreshed = false;
                if self.target.following().is_none() {
                    self.in_status(&[Status::NeedsReconnect])?;
                    self.queue(self.now);
                }
                Ok(Next::At(self.now))
            }
        }
    }

    fn in_status(&self, wanted: &[Status]) -> Result<(), Misfit> {
        if wanted.contains(&self.target.status) { Ok(()) } else { Err(Misfit::State(self.target.status)) }
    }

    fn open_part(&self, part: usize, wanted: &[PartStatus]) -> Result<(), Misfit> {
        let fits = self.target.current() == Some(part) && wanted.contains(&self.target.parts[part].status);
        if fits { Ok(()) } else { Err(Misfit::Part) }
    }

    fn start(&mut self, part: usize, send_deadline: Timestamp) -> Result<Next, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::Unconfirmed])?;
        self.open_part(part, &[PartStatus::Pending, PartStatus::Unconfirmed])?;
        let repeat = self.target.parts[part].status == PartStatus::Unconfirmed;
        // What is too late is not begun, but a repeat of something that may be live is how we find out.
        if !repeat && self.now >= self.target.expire_at {
            return Err(Misfit::State(self.target.status));
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

    fn sent(&mut self, part: usize, outcome: &Outcome) -> Result<Next, Misfit> {
        // Unconfirmed takes it too: the late answer of a sender that lost its lease is evidence.
        self.open_part(part, &[PartStatus::Sending, PartStatus::Unconfirmed])?;
        Ok(match outcome {
            Outcome::Published(live) => self.live(part, Some(live.clone())),
            Outcome::Refused(refusal) if self.is_repeat() => self.repeat_refused(part, refusal),
            Outcome::Refused(refusal) => self.refused(part, refusal),
            Outcome::Accepted { handle, check_at } => self.accepted(part, handle, *check_at),
            Outcome::Ambiguous { message, .. } => self.ambiguous(part, message),
        })
    }

    fn probed(&mut self, part: usize, probe: &Probe) -> Result<Next, Misfit> {
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

    fn live(&mut self, part: usize, live: Option<Live>) -> Next {
        let row = &mut self.target.parts[part];
        row.status = PartStatus::Published;
        row.live = live;
        row.handle = None;
        row.error = None;
        row.send_deadline = None;
        self.target.failures = 0;
        self.target.probes = 0;
        self.target.refreshed = false;
        self.target.error = None;
        self.target.published_at.get_or_insert(self.now);
        match self.target.current() {
            None => {
                self.target.status = Status::Published;
                Next::Settled
            }
            Some(next) if self.target.parts[next].status == PartStatus::Pending => {
                self.target.status = Status::Publishing;
                Next::Now
            }
            // In doubt since the same restore, and now there is something it can hang on.
            Some(next) if self.target.parts[next].status == PartStatus::Unconfirmed => {
                self.target.error.clone_from(&self.target.parts[next].error);
                self.target.status = Status::Unconfirmed;
                Next::At(self.now)
            }
            // A part that failed or was canceled before the one in front of it was resolved.
            Some(_) => self.settle_dead(),
        }
    }

    fn refused(&mut self, part: usize, refusal: &Refusal) -> Next {
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

    /// Whether an earlier send of this part may be live: a start that finds a part unconfirmed counts as a probe.
    fn is_repeat(&self) -> bool {
        self.target.probes > 0
    }

    /// A refused repeat says nothing about the send it repeats.
    fn repeat_refused(&mut self, part: usize, refusal: &Refusal) -> Next {
        let error = Error {
            code: ErrorCode::OutcomeUnknown,
            message: format!("An earlier send may be live; sending again was answered: {}", refusal.message()),
        };
        let wait = retry::before_probe(self.target.probes);
        // Where a double is accepted, what may pass is tried again; a final word proves nothing.
        if self.target.probes >= RESENT && !matches!(refusal, Refusal::Rejected { .. }) {
            return self.refused(part, refusal);
        }
        if self.target.parts[part].status == PartStatus::Unconfirmed {
            // The late answer of a sender that lost its lane: asked for once, or it would be asked for again for ever.
            self.target.probes += 1;
        }
        self.target.parts[part].status = PartStatus::Unconfirmed;
        self.target.parts[part].error = Some(error.clone());
        self.target.status = Status::Unconfirmed;
        self.target.error = Some(error);
        wait.map_or(Next::Settled, |wait| Next::At(self.now + wait))
    }

    fn held(&mut self, part: usize, error: Error) -> Next {
        if self.rules.on_auth_failure == OnAuthFailure::Fail {
            return self.fail(part, error);
        }
        self.pending(part);
        self.target.status = Status::NeedsReconnect;
        self.target.error = Some(error);
        Next::At(self.target.expire_at)
    }

    fn ambiguous(&mut self, part: usize, message: &str) -> Next {
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

    fn unknowable(&mut self, part: usize) -> Next {
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

    fn expired(&mut self, held_by: Option<&Error>) -> Result<Next, Misfit> {
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

    fn cancel(&mut self) -> Result<Next, Misfit> {
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

    fn send(&mut self, expire_at: Timestamp) -> Result<Next, Misfit> {
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

    fn resolve(&mut self, resolution: &Resolution) -> Result<Next, Misfit> {
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
                    Next::At(_) if !chained => self.unknowable(part + 1),
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

    fn pending(&mut self, part: usize) {
        let (row, later) = self.target.parts[part..].split_at_mut(1);
        // What may hang below a part that is not live hangs below nothing.
        let later = later.iter_mut().filter(|later| later.status == PartStatus::Unconfirmed);
        for row in row.iter_mut().chain(later) {
            row.status = PartStatus::Pending;
            row.send_deadline = None;
            row.handle = None;
            row.error = None;
        }
    }

    fn queue(&mut self, at: Timestamp) {
        self.target.status = Status::Queued;
        self.target.next_at = Some(at);
    }

    /// Queued again, no later than its expiry, so that expiry always has a wake-up.
    fn queue_until(&mut self, at: Timestamp) -> Next {
        let at = at.min(self.target.expire_at.max(self.now));
        self.queue(at);
        Next::At(at)
    }

    /// Whether the current part was sent before, may be live from then, and is to be sent once more all the same.
    fn is_doubtful(&self) -> bool {
        self.target.probes >= RESENT && self.target.status != Status::Published
    }

    /// What was to be sent again is not: it may be live from the first time.
    fn doubt(&mut self, part: usize, message: &str) -> Next {
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

    fn fail(&mut self, part: usize, error: Error) -> Next {
        if self.is_doubtful() && self.target.current() == Some(part) {
            return self.doubt(part, &error.message);
        }
        self.target.parts[part].status = PartStatus::Failed;
        self.target.parts[part].send_deadline = None;
        self.target.parts[part].handle = None;
        self.target.parts[part].error = Some(error.clone());
        for later in &mut self.target.parts[part + 1..] {
            later.status = PartStatus::Failed;
            later.error = Some(Error {
                code: ErrorCode::ParentPartFailed,
                message: format!("Part {} before it did not go out", part + 1),
            });
        }
        self.target.error = Some(error);
        self.settle_dead()
    }

    fn settle_dead(&mut self) -> Next {
        self.target.status = if self.target.has_live() { Status::Partial } else { Status::Failed };
        Next::Settled
    }
}

#[cfg(test)]
mod tests;
