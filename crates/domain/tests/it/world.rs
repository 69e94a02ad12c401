//! One account's lane, its posts, two workers and the network, at one moment.
//!
//! All times are seconds from now. What lies so far back that nothing compares it any more is moved up to one value, so
//! that the same situation an hour later is the same state.

use domain::{
    account::AccountStatus,
    lane::{LaneState, TargetState, Usable},
    step,
    target::{Live, PartStatus, Status},
    transition::{Decision, Effect, Next, Part, Target},
};
use jiff::Timestamp;

/// Seconds from now.
pub(crate) type Time = i32;

const NOW: i64 = 1_000_000_000;

pub(crate) fn stamp(time: Time) -> Timestamp {
    Timestamp::from_second(NOW + i64::from(time)).unwrap()
}

fn time(stamp: Timestamp) -> Time {
    Time::try_from(stamp.as_second() - NOW).unwrap()
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) lane: Lane,
    pub(crate) account: Account,
    /// In the order of their first due times.
    pub(crate) posts: Vec<Post>,
    pub(crate) workers: [Worker; 2],
    /// Fences that messages name. A message whose fence has gone by does nothing, so it is not kept.
    pub(crate) messages: Vec<u8>,
    /// Whether messages or the relay are slow: time passes although the lane could go on.
    pub(crate) stalled: bool,
    /// Requests that were written and have not been carried out.
    pub(crate) wires: Vec<Wire>,
    /// How much more may go wrong.
    pub(crate) faults: u8,
    /// How much more the caller may ask for.
    pub(crate) wishes: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) wake: Option<Time>,
    pub(crate) lease: Option<Time>,
    pub(crate) fence: u8,
}

impl Lane {
    /// Lets a rule of production work on it.
    pub(crate) fn with<R>(&mut self, rule: impl FnOnce(&mut LaneState) -> R) -> R {
        let mut state = LaneState {
            wake_at: self.wake.map(stamp),
            lease_until: self.lease.map(stamp),
            fence: i64::from(self.fence),
        };
        let result = rule(&mut state);
        self.wake = state.wake_at.map(time);
        self.lease = state.lease_until.map(time);
        self.fence = u8::try_from(state.fence).unwrap();
        result
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) status: AccountStatus,
    pub(crate) version: u8,
    /// Whether its refresh lane was asked for new tokens.
    pub(crate) refreshing: bool,
}

impl Account {
    pub(crate) fn usable(self) -> Usable {
        Usable { status: self.status, token_version: i64::from(self.version) }
    }
}

/// A target, what its caller wants, and what the network has of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Post {
    pub(crate) rev: u8,
    pub(crate) row: Row,
    /// When its queue item is due.
    pub(crate) item: Option<Time>,
    pub(crate) seq: u8,
    /// The form its caller last gave it.
    pub(crate) content: u8,
    /// When its caller wants it to go out.
    pub(crate) due: Time,
    /// Whether a cancel was acknowledged and nothing was asked for since.
    pub(crate) canceled: bool,
    /// What a sender that lost its lane left behind about an attempt.
    pub(crate) evidence: Option<(u8, Said)>,
    /// By part: the ids under which the network has it.
    pub(crate) live: [Vec<u8>; 2],
    /// By part: doubles that the caller accepted.
    pub(crate) licences: [u8; 2],
    /// By part: whether the caller said that it is not live.
    pub(crate) denied: [bool; 2],
}

impl Post {
    pub(crate) fn state(&self) -> TargetState {
        TargetState { rev: i32::from(self.rev), target: self.row.target() }
    }
}

/// A `Target` without words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) status: Status,
    pub(crate) attempt: u8,
    pub(crate) failures: u8,
    pub(crate) probes: u8,
    pub(crate) refreshed: bool,
    pub(crate) expire: Time,
    pub(crate) next: Option<Time>,
    pub(crate) parts: Vec<PartRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PartRow {
    pub(crate) status: PartStatus,
    pub(crate) attempt: u8,
    pub(crate) deadline: Option<Time>,
    /// Whether the network said what to ask it with how it goes on.
    pub(crate) handle: bool,
    /// 0 is none.
    pub(crate) live: u8,
    /// What an intent of it would send: under which key, and since when that key is used. The `composed` column.
    pub(crate) composed: Option<(u8, Time)>,
}

impl Row {
    pub(crate) fn target(&self) -> Target {
        Target {
            status: self.status,
            attempt: i32::from(self.attempt),
            failures: i32::from(self.failures),
            probes: i32::from(self.probes),
            refreshed: self.refreshed,
            expire_at: stamp(self.expire),
            error: None,
            next_at: self.next.map(stamp),
            published_at: None,
            parts: self.parts.iter().map(PartRow::part).collect(),
        }
    }

    /// The row that follows this one.
    pub(crate) fn becomes(&self, target: &Target) -> Self {
        let small = |number: i32| u8::try_from(number).unwrap();
        Self {
            status: target.status,
            attempt: small(target.attempt),
            failures: small(target.failures.min(9)),
            probes: small(target.probes),
            refreshed: target.refreshed,
            expire: time(target.expire_at),
            next: target.next_at.map(time),
            parts: self.parts.iter().zip(&target.parts).map(|(row, part)| row.becomes(part)).collect(),
        }
    }

