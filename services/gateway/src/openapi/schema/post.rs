//! Posts.

use std::collections::BTreeMap;

use domain::post::{PostStatus, Role};
use serde_json::Value;
use utoipa::ToSchema;

use super::{problem::FieldError, target::Target, words};

/// A post with all its targets.
#[derive(ToSchema)]
pub(super) struct Post {
    #[schema(example = "post_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    #[schema(schema_with = words::<PostStatus>)]
    status: PostStatus,
    content: String,
    containers: Vec<Container>,
    #[schema(required)]
    external_id: Option<String>,
    #[schema(required)]
    external_ref: Option<String>,
    #[schema(required, format = DateTime)]
    scheduled_at: Option<String>,
    #[schema(required, format = DateTime)]
    published_at: Option<String>,
    /// Options by network.
    #[schema(value_type = Object)]
    config: Value,
    /// Text, containers and options by account.
    #[schema(value_type = Object)]
    account_config: Value,
    #[schema(format = Duration, example = "PT6H")]
    max_lateness: String,
    targets: Vec<Target>,
    warnings: Vec<Warning>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A hint about a post that was accepted.
#[derive(ToSchema)]
pub(super) struct Warning {
    code: String,
    detail: String,
    #[schema(nullable = false)]
    account_id: Option<String>,
}

/// The main text, the first comment or a part of a thread.
#[derive(ToSchema)]
pub(super) struct Container {
    id: String,
    #[schema(schema_with = words::<Role>)]
    role: Role,
    content: String,
    media: Vec<MediaRef>,
}

/// An upload, or a file at a URL.
#[derive(ToSchema)]
pub(super) struct MediaRef {
    #[schema(nullable = false)]
    id: Option<String>,
    #[schema(nullable = false)]
    url: Option<String>,
    #[schema(nullable = false)]
    filename: Option<String>,
    #[schema(nullable = false)]
    alt_text: Option<String>,
}

/// Its role follows from its place.
#[derive(ToSchema)]
pub(super) struct ContainerRequest {
    content: Option<String>,
    media: Option<Vec<MediaRef>>,
}

/// What one account gets instead.
#[derive(ToSchema)]
pub(super) struct AccountConfigRequest {
    content: Option<String>,
    containers: Option<Vec<ContainerRequest>>,
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
}

/// Publish now, at a time, or keep as a draft. `content` and `media`, or `containers`.
#[derive(ToSchema)]
pub(super) struct CreatePostRequest {
    content: Option<String>,
    media: Option<Vec<MediaRef>>,
    #[schema(max_items = 25)]
    containers: Option<Vec<ContainerRequest>>,
    #[schema(min_items = 1, max_items = 50)]
    accounts: Vec<String>,
    #[schema(format = DateTime)]
    scheduled_at: Option<String>,
    draft: Option<bool>,
    /// A tag.
    external_id: Option<String>,
    /// Unique in the project.
    external_ref: Option<String>,
    /// Options by network.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// By account id.
    account_config: Option<BTreeMap<String, AccountConfigRequest>>,
    #[schema(format = Duration)]
    max_lateness: Option<String>,
}

/// What is left out stays.
#[derive(ToSchema)]
pub(super) struct UpdatePostRequest {
    content: Option<String>,
    media: Option<Vec<MediaRef>>,
    containers: Option<Vec<ContainerRequest>>,
    accounts: Option<Vec<String>>,
    #[schema(format = DateTime)]
    scheduled_at: Option<String>,
    draft: Option<bool>,
    external_id: Option<String>,
    external_ref: Option<String>,
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    account_config: Option<BTreeMap<String, AccountConfigRequest>>,
    #[schema(format = Duration)]
    max_lateness: Option<String>,
}

/// Up to 100 posts.
#[derive(ToSchema)]
pub(super) struct CreatePostsRequest {
    #[schema(min_items = 1, max_items = 100)]
    posts: Vec<CreatePostRequest>,
}

/// One answer for each post, in order.
#[derive(ToSchema)]
pub(super) struct Batch {
    data: Vec<BatchItem>,
}

#[derive(ToSchema)]
pub(super) struct BatchItem {
    #[schema(example = 201)]
    status: u16,
    #[schema(nullable = false)]
    post: Option<Box<Post>>,
    #[schema(nullable = false)]
    problem: Option<super::problem::Problem>,
}

/// What would happen.
#[derive(ToSchema)]
pub(super) struct Validation {
    valid: bool,
    targets: Vec<TargetValidation>,
}

#[derive(ToSchema)]
pub(super) struct TargetValidation {
    account_id: String,
    platform: String,
    errors: Vec<FieldError>,
    warnings: Vec<Warning>,
    /// What would be sent, secrets left out.
    requests: Vec<PreviewRequest>,
}

#[derive(ToSchema)]
pub(super) struct PreviewRequest {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    body: Value,
}
