//! Posts as callers see them, and the roll-up of their targets.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{AccountId, ContainerId, MediaId, PostId, TargetId},
    platform::Platform,
    target::{ErrorCode, PartStatus, Status, words},
};

/// Most accounts of one post.
pub const MAX_ACCOUNTS: usize = 50;
/// Most containers of one post.
pub const MAX_CONTAINERS: usize = 25;

words! {
    /// What a container is, by its place.
    Role {
        /// The first.
        Main,
        /// The second.
        FirstComment,
        /// The third and later.
        Thread,
    }
}

impl Role {
    /// The role of the container at `position`, counted from 0.
    pub const fn at(position: usize) -> Self {
        match position {
            0 => Self::Main,
            1 => Self::FirstComment,
            _ => Self::Thread,
        }
    }
}

words! {
    /// Where a post stands: the roll-up of its targets.
    PostStatus {
        /// Not to be sent until published.
        Draft,
        /// Waits for its time.
        Scheduled,
        /// Due.
        Queued,
        /// At least one target is being sent or found out about.
        Publishing,
        /// Live wherever it was to be.
        Published,
        /// Live somewhere or in part.
        Partial,
        /// Handed over everywhere.
        Delivered,
        /// Live nowhere.
        Failed,
        /// May be live somewhere.
        Unconfirmed,
        /// Live nowhere because the caller said so.
        Canceled,
        /// Removed everywhere.
        Deleted,
    }
}

/// Which counter of the post a target stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
#[allow(missing_docs, reason = "each is the counter of its name")]
pub enum Tally {
    Open,
    Published,
    Delivered,
    Partial,
    Unknown,
    Failed,
    Canceled,
    Deleted,
}

impl Tally {
    /// `probing`: a probe of an unconfirmed part is still to come.
    pub const fn of(status: Status, probing: bool) -> Self {
        match status {
            Status::Draft | Status::Scheduled | Status::Queued | Status::Publishing | Status::NeedsReconnect => {
                Self::Open
            }
            Status::Unconfirmed if probing => Self::Open,
            Status::Unconfirmed => Self::Unknown,
            Status::Published => Self::Published,
            Status::Partial => Self::Partial,
            Status::Delivered => Self::Delivered,
            Status::Failed => Self::Failed,
            Status::Canceled => Self::Canceled,
            Status::Deleted => Self::Deleted,
        }
    }
}

/// The roll-up of a post's targets, each with whether a probe of it is still to come: the first rule that applies.
pub fn roll_up(targets: impl IntoIterator<Item = (Status, bool)>) -> PostStatus {
    let targets: Vec<_> = targets.into_iter().collect();
    let furthest = targets
        .iter()
        .filter(|(status, probing)| Tally::of(*status, *probing) == Tally::Open)
        .map(|(status, _)| match status {
            Status::Draft => PostStatus::Draft,
            Status::Scheduled => PostStatus::Scheduled,
            Status::Queued | Status::NeedsReconnect => PostStatus::Queued,
            _ => PostStatus::Publishing,
        })
        .max_by_key(|status| *status as u8);
    let tallies: Vec<_> = targets.iter().map(|(status, probing)| Tally::of(*status, *probing)).collect();
    let all = |wanted: Tally| !tallies.is_empty() && tallies.iter().all(|tally| *tally == wanted);
    let any = |wanted: &[Tally]| tallies.iter().any(|tally| wanted.contains(tally));
    match furthest {
        Some(open) => open,
        None if any(&[Tally::Unknown]) => PostStatus::Unconfirmed,
        None if all(Tally::Deleted) => PostStatus::Deleted,
        None if all(Tally::Canceled) => PostStatus::Canceled,
        None if all(Tally::Delivered) => PostStatus::Delivered,
        None if !any(&[Tally::Failed, Tally::Canceled, Tally::Partial]) => PostStatus::Published,
        None if !any(&[Tally::Published, Tally::Delivered, Tally::Partial, Tally::Deleted]) => PostStatus::Failed,
        None => PostStatus::Partial,
    }
}