    pub(crate) fn current(&self) -> Option<usize> {
        self.parts.iter().position(|part| part.status != PartStatus::Published)
    }

    /// Whether nothing more happens to it by itself.
    pub(crate) fn is_over(&self) -> bool {
        match self.status {
            Status::Unconfirmed => self.next.is_none(),
            status => !status.is_open(),
        }
    }
}

impl PartRow {
    pub(crate) fn part(&self) -> Part {
        let live = Live { id: self.live.to_string(), url: None, reference: serde_json::Value::Null };
        Part {
            status: self.status,
            attempt: i32::from(self.attempt),
            send_deadline: self.deadline.map(stamp),
            handle: self.handle.then_some(serde_json::Value::Null),
            live: (self.live > 0).then_some(live),
            error: None,
        }
    }

    fn becomes(&self, part: &Part) -> Self {
        let may_be_live = matches!(part.status, PartStatus::Unconfirmed | PartStatus::Sending | PartStatus::Processing);
        Self {
            status: part.status,
            attempt: u8::try_from(part.attempt).unwrap(),
            deadline: part.send_deadline.map(time),
            handle: part.handle.is_some(),
            live: part.live.as_ref().map_or(0, |live| live.id.parse().unwrap()),
            composed: self.composed.filter(|_| may_be_live),
        }
    }
}

/// A process that works on lanes, with what it knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Worker {
    pub(crate) at: At,
    /// Whether it stands still while time passes.
    pub(crate) frozen: bool,
    pub(crate) fence: u8,
    /// As it was read.
    pub(crate) account: AccountStatus,
    pub(crate) version: u8,
    pub(crate) pending: Vec<Work>,
    pub(crate) current: Option<Box<Work>>,
    /// `Lane::next` of the publisher.
    pub(crate) next: Option<Time>,
}

/// Where a worker is in its program: before which of its writes and calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum At {
    Idle,
    /// The lane is taken, its items are not read.
    Taken,
    /// About to go on with an item.
    Working,
    /// Only where a wrong rule looks at the fence without locking it.
    Checked,
    /// The intent stands and nothing was written. Nothing may be written from then on.
    Calling(Time),
    /// The request was written; no answer is heard from then on.
    Waiting(Time),
    /// It is known what is to be recorded.
    Finishing(Box<Plan>),
    /// The lane is to be given back.
    Releasing,
}

/// An item as it was read, or as the worker's own writes left it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Work {
    pub(crate) post: usize,
    pub(crate) rev: u8,
    pub(crate) content: u8,
    pub(crate) due: Time,
    pub(crate) row: Row,
    pub(crate) evidence: Option<Said>,
}

/// What is to be recorded: a decision, and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    pub(crate) after: Row,
    pub(crate) next: Then,
    pub(crate) wakes_refresh: bool,
    pub(crate) holds_account: bool,
    /// What the network said for certain.
    pub(crate) evidence: Option<Said>,
    pub(crate) give: Gives,
}

/// `step::Give`, relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Gives {
    Keep,
    Back(Time),
    Either,
}

/// `Next`, relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    Settled,
    At(Time),
    Now,
}

impl Then {
    pub(crate) fn of(next: Next) -> Self {
        match next {
            Next::Settled => Self::Settled,
            Next::At(at) => Self::At(time(at)),
            Next::Now => Self::Now,
        }
    }

    pub(crate) fn next(self) -> Next {
        match self {
            Self::Settled => Next::Settled,
            Self::At(at) => Next::At(stamp(at)),
            Self::Now => Next::Now,
        }
    }
}

impl Plan {
    pub(crate) fn of(before: &Row, decision: &Decision, evidence: Option<Said>) -> Self {
        let give = match step::give(decision.next, &decision.effects, stamp(0)) {
            step::Give::Keep => Gives::Keep,
            step::Give::Back(at) => Gives::Back(time(at)),
            step::Give::Either => Gives::Either,
        };
        Self {
            after: before.becomes(&decision.target),
            next: Then::of(decision.next),
            wakes_refresh: decision.effects.contains(&Effect::WakeRefresh),
            holds_account: decision.effects.iter().any(|effect| matches!(effect, Effect::HoldAccount(_))),
            evidence,
            give,
        }
    }

    pub(crate) fn decision(&self) -> Decision {
        Decision { target: self.after.target(), next: self.next.next(), effects: Vec::new() }
    }
}

/// What the network said for certain about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Said {
    Live(u8),
    Accepted,
    Rejected,
}

/// A request on its way, or in the network's own queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wire {
    pub(crate) post: usize,
    pub(crate) part: usize,
    pub(crate) attempt: u8,
    /// What an idempotent network tells a repeat by.
    pub(crate) key: (u8, Time),
    /// Whether the network has it and said so.
    pub(crate) accepted: bool,
    /// It is carried out before then or never.
    pub(crate) ends: Time,
}

impl Worker {
    pub(crate) fn idle() -> Self {
        Self {
            at: At::Idle,
            frozen: false,
            fence: 0,
            account: AccountStatus::Active,
            version: 0,
            pending: Vec::new(),
            current: None,
            next: None,
        }
    }

    /// Until when it may write, where it is in a call.
    pub(crate) fn may_write_until(&self) -> Option<Time> {
        match self.at {
            At::Calling(deadline) | At::Waiting(deadline) => Some(deadline),
            _ => None,
        }
    }
}
