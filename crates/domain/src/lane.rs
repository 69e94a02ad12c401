//! The rules of a lane: who may work on an actor, and what a write of a holder has to match.
//!
//! In production these rules are SQL, since a row's lock is what makes them atomic: `store::lanes` and
//! `store::targets::{start, finish}`. Here they are written down as functions, one per statement. Two tests tie the two
//! together: `store`'s `specification` test runs random sequences against PostgreSQL and these functions and compares
//! every row after every step, and the model in `tests/it` explores every interleaving of these functions. Each function
//! is one transaction that holds the row's lock; times are the database's.

use jiff::{SignedDuration, Timestamp};

use crate::{
    account::AccountStatus,
    target::Status,
    transition::{Decision, Event, Misfit, Rules, Target, decide},
};

/// A row of `jobs`, as far as who may work on it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneState {
    /// The mailbox: when to look at the actor. Everybody lowers it, only the holder empties it; `None` is never.
    pub wake_at: Option<Timestamp>,
    /// Nobody else may take the lane before. A lease is not a schedule: the look-ahead never applies to it.
    pub lease_until: Option<Timestamp>,
    /// Tells a holder from the one before it.
    pub fence: i64,
}

impl LaneState {
    /// When the relay looks at it: when its lease ends, else when it is to be woken.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.lease_until.or(self.wake_at)
    }

    /// Whether it may be handed over: due, at most `ahead` ahead of its time, and not leased.
    pub fn is_claimable(&self, now: Timestamp, ahead: SignedDuration) -> bool {
        self.due_at().is_some_and(|at| at <= now + ahead) && self.lease_until.is_none_or(|until| until <= now)
    }

    /// Hands it over. Returns the fence that the message names.
    pub fn claim(&mut self, now: Timestamp, ahead: SignedDuration, lease: SignedDuration) -> Option<i64> {
        if !self.is_claimable(now, ahead) {
            return None;
        }
        self.fence += 1;
        self.lease_until = Some(now + lease);
        Some(self.fence)
    }

    /// A worker takes it by a message. The fence moves on, so that a doubled message finds nothing; what is read after
    /// this is all there is, so the mailbox is emptied. Returns the holder's fence.
    pub fn take(&mut self, fence: i64, now: Timestamp, lease: SignedDuration) -> Option<i64> {
        if fence != self.fence {
            return None;
        }
        self.fence += 1;
        self.lease_until = Some(now + lease);
        self.wake_at = None;
        Some(self.fence)
    }

    /// Whether that holder still has it: what every write of a holder asks first.
    pub fn is_held_by(&self, fence: i64) -> bool {
        fence == self.fence
    }

    /// The holder prolongs its lease. `false` when the lane is somebody else's by now.
    pub fn renew(&mut self, fence: i64, now: Timestamp, lease: SignedDuration) -> bool {
        let renews = self.is_held_by(fence) && self.lease_until.is_some();
        if renews {
            self.lease_until = Some(now + lease);
        }
        renews
    }

    /// The holder begins to send: its fence is matched, and a lease that is more than half over is prolonged.
    pub fn hold(&mut self, fence: i64, now: Timestamp, lease: SignedDuration) -> bool {
        if !self.is_held_by(fence) {
            return false;
        }
        if self.lease_until.is_some_and(|until| until < now + lease / 2) {
            self.lease_until = Some(now + lease);
        }
        true
    }

    /// The holder gives it back. What it knows to be due is one more letter in the mailbox, never a value that replaces
    /// what is there.
    pub fn release(&mut self, fence: i64, next: Option<Timestamp>) -> bool {
        if !self.is_held_by(fence) {
            return false;
        }
        self.lease_until = None;
        self.wake_at = earlier(self.wake_at, next);
        true
    }

    /// Somebody has something for it.
    pub fn wake(&mut self, at: Timestamp) {
        self.wake_at = earlier(self.wake_at, Some(at));
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The account of a lane, as far as sending depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usable {
    /// Whether it can be used.
    pub status: AccountStatus,
    /// The version of its tokens; 0 for none.
    pub token_version: i64,
}

/// A row of `post_targets` with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Bumped by every edit and cancel.
    pub rev: i32,
    /// Where it stands.
    pub target: Target,
}

/// An intent to send a part, with what was read of the target before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// As it was read.
    pub rev: i32,
    /// As it was read.
    pub attempt: i32,
    /// As it was read.
    pub status: Status,
    /// When the item was due.
    pub due_at: Timestamp,
    /// The version of the tokens that will be used.
    pub token_version: i64,
    /// Which part.
    pub part: usize,
}

/// Commits the intent to send, after [`LaneState::hold`]. `Ok(false)` when the target is no longer as it was read, or it
/// is not its time.
///
/// # Errors
/// [`Misfit`] where the status machine would not start it; it says so before the rows are asked.
pub fn start(
    row: &mut TargetState,
    account: Usable,
    intent: &Intent,
    send_deadline: Timestamp,
    rules: &Rules,
    now: Timestamp,
) -> Result<bool, Misfit> {
    let is_repeat = row.target.status == Status::Unconfirmed;
    // A repeat that is to find something out may go out with what there is.
    let is_usable =
        is_repeat || account.status == AccountStatus::Active && account.token_version == intent.token_version;
    let is_as_read =
        row.rev == intent.rev && row.target.attempt == intent.attempt && row.target.status == intent.status;
    let is_its_time = intent.due_at <= now && (is_repeat || row.target.expire_at > now);
    if !(is_usable && is_as_read && is_its_time) {
        return Ok(false);
    }
    row.target = decide(&row.target, &Event::Start { part: intent.part, send_deadline }, rules, now)?.target;
    Ok(true)
}

/// Whether a decision about a target that was `before` at `rev` may still be written. `because_inactive` is whether it
/// rests on the account not being active: it is void once the account is.
pub fn may_finish(row: &TargetState, account: Usable, rev: i32, before: &Target, because_inactive: bool) -> bool {
    row.rev == rev
        && row.target.attempt == before.attempt
        && row.target.status == before.status
        && row.target.probes == before.probes
        && row.target.next_at.is_some() == before.next_at.is_some()
        && !(because_inactive && account.status == AccountStatus::Active)
}

/// Records a decision, after the lane's fence was matched. `false` when the target is no longer as it was read.
pub fn finish(
    row: &mut TargetState,
    account: Usable,
    rev: i32,
    before: &Target,
    because_inactive: bool,
    decision: &Decision,
) -> bool {
    let may = may_finish(row, account, rev, before, because_inactive);
    if may {
        row.target = decision.target.clone();
    }
    may
}
