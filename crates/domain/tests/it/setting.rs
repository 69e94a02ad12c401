//! What is explored: how big the world is, what may go wrong in it, and which rule is broken on purpose.

use domain::{
    policy::{OnAuthFailure, OnUnconfirmed},
    transition::Rules,
};
use jiff::SignedDuration;

use crate::world::Time;

/// How long a request may be written after its intent.
pub(crate) const SEND: Time = 30;
/// How long after that something may still arrive.
pub(crate) const GRACE: Time = 30;
/// A lane's lease from its claim until it is taken, and from then on.
pub(crate) const HANDOVER: Time = 15;
pub(crate) const HOLD: Time = 60;
/// Lanes are handed over this much ahead.
pub(crate) const AHEAD: Time = 1;
/// How late a post may go out.
pub(crate) const LATENESS: Time = 100;
/// How long a repeat under the same key is taken to be harmless, and how long it is.
pub(crate) const KEY_IS_TRUSTED: Time = 100;
pub(crate) const KEY_IS_REMEMBERED: Time = KEY_IS_TRUSTED + SEND + GRACE;
/// How long a network works on a post at most, when it says to ask, when all of that is over, and when nobody asks any
/// more.
pub(crate) const WORKS: Time = 90;
pub(crate) const CHECK: Time = 40;
pub(crate) const OVER: Time = 120;
pub(crate) const LONGEST: Time = 86_400;
/// When a throttling network takes more.
pub(crate) const RESET: Time = 40;

/// How what became of a send can be found out. The probe classes of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Sending again under the same key, while it is remembered; then by looking.
    A,
    /// Asking by a handle.
    B,
    /// Looking, where a listing is consistent.
    C,
    /// Looking, where a listing may lag: what is not seen may be there.
    Lagging,
    /// Not at all.
    D,
}

/// What a caller may ask for while the post is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Cancel,
    /// Other words, and later; or to send it at once.
    Edit,
    /// To say what became of an unconfirmed one.
    Resolve,
    /// To send a failed or partial one again.
    Retry,
    /// To connect the account again, or to disconnect it.
    Account,
    /// Another post for the same account.
    Post,
}

/// A rule of production that is broken on purpose, to see that the model notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Writes do not match the fence.
    NoFence,
    /// The start sees the fence with an EXISTS and does not lock the lane.
    StartWithoutLock,
    /// A send whose outcome is unknown is sent again.
    RetryOnTimeout,
    /// A send whose outcome is unknown has failed.
    FailOnTimeout,
    /// The release replaces `wake_at` with what the holder knows.
    ReleaseOverwrites,
    /// The start does not match the revision.
    NoRevision,
    /// The network is asked at once, and not after deadline and grace.
    ProbeAtOnce,
    /// The socket writes after its deadline too.
    NoSocketDeadline,
    /// A take leaves the fence as it was.
    TakeKeepsFence,
    /// An outcome is recorded whatever became of the target.
    FinishUnguarded,
    /// A listing that may lag is taken at its word.
    TrustsLaggingList,
    /// A lane whose next step is a second ahead is given back, and handed over again at once.
    GivesBackAhead,
    /// That the network took it is said again by every late answer that says so.
    SaysItAgain,
    /// The item that is due next is not put into the mailbox when the lane is given back.
    ForgetsNext,
}

#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) class: Class,
    pub(crate) posts: usize,
    pub(crate) parts: usize,
    /// Whether the posts wait for their time at first.
    pub(crate) scheduled: bool,
    pub(crate) on_unconfirmed: OnUnconfirmed,
    pub(crate) on_auth_failure: OnAuthFailure,
    pub(crate) can_refresh: bool,
    /// Whether tokens may be refused.
    pub(crate) auth: bool,
    /// How many things may go wrong.
    pub(crate) faults: u8,
    /// How many wishes, of which.
    pub(crate) wishes: u8,
    pub(crate) which: &'static [Wish],
    pub(crate) wrong: Option<Wrong>,
}

impl Setting {
    /// One post of one part, due now, with nothing in its way but what goes wrong.
    pub(crate) fn new(class: Class, faults: u8) -> Self {
        Self {
            class,
            posts: 1,
            parts: 1,
            scheduled: false,
            on_unconfirmed: OnUnconfirmed::Hold,
            on_auth_failure: OnAuthFailure::Hold,
            can_refresh: false,
            auth: false,
            faults,
            wishes: 0,
            which: &[],
            wrong: None,
        }
    }

    pub(crate) fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    /// As the publisher makes them.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            on_unconfirmed: self.on_unconfirmed,
            on_auth_failure: self.on_auth_failure,
            can_refresh: self.can_refresh,
            grace: self.grace(),
            jitter: 0.0,
        }
    }

    pub(crate) fn grace(&self) -> SignedDuration {
        if self.is(Wrong::ProbeAtOnce) { seconds(-SEND) } else { seconds(GRACE) }
    }
}

/// As the store makes them where a caller's word or a reconnect is recorded.
pub(crate) fn callers_rules(setting: &Setting) -> Rules {
    Rules { can_refresh: false, grace: SignedDuration::ZERO, ..setting.rules() }
}

pub(crate) fn seconds(time: Time) -> SignedDuration {
    SignedDuration::from_secs(i64::from(time))
}
