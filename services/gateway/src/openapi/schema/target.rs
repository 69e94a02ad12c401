//! A post on one account.

use domain::{
    platform::Platform,
    target::{ErrorCode, PartStatus, Status},
};
use utoipa::ToSchema;

use super::{words, words_or_null};

/// One post on one account.
#[derive(ToSchema)]
pub(super) struct Target {
    #[schema(example = "tgt_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    account_id: String,
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    username: String,
    /// `published` means live; `failed` means not live; `unconfirmed` means that nobody can know.
    #[schema(schema_with = words::<Status>)]
    status: Status,
    #[schema(required)]
    platform_post_id: Option<String>,
    #[schema(required)]
    platform_post_url: Option<String>,
    parts: Vec<Part>,
    #[schema(required, schema_with = words_or_null::<ErrorCode>)]
    error_code: Option<ErrorCode>,
    /// The network's own words.
    #[schema(required)]
    error_message: Option<String>,
    attempts: i32,
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    #[schema(required, format = DateTime)]
    published_at: Option<String>,
}

/// One part of a target.
#[derive(ToSchema)]
pub(super) struct Part {
    container_id: String,
    #[schema(schema_with = words::<PartStatus>)]
    status: PartStatus,
    #[schema(required)]
    platform_post_id: Option<String>,
    #[schema(required)]
    platform_post_url: Option<String>,
    #[schema(required, schema_with = words_or_null::<ErrorCode>)]
    error_code: Option<ErrorCode>,
    #[schema(required)]
    error_message: Option<String>,
}

/// What became of a target that is `unconfirmed`.
#[derive(ToSchema)]
pub(super) struct ResolveTargetRequest {
    /// `published`, `retry` or `failed`
    r#as: String,
    platform_post_id: Option<String>,
}

/// One attempt to do something for a target.
#[derive(ToSchema)]
pub(super) struct Attempt {
    #[schema(example = "att_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    target_id: String,
    number: i32,
    part: i32,
    /// `media`, `container`, `send`, `poll`, `probe` or `delete`
    step: String,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
    /// `published`, `accepted`, `rejected`, `throttled`, `auth`, `not_sent`, `ambiguous` or `late_answer`
    outcome: String,
    #[schema(required)]
    http_status: Option<i32>,
    #[schema(required, schema_with = words_or_null::<ErrorCode>)]
    error_code: Option<ErrorCode>,
    #[schema(required)]
    message: Option<String>,
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
}
