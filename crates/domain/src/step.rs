//! What a lane's holder does next about a target that is due, and when it lets go. Pure: the publisher carries it out,
//! and the model in `tests/it` drives the very same functions through every interleaving.

use jiff::{SignedDuration, Timestamp};

use crate::{
    account::AccountStatus,
    target::{Outcome, PartStatus},
    transition::{Effect, Next, Part, Target},
};

/// What the next step depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// As it was read, or as the last decision left it.
    pub target: &'a Target,
    /// The account, as it was read.
    pub account: AccountStatus,
    /// Whether a sender that lost its lane left behind what became of the current part's last attempt.
    pub has_evidence: bool,
    /// How long after a send deadline nothing can arrive any more.
    pub grace: SignedDuration,
    /// The database's clock.
    pub now: Timestamp,
}

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// All parts are live and yet there is an item.
    Nothing,
    /// A request whose sender is gone may still be under way: nothing of the account goes out before then.
    Block(Timestamp),
    /// That request must have ended by now; what became of it is unknown.
    Interrupted(usize),
    /// What became of a part, or how it goes on, is asked for then, and not before.
    Wait(Timestamp),
    /// What became of this part has come to light.
    Evidence(usize),
    /// What became of this part is asked for.
    Probe(usize),
    /// The network took this part: how it goes on is asked, or that it cannot be asked any more is recorded.
    Follow(usize),
    /// It is too late.
    Expire,
    /// The account has to be connected again.
    Hold,
    /// The account was disconnected.
    Refuse,
    /// This part is prepared and sent.
    Send(usize),
}

/// What a target that is due needs next.
pub fn next(situation: &Situation<'_>) -> Step {
    let Situation { target, account, has_evidence, grace, now } = *situation;
    let Some(part) = target.current() else { return Step::Nothing };
    match target.parts[part].status {
        PartStatus::Sending => {
            let quiet_at = target.parts[part].send_deadline.unwrap_or(now) + grace;
            if now < quiet_at { Step::Block(quiet_at) } else { Step::Interrupted(part) }
        }
        PartStatus::Unconfirmed => match target.next_at.filter(|at| *at > now) {
            Some(at) => Step::Wait(at),
            None if has_evidence => Step::Evidence(part),
            None => Step::Probe(part),
        },
        PartStatus::Processing => match (account, target.next_at.filter(|at| *at > now)) {
            (AccountStatus::Disconnected, _) => Step::Follow(part),
            (_, Some(at)) => Step::Wait(at),
            (AccountStatus::NeedsReconnect, None) => Step::Hold,
            (AccountStatus::Active, None) => Step::Follow(part),
        },
        _ if now >= target.expire_at => Step::Expire,
        _ => match account {
            AccountStatus::Active => Step::Send(part),
            AccountStatus::NeedsReconnect => Step::Hold,
            AccountStatus::Disconnected => Step::Refuse,
        },
    }
}

/// Whether a late answer says more of a part than is known. That the network took it is said once: asked for again and
/// again, what it came to would never be.
pub fn is_news(part: &Part, late: &Outcome) -> bool {
    !(matches!(late, Outcome::Accepted { .. }) && part.handle.is_some())
}

/// When a lane whose tokens were refused is looked at again, if neither the refresh lane nor a reconnect wakes it.
pub const TOKENS_NET: SignedDuration = SignedDuration::from_secs(20);

/// Whether the write that records a decision gives the lane back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    /// The holder goes on with this target.
    Keep,
    /// Nothing more of the account is tried with these tokens: it is given back, and due then at the latest.
    Back(Timestamp),
    /// As suits the holder: nothing needs it, nothing forbids it.
    Either,
}

/// Whether a lane is given back with a decision that has these effects.
pub fn give(next: Next, effects: &[Effect], now: Timestamp) -> Give {
    let at = match next {
        Next::Now => return Give::Keep,
        Next::At(at) => Some(at),
        Next::Settled => None,
    };
    if effects.contains(&Effect::WakeRefresh) {
        let net = now + TOKENS_NET;
        return Give::Back(at.map_or(net, |at| at.min(net)));
    }
    // What else is due on a held account is held or fails with it, once the account is read anew.
    let is_held = effects.iter().any(|effect| matches!(effect, Effect::HoldAccount(_)));
    if is_held { Give::Back(now) } else { Give::Either }
}

/// Whether the holder goes on with the target at once after a decision was recorded. A probe that is due already is
/// made by this holder.
pub fn goes_on(next: Next, now: Timestamp) -> bool {
    match next {
        Next::Now => true,
        Next::At(at) => at <= now,
        Next::Settled => false,
    }
}