/// A post with all its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// `post_...`
    pub id: PostId,
    /// The roll-up.
    pub status: PostStatus,
    /// The main container's text.
    pub content: String,
    /// The containers every account gets unless it has its own.
    pub containers: Vec<Container>,
    /// The caller's tag.
    pub external_id: Option<String>,
    /// The caller's unique name for it.
    pub external_ref: Option<String>,
    /// Its time, if it is not to go out at once.
    pub scheduled_at: Option<Timestamp>,
    /// When its first target was published.
    pub published_at: Option<Timestamp>,
    /// Options by network.
    pub config: Value,
    /// Text, containers and options by account.
    pub account_config: Value,
    /// How late it may go out.
    pub max_lateness: SignedDuration,
    /// One for each account.
    pub targets: Vec<Target>,
    /// What is likely to disappoint though it is allowed.
    pub warnings: Vec<Warning>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it or one of its targets was last changed.
    pub updated_at: Timestamp,
}

/// A hint about a post that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
    /// The account it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// `cnt_...`
    pub id: ContainerId,
    /// By its place.
    pub role: Role,
    /// Text.
    pub content: String,
    /// Files in order.
    pub media: Vec<MediaRef>,
}

/// A file of a container: uploaded, or fetched from the caller's URL when it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// An upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MediaId>,
    /// A public HTTPS address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Alternative text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// One post on one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// `tgt_...`
    pub id: TargetId,
    /// The account.
    pub account_id: AccountId,
    /// Its network.
    pub platform: Platform,
    /// Its handle.
    pub username: String,
    /// Where it stands.
    pub status: Status,
    /// The network's id of part 0.
    pub platform_post_id: Option<String>,
    /// Where a person sees part 0.
    pub platform_post_url: Option<String>,
    /// One for each container.
    pub parts: Vec<Part>,
    /// Why it is not published.
    pub error_code: Option<ErrorCode>,
    /// The network's own words.
    pub error_message: Option<String>,
    /// Sends begun.
    pub attempts: i32,
    /// When something is done next: a retry, a probe.
    pub next_attempt_at: Option<Timestamp>,
    /// When part 0 was found live.
    pub published_at: Option<Timestamp>,
}

/// One part of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The container it is made of.
    pub container_id: ContainerId,
    /// Where it stands.
    pub status: PartStatus,
    /// The network's id.
    pub platform_post_id: Option<String>,
    /// Where a person sees it.
    pub platform_post_url: Option<String>,
    /// Why it is not live.
    pub error_code: Option<ErrorCode>,
    /// The network's own words.
    pub error_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::*;

    #[test]
    fn the_first_rule_that_applies_gives_the_post_its_status() {
        let cases: &[(&[(Status, bool)], PostStatus)] = &[
            (&[(Draft, false)], PostStatus::Draft),
            (&[(Scheduled, false), (Draft, false)], PostStatus::Scheduled),
            (&[(NeedsReconnect, false), (Published, false)], PostStatus::Queued),
            (&[(Unconfirmed, true), (Queued, false)], PostStatus::Publishing),
            (&[(Unconfirmed, false), (Failed, false)], PostStatus::Unconfirmed),
            (&[(Unconfirmed, false), (Queued, false)], PostStatus::Queued),
            (&[(Deleted, false), (Deleted, false)], PostStatus::Deleted),
            (&[(Canceled, false)], PostStatus::Canceled),
            (&[(Delivered, false)], PostStatus::Delivered),
            (&[(Delivered, false), (Published, false)], PostStatus::Published),
            (&[(Deleted, false), (Published, false)], PostStatus::Published),
            (&[(Failed, false), (Canceled, false)], PostStatus::Failed),
            (&[(Failed, false), (Published, false)], PostStatus::Partial),
            (&[(Partial, false)], PostStatus::Partial),
            (&[(Canceled, false), (Published, false)], PostStatus::Partial),
        ];
        for (targets, expected) in cases {
            assert_eq!(roll_up(targets.iter().copied()), *expected, "{targets:?}");
        }
    }
}
