//! Where a network is added.
//!
//! A network is one directory: a static [`Spec`] (limits, endpoints, quirks as data) and an implementation of
//! [`Network`]. Optional abilities are traits of their own behind an `Option`, never a default body that says
//! "not implemented". Adding one touches its directory, one variant of [`domain::platform::Platform`] and one arm of
//! [`network`].
//!
//! Architecture invariant: nothing here keeps state, reads a clock, logs, or retries. Time, the door out and the
//! account come in with each call; what must survive a crash goes back to the caller, who checkpoints it.

mod call;
mod consent;
mod doors;
mod draft;
mod exchange;
mod failure;
mod given;
mod graph;
mod links;
mod numbers;
mod oauth;
mod options;
mod origin;
mod readings;
mod registry;
mod rules;
mod spec;
mod stored;
mod words;

pub mod bluesky;
pub mod facebook;
pub mod instagram;
pub mod linkedin;
pub mod mastodon;
pub mod threads;
pub mod x;

pub use call::{Account, Bases, Cx, Identity, Media, MediaHandle, Part, Sought, Tokens};
pub use consent::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Granted, OauthApp, Register,
    RegisteredApp,
};
pub use doors::Doors;
pub use draft::{DraftMedia, DraftPart, PreviewRequest, RuleFault, TargetDraft};
pub use numbers::{AccountNumbers, Numbers};
pub use readings::Readings;
pub use registry::network;
pub use spec::{Ability, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Progress, Refusal};
use jiff::Timestamp;
use serde_json::Value;

/// One network: what can be known without a call, and the calls.
///
/// `compose` and `upload` may be repeated at will and are; only `send` makes something public. Whatever `upload` and
/// `compose` return is checkpointed before `send`, so that every `send` of a part carries the same bytes and key.
#[async_trait]
pub trait Network: Send + Sync {
    /// Limits, abilities and quirks as data.
    fn spec(&self) -> &'static Spec;

    /// Every rule the draft breaks that can be known before publishing. `facts` are the account's, `null` while
    /// unknown (an instance's own limits live there).
    fn check(&self, draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault>;

    /// What would be sent, for `POST /v1/posts/validate`: secrets left out, unknown ids as `<...>`.
    fn preview(&self, draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest>;

    /// The server that an account's calls go to: what is down together. `facts` are the account's, `null` while unknown.
    fn origin<'a>(&'a self, bases: &'a Bases, facts: &'a Value) -> &'a str;

    /// Checks credentials a caller handed in and says whose they are. `given` holds secrets.
    ///
    /// # Errors
    /// [`Refusal::Rejected`] or [`Refusal::Auth`] when the network does not take them, and with a message that names
    /// the field when one is missing or malformed.
    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal>;

    /// Uploads one file. Called once per file and part; the answer is checkpointed.
    async fn upload(&self, cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal>;

    /// Asks whether a file that was still being processed is ready now.
    async fn poll(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal>;

    /// Builds what `send` will send: text with its facets, ids of uploads, parents, and the key that makes a repeat
    /// recognisable. Everything that `send` and `probe` need later is in the answer.
    async fn compose(&self, cx: &Cx<'_>, account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal>;

    /// The one irreversible call: one exchange, over by `cx.deadline`; a second one only where the first was refused before
    /// it was looked at, for a signature without the server's number (`docs/adr/0013-a-proof-without-its-nonce.md`).
    /// [`Outcome::Accepted`] only where there is a [`Network::follower`].
    async fn send(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome;

    /// Finds out whether a send whose outcome is unknown went through.
    async fn probe(&self, cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe;

    /// The ability to work on what was composed until it may be sent, where the network wants that.
    fn stager(&self) -> Option<&dyn Stage>;

    /// The ability to say how it goes on with what was accepted, where the network works on a post before it is live.
    fn follower(&self) -> Option<&dyn Follow>;

    /// The ability to renew tokens, where the network's tokens run out.
    fn refresher(&self) -> Option<&dyn Refresh>;

    /// Asks the network, cheaply and changing nothing, whether the account's tokens still work.
    ///
    /// # Errors
    /// [`Refusal::Auth`] when they do not; anything else says nothing of them.
    async fn health(&self, cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal>;

    /// The ability to connect on a consent page.
    fn consent(&self) -> Option<&dyn Consent>;

    /// The ability to tell an account's numbers.
    fn numbers(&self) -> Option<&dyn Numbers>;
}

/// Preparing a post at the network, where it has containers: made, worked on by the network, and published by one call.
#[async_trait]
pub trait Stage: Send + Sync {
    /// One step from what [`Network::compose`] or the last step returned towards what [`Network::send`] takes. Makes
    /// nothing public. What it returns is checkpointed, so a crash costs one step; it is asked at least once before each
    /// send, since what was ready may have run out.
    async fn stage(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Result<Staged, Refusal>;
}

/// How far a post is prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// May be sent.
    Ready(Value),
    /// Not yet; go on from here.
    Waiting {
        /// To go on with.
        composed: Value,
        /// When to go on.
        check_at: Timestamp,
    },
}

/// Following what the network took and works on.
#[async_trait]
pub trait Follow: Send + Sync {
    /// Asks with the handle that [`Outcome::Accepted`] came with. [`Refusal::Rejected`] only as the network's own word
    /// that it failed for good; a handle it does not know is [`Progress::Unknown`].
    async fn follow(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress;
}

/// Renewing an account's tokens.
#[async_trait]
pub trait Refresh: Send + Sync {
    /// Trades what is held for fresh tokens. [`Refusal::Auth`] only when nothing but reconnecting helps; everything
    /// else backs off. An empty answer is an error, never an empty token. `app` is the one that the account was connected
    /// through, as it is now; `None` for tokens that a caller handed in.
    async fn refresh(&self, cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal>;
}
