//! How a target moves: `decide(state, event, now) -> (state, what is next)`. The only place where a status is chosen.
//!
//! What is here is what several events have in common; each kind of event has a file below.

mod accounts;
mod caller;
mod doubt;
mod following;
mod probing;
mod sending;
mod state;

pub use state::{Decision, Effect, Error, Event, Misfit, Next, Part, Resolution, Rules, Target};

use jiff::Timestamp;

use crate::{
    retry,
    target::{ErrorCode, Live, PartStatus, Status},
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
            Event::Unprepared(refusal) => self.unprepared(refusal),
            Event::Followed { part, progress } => self.followed(*part, progress),
            Event::Interrupted { part } => self.interrupted(*part),
            Event::Probed { part, probe } => self.probed(*part, probe),
            Event::AccountHeld(error) => self.account_held(error),
            Event::Renewed => self.renewed(),
            Event::Reconnected => self.reconnected(),
            Event::Expired { held_by } => self.expired(held_by.as_ref()),
            Event::Doubted => self.doubted(),
            Event::Cancel => self.cancel(),
            Event::Send { expire_at } => self.send(*expire_at),
            Event::Resolve(resolution) => self.resolve(resolution),
        }
    }

    fn in_status(&self, wanted: &[Status]) -> Result<(), Misfit> {
        if wanted.contains(&self.target.status) { Ok(()) } else { Err(Misfit::State(self.target.status)) }
    }

    fn open_part(&self, part: usize, wanted: &[PartStatus]) -> Result<(), Misfit> {
        let fits = self.target.current() == Some(part) && wanted.contains(&self.target.parts[part].status);
        if fits { Ok(()) } else { Err(Misfit::Part) }
    }

    /// The part that is next, if nothing of the target is ambiguous and it may still go out.
    fn unbegun(&self) -> Result<usize, Misfit> {
        self.in_status(&[Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect])?;
        if self.target.is_ambiguous() {
            return Err(Misfit::Part);
        }
        self.target.current().ok_or(Misfit::Part)
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
