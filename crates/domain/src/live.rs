//! What the gateway asks of the publisher over `live.v1` while a caller waits, and what it answers.
//!
//! Only the network can answer, and only who opens the account's tokens can ask it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{AccountId, ProjectId},
    target::ErrorCode,
};

/// A question about one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LiveRequest {
    /// The tenant.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// What is asked.
    pub ask: LiveAsk,
    /// W3C `traceparent`.
    pub trace: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveAsk {
    /// Whether the network takes the account's tokens.
    Health,
    /// The account's numbers. What the network counts by time is of this period.
    Metrics(Period),
}

/// From `since` on, up to and without `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the sentence above says it")]
pub struct Period {
    pub since: Timestamp,
    pub until: Timestamp,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum LiveAnswer {
    /// To [`LiveAsk::Health`].
    Health(Health),
    /// To [`LiveAsk::Metrics`].
    Metrics(AccountMetrics),
    /// There is no such account.
    Gone,
    /// The network tells no such thing.
    Unsupported,
    /// It would tell, and not for this account as it is.
    Refused {
        /// Our word for it.
        code: ErrorCode,
        /// The network's own words.
        message: String,
    },
    /// The network cannot be asked at the moment.
    Unavailable {
        /// What was seen.
        detail: String,
        /// When another try makes sense, where the network says so.
        until: Option<Timestamp>,
    },
    /// The network did not answer in time.
    TimedOut,
}

/// Whether an account works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// A post would be taken, as far as it is up to the account.
    pub healthy: bool,
    /// When the network was asked, or would have been had it been worth it.
    pub checked_at: Timestamp,
    /// Why it does not work.
    pub error_code: Option<ErrorCode>,
    /// The network's own words.
    pub error_message: Option<String>,
}

/// An account's numbers; `null` is what its network does not tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountMetrics {
    /// The account.
    pub account_id: AccountId,
    /// What [`AccountMetrics::engagement`] is of, where the network counts by time.
    pub period: Period,
    /// Who follows it.
    pub followers: Option<u64>,
    /// Whom it follows.
    pub following: Option<u64>,
    /// What it has posted.
    pub posts: Option<u64>,
    /// What people did with its posts.
    pub engagement: Engagement,
    /// What else the network tells, under its own names.
    pub platform_specific: Value,
    /// When the network was asked.
    pub captured_at: Timestamp,
}

/// What people did with an account's posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// Saw them.
    pub views: Option<u64>,
    /// Liked them.
    pub likes: Option<u64>,
    /// Answered them.
    pub comments: Option<u64>,
    /// Passed them on.
    pub shares: Option<u64>,
}
