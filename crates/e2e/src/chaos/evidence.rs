//! What a run leaves behind: what callers were told, what the API and the database say, what became public and what the
//! webhooks said. Plain data, so that any of it can be made up to see whether the checker notices.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// Everything about one run.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// When something was broken.
    pub faults: Vec<Timestamp>,
    /// Processes that were killed or died.
    pub crashes: usize,
    /// The callers' own log.
    pub calls: Vec<Call>,
    /// As they ended.
    pub posts: Vec<Post>,
    /// When each account was taken by a worker, which then reads what there is to do; in order.
    pub takes: HashMap<String, Vec<Timestamp>>,
    /// The networks' ledger.
    pub ledger: Vec<Entry>,
    /// As `GET /v1/events` gives them.
    pub events: Vec<Event>,
    /// Who listens: the tenant, by the endpoint's place.
    pub endpoints: Vec<usize>,
    /// What the endpoints received.
    pub deliveries: Vec<Delivery>,
    /// How long after its intent a request may arrive.
    pub send_timeout: SignedDuration,
    /// From here on probes were hurried, so nothing is learned about how long it takes.
    pub hurried_at: Option<Timestamp>,
}

/// A call that creates a post.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose.
    pub tenant: usize,
    /// The text of its first part, which no other call has.
    pub text: String,
    /// The accounts it names, by the networks' ids.
    pub accounts: Vec<String>,
    /// What its caller knows.
    pub outcome: Outcome,
    /// Targets whose cancelling was acknowledged.
    pub canceled: Vec<String>,
}

/// What a caller knows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted, under this id.
    Ok(String),
    /// Certainly not accepted.
    Fail(String),
    /// No answer, or one that leaves it open.
    Unknown,
}

/// A post as it is at the end.
#[derive(Debug, Clone)]
pub struct Post {
    /// Whose.
    pub tenant: usize,
    /// `post_...`
    pub id: String,
    /// The text of its first part.
    pub text: String,
    /// The roll-up.
    pub status: String,
    /// One for each account.
    pub targets: Vec<Target>,
}

/// A target as it is at the end.
#[derive(Debug, Clone)]
pub struct Target {
    /// `tgt_...`
    pub id: String,
    /// The network's id of its account.
    pub account: String,
    /// Where it stands.
    pub status: String,
    /// When it was due first.
    pub due: Timestamp,
    /// Its place among those due at the same time.
    pub seq: i64,
    /// When it was in its account's queue for everybody to see.
    pub queued_at: Timestamp,
    /// When it is too late for it.
    pub expires_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// In order.
    pub parts: Vec<Part>,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// How often its caller asked for it to be sent again.
    pub retries: usize,
}

/// A part of a target.
#[derive(Debug, Clone)]
pub struct Part {
    /// No other part of any target on the same account has it.
    pub text: String,
    /// Where it stands.
    pub status: String,
    /// The network's id.
    pub live_id: Option<String>,
}

/// A line of the attempts log.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// `media`, `container`, `send`, `poll`, `probe`.
    pub step: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `published`, `ambiguous`, ...
    pub outcome: String,
}

/// Something that became public.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The network's id of the account.
    pub account: String,
    /// The network's id of the post.
    pub id: String,
    /// As it was sent.
    pub text: String,
}

/// An event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Whose.
    pub tenant: usize,
    /// `evt_...`
    pub id: String,
    /// `post.published`
    pub kind: String,
    /// The post it is about.
    pub post: Option<String>,
    /// The target it is about.
    pub target: Option<String>,
    /// Its place among the events of its post.
    pub seq: Option<i64>,
}

/// A webhook that arrived.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The endpoint's place in [`Evidence::endpoints`].
    pub endpoint: usize,
    /// `webhook-id`
    pub event: String,
    /// The very bytes.
    pub body: Vec<u8>,
}
