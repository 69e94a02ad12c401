//! Accounts.

use domain::{account::AccountStatus, platform::Platform, target::ErrorCode};
use serde_json::Value;
use utoipa::ToSchema;

use super::{words, words_or_null};

/// A connected account.
#[derive(ToSchema)]
pub(super) struct Account {
    #[schema(example = "acc_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    /// The caller's user it belongs to.
    #[schema(required)]
    external_id: Option<String>,
    #[schema(required)]
    social_network_id: Option<String>,
    /// The network's id of the profile.
    network_unique_id: String,
    username: String,
    #[schema(required)]
    display_name: Option<String>,
    #[schema(required)]
    profile_image_url: Option<String>,
    #[schema(required)]
    profile_url: Option<String>,
    #[schema(example = "person")]
    account_type: String,
    #[schema(schema_with = words::<AccountStatus>)]
    status: AccountStatus,
    scopes: Vec<String>,
    #[schema(required, format = DateTime)]
    token_expires_at: Option<String>,
    #[schema(required, format = DateTime)]
    last_synced_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Whether the network takes an account's tokens at this moment. An account that has to be connected again, or was
/// disconnected, is not healthy.
#[derive(ToSchema)]
pub(super) struct Health {
    healthy: bool,
    #[schema(format = DateTime)]
    checked_at: String,
    #[schema(required, schema_with = words_or_null::<ErrorCode>)]
    error_code: Option<ErrorCode>,
    /// The network's own words.
    #[schema(required)]
    error_message: Option<String>,
}

/// An account's numbers as its network tells them now; null is what it does not tell.
#[derive(ToSchema)]
pub(super) struct AccountMetrics {
    account_id: String,
    period: Period,
    #[schema(required)]
    followers: Option<u64>,
    #[schema(required)]
    following: Option<u64>,
    #[schema(required)]
    posts: Option<u64>,
    /// Of the period, where the network counts by time.
    engagement: Engagement,
    /// What else the network tells, under its own names.
    #[schema(value_type = Object)]
    platform_specific: Value,
    #[schema(format = DateTime)]
    captured_at: String,
}

/// From `since` on, up to and without `until`.
#[derive(ToSchema)]
pub(super) struct Period {
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
}

/// What people did with an account's posts.
#[derive(ToSchema)]
pub(super) struct Engagement {
    #[schema(required)]
    views: Option<u64>,
    #[schema(required)]
    likes: Option<u64>,
    #[schema(required)]
    comments: Option<u64>,
    #[schema(required)]
    shares: Option<u64>,
}

/// Connect a profile whose credentials the caller holds.
#[derive(ToSchema)]
pub(super) struct ConnectAccountRequest {
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    external_id: Option<String>,
    /// By network: `{identifier, app_password, service?}`, `{instance, access_token}`, `{access_token, ...}`.
    #[schema(value_type = Object)]
    credentials: Value,
    /// Ids that another vendor gave the account.
    #[schema(nullable = false)]
    legacy_ids: Option<Vec<String>>,
}

/// Rename an account, or adopt one that has no owner.
#[derive(ToSchema)]
pub(super) struct UpdateAccountRequest {
    display_name: Option<String>,
    external_id: Option<String>,
}
