//! One account's lane and the target that waits in it: as the rules have it, and what others hold of it.

use domain::{
    account::AccountStatus,
    ids::{AccountId, PostId, TargetId},
    job,
    lane::{LaneState, TargetState, Usable},
    transition::{Decision, Target},
};
use jiff::{SignedDuration, Timestamp};
use store::{lanes::Held, targets::Work};

use super::HOLD;

/// What is done in a step. The first number picks one of those there are to do it with, old ones too.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// A worker takes the lane by a message.
    Take(u8),
    /// A holder prolongs its lease.
    Renew(u8),
    /// A holder reads what is there.
    Read(u8),
    /// Somebody who has read it commits the intent to send.
    Start(u8),
    /// Somebody records what came of something, and gives the lane back with it or not.
    Finish(u8, u8, bool),
    /// A holder gives the lane back; something is due in so many seconds.
    Release(u8, Option<i64>),
    /// Another post for the account.
    Post,
    Cancel,
    /// The caller has an unconfirmed one sent again.
    Resolve,
    /// The caller sends a failed one again.
    Retry,
    /// The account is held, or works again.
    Hold,
    /// The account's tokens are replaced.
    Tokens,
    /// So many seconds pass.
    Pass(i64),
}

/// What a holder has read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) held: Held,
    pub(super) token_version: i64,
    pub(super) work: Work,
}

/// The target as a holder knows it, and what it decided.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) read: Read,
    /// As the start left it.
    pub(super) target: Target,
}

/// What is to be recorded.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) read: Read,
    pub(super) before: Target,
    pub(super) decision: Decision,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) account: AccountId,
    pub(super) post: PostId,
    pub(super) target: TargetId,
    /// As the rules have it.
    pub(super) lane: LaneState,
    pub(super) row: TargetState,
    pub(super) usable: Usable,
    pub(super) item: Option<Timestamp>,
    pub(super) first_due: Option<Timestamp>,
    /// The database's clock when the step began.
    pub(super) now: Timestamp,
    pub(super) messages: Vec<job::Lane>,
    pub(super) holders: Vec<Held>,
    pub(super) reads: Vec<Read>,
    pub(super) calls: Vec<Call>,
    /// For people.
    pub(super) log: Vec<String>,
}

impl Line {
    pub(super) fn new(account: AccountId, post: PostId, target: TargetId) -> Self {
        Self {
            account,
            post,
            target,
            lane: LaneState { wake_at: None, lease_until: None, fence: 0 },
            row: TargetState { rev: 0, target: super::rows::nothing() },
            usable: Usable { status: AccountStatus::Active, token_version: 1 },
            item: None,
            first_due: None,
            now: Timestamp::default(),
            messages: Vec::new(),
            holders: Vec::new(),
            reads: Vec::new(),
            calls: Vec::new(),
            log: Vec::new(),
        }
    }

    /// What happened to it.
    pub(super) fn told(&self) -> String {
        format!("{}\n{:?} {:?} {:?} item {:?}", self.log.join("\n"), self.lane, self.row, self.usable, self.item)
    }

    /// Whether a time that something is compared with lies between these two, so that nobody can say what comes first.
    pub(super) fn is_on_edge(&self, from: Timestamp, to: Timestamp) -> bool {
        let hold = SignedDuration::try_from(HOLD).unwrap();
        let lane = [self.lane.wake_at, self.lane.lease_until, self.lane.lease_until.map(|at| at - hold / 2)];
        let target = [self.item, Some(self.row.target.expire_at)];
        lane.into_iter().chain(target).flatten().any(|at| at > from && at <= to + SignedDuration::from_secs(2))
    }

    /// The times that others remember of it pass too.
    pub(super) fn pass(&mut self, by: SignedDuration) {
        let reads = self.reads.iter_mut().chain(self.calls.iter_mut().map(|call| &mut call.read));
        for read in reads {
            read.work.due_at -= by;
            earlier(&mut read.work.state, by);
        }
        for call in &mut self.calls {
            earlier(&mut call.target, by);
        }
    }
}

fn earlier(target: &mut Target, by: SignedDuration) {
    target.expire_at -= by;
    target.next_at = target.next_at.map(|at| at - by);
    for part in &mut target.parts {
        part.send_deadline = part.send_deadline.map(|at| at - by);
    }
}

/// One of those there are: mostly the last, now and then one that was there before.
pub(super) fn pick<T>(from: &[T], which: u8) -> Option<&T> {
    if which < 160 { from.last() } else { from.get(usize::from(which) % from.len().max(1)) }
}
