//! What a target is while it moves, what can happen to it, and what follows.

use jiff::{SignedDuration, Timestamp};

use crate::{
    policy::{OnAuthFailure, OnUnconfirmed},
    target::{ErrorCode, Live, Outcome, PartStatus, Probe, Progress, Refusal, Status},
};

/// A target as far as its movements go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it stands.
    pub status: Status,
    /// Sends begun, over all parts; never goes down.
    pub attempt: i32,
    /// Sends in a row that did not leave, or questions in a row that were not answered; what the network threw back as
    /// "too much" is not counted.
    pub failures: i32,
    /// Probes of the part whose outcome is open.
    pub probes: i32,
    /// Whether the token was renewed for this target since it last moved on.
    pub refreshed: bool,
    /// After this it is too late.
    pub expire_at: Timestamp,
    /// Why it is where it is, for people.
    pub error: Option<Error>,
    /// When something is done next by itself.
    pub next_at: Option<Timestamp>,
    /// When part 0 was found live.
    pub published_at: Option<Timestamp>,
    /// In order; at least one.
    pub parts: Vec<Part>,
}

/// A part as far as its movements go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands.
    pub status: PartStatus,
    /// The target's attempt that last concerned it.
    pub attempt: i32,
    /// Until when the request of that attempt may still be written.
    pub send_deadline: Option<Timestamp>,
    /// What to ask the network with that took it and has not finished.
    pub handle: Option<serde_json::Value>,
    /// What the network says of it, once live.
    pub live: Option<Live>,
    /// Why it is not.
    pub error: Option<Error>,
}

/// Why something is not live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Our word.
    pub code: ErrorCode,
    /// The network's words.
    pub message: String,
}

/// What the decision depends on besides the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// The project's.
    pub on_unconfirmed: OnUnconfirmed,
    /// The project's, or the dialect's.
    pub on_auth_failure: OnAuthFailure,
    /// Whether the network's tokens can be renewed without the account's owner.
    pub can_refresh: bool,
    /// How long after the send deadline nothing can arrive any more.
    pub grace: SignedDuration,
    /// -1 to 1, for the retry schedules.
    pub jitter: f64,
}

impl Rules {
    /// For events whose decision depends on none of them.
    pub const UNUSED: Self = Self {
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        can_refresh: false,
        grace: SignedDuration::ZERO,
        jitter: 0.0,
    };
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The intent to send part `part`; also of a repeat that a probe called harmless.
    Start {
        /// Position.
        part: usize,
        /// Until when the request may be written.
        send_deadline: Timestamp,
    },
    /// The outcome of that call.
    Sent {
        /// Position.
        part: usize,
        /// What came of it.
        outcome: Outcome,
    },
    /// Preparing the next part did not work; nothing was sent.
    Unprepared(Refusal),
    /// How it goes on with what the network took.
    Followed {
        /// Position.
        part: usize,
        /// What it said.
        progress: Progress,
    },
    /// A send's process died or lost its lease before the outcome was recorded, or nobody is left who could follow what
    /// the network took.
    Interrupted {
        /// Position.
        part: usize,
    },
    /// A probe's answer.
    Probed {
        /// Position.
        part: usize,
        /// What it found.
        probe: Probe,
    },
    /// The account cannot be used until it is connected again.
    AccountHeld(Error),
    /// The network refused the tokens of the last call, and there are newer ones by now: said of the target as it was
    /// before that answer.
    Renewed,
    /// Its time is over.
    Expired {
        /// What held it, where the target itself does not know: why its whole network was waited for.
        held_by: Option<Error>,
    },
    /// It was due after the backup that the database was restored from, so it may have gone out.
    Doubted,
    /// The caller does not want it any more.
    Cancel,
    /// The caller wants a draft or scheduled one to go now, or the missing parts of a failed one to go again.
    Send {
        /// From now on.
        expire_at: Timestamp,
    },
    /// The caller says what became of an unconfirmed one.
    Resolve(Resolution),
    /// The account works again.
    Reconnected,
}

/// The caller's word on an unconfirmed part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It is live, under this id if it was given.
    Published(Option<Live>),
    /// Send it again.
    Retry {
        /// From now on.
        expire_at: Timestamp,
    },
    /// It is not live.
    Failed,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The queue item goes: nothing happens by itself any more.
    Settled,
    /// The queue item is due then.
    At(Timestamp),
    /// The holder goes on at once: the call, or the next part.
    Now,
}

/// Something besides the target that has to be done in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the account's refresh lane for a fresh token.
    WakeRefresh,
    /// The account becomes `needs_reconnect`, for this reason.
    HoldAccount(Error),
}

/// The new state and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The target from now on.
    pub target: Target,
    /// What is next for it.
    pub next: Next,
    /// What else.
    pub effects: Vec<Effect>,
}

/// An event that does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The intent is the point of no return.
    #[error("a target that is being sent cannot be changed")]
    BeingSent,
    /// Nothing of the kind can happen in this state.
    #[error("a target that is `{0}` does not take this")]
    State(Status),
    /// There is no such part, or it is not its turn.
    #[error("it is not this part's turn")]
    Part,
}

impl Target {
    /// The first part that is not live, if any: the only one anything can be done about.
    pub fn current(&self) -> Option<usize> {
        self.parts.iter().position(|part| part.status != PartStatus::Published)
    }

    /// Whether a part is live.
    pub fn has_live(&self) -> bool {
        self.parts.iter().any(|part| part.status == PartStatus::Published)
    }

    /// Whether a probe of an unconfirmed part is still to come.
    pub fn is_probing(&self) -> bool {
        self.status == Status::Unconfirmed && self.next_at.is_some()
    }

    /// Whether some part may be live without our knowing.
    pub fn is_ambiguous(&self) -> bool {
        let may_be = [PartStatus::Sending, PartStatus::Processing, PartStatus::Unconfirmed];
        self.parts.iter().any(|part| may_be.contains(&part.status))
    }

    /// The part that the network took and has not finished, if that is what is waited for.
    pub fn following(&self) -> Option<usize> {
        self.current().filter(|part| self.parts[*part].status == PartStatus::Processing)
    }
}
