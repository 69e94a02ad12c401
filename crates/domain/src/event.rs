//! What can happen, as callers are told.

use crate::{post::PostStatus, target::Status};

/// The type of an event. The names are the contract's.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[allow(missing_docs, reason = "each is its name")]
pub enum EventType {
    #[serde(rename = "post.created")]
    #[strum(serialize = "post.created")]
    PostCreated,
    #[serde(rename = "post.updated")]
    #[strum(serialize = "post.updated")]
    PostUpdated,
    #[serde(rename = "post.deleted")]
    #[strum(serialize = "post.deleted")]
    PostDeleted,
    #[serde(rename = "post.published")]
    #[strum(serialize = "post.published")]
    PostPublished,
    #[serde(rename = "post.partial")]
    #[strum(serialize = "post.partial")]
    PostPartial,
    #[serde(rename = "post.error")]
    #[strum(serialize = "post.error")]
    PostError,
    #[serde(rename = "post.unconfirmed")]
    #[strum(serialize = "post.unconfirmed")]
    PostUnconfirmed,
    #[serde(rename = "post.canceled")]
    #[strum(serialize = "post.canceled")]
    PostCanceled,
    #[serde(rename = "post.target.published")]
    #[strum(serialize = "post.target.published")]
    TargetPublished,
    #[serde(rename = "post.target.partial")]
    #[strum(serialize = "post.target.partial")]
    TargetPartial,
    #[serde(rename = "post.target.failed")]
    #[strum(serialize = "post.target.failed")]
    TargetFailed,
    #[serde(rename = "post.target.unconfirmed")]
    #[strum(serialize = "post.target.unconfirmed")]
    TargetUnconfirmed,
    #[serde(rename = "post.target.deleted")]
    #[strum(serialize = "post.target.deleted")]
    TargetDeleted,
    #[serde(rename = "account.connected")]
    #[strum(serialize = "account.connected")]
    AccountConnected,
    #[serde(rename = "account.updated")]
    #[strum(serialize = "account.updated")]
    AccountUpdated,
    #[serde(rename = "account.disconnected")]
    #[strum(serialize = "account.disconnected")]
    AccountDisconnected,
    #[serde(rename = "account.token_expired")]
    #[strum(serialize = "account.token_expired")]
    AccountTokenExpired,
    #[serde(rename = "account.reauth_required")]
    #[strum(serialize = "account.reauth_required")]
    AccountReauthRequired,
    #[serde(rename = "account.token_expiring")]
    #[strum(serialize = "account.token_expiring")]
    AccountTokenExpiring,
    #[serde(rename = "account.connect_rejected")]
    #[strum(serialize = "account.connect_rejected")]
    AccountConnectRejected,
    #[serde(rename = "endpoint.disabled")]
    #[strum(serialize = "endpoint.disabled")]
    EndpointDisabled,
}

impl EventType {
    /// `post.published`
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Every type there is.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }
}

/// The event of a target that came to rest in `status`; `canceled` has none of its own.
pub const fn of_target(status: Status) -> Option<EventType> {
    match status {
        Status::Published | Status::Delivered => Some(EventType::TargetPublished),
        Status::Partial => Some(EventType::TargetPartial),
        Status::Failed => Some(EventType::TargetFailed),
        Status::Unconfirmed => Some(EventType::TargetUnconfirmed),
        Status::Deleted => Some(EventType::TargetDeleted),
        Status::Draft
        | Status::Scheduled
        | Status::Queued
        | Status::Publishing
        | Status::NeedsReconnect
        | Status::Canceled => None,
    }
}

/// The events of a post whose targets are all settled.
pub const fn of_post(status: PostStatus) -> &'static [EventType] {
    match status {
        PostStatus::Published | PostStatus::Delivered => &[EventType::PostPublished],
        PostStatus::Partial => &[EventType::PostPublished, EventType::PostPartial],
        PostStatus::Failed => &[EventType::PostError],
        PostStatus::Unconfirmed => &[EventType::PostUnconfirmed],
        PostStatus::Canceled => &[EventType::PostCanceled],
        PostStatus::Deleted => &[EventType::PostDeleted],
        PostStatus::Draft | PostStatus::Scheduled | PostStatus::Queued | PostStatus::Publishing => &[],
    }
}
