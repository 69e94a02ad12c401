//! The project.

use domain::policy::{Mode, OnAuthFailure, OnUnconfirmed};
use serde_json::Value;
use utoipa::ToSchema;

use super::words;

/// A tenant in one mode.
#[derive(ToSchema)]
pub(super) struct Project {
    id: String,
    name: String,
    #[schema(schema_with = words::<Mode>)]
    mode: Mode,
    redirect_uris: Vec<String>,
    cors_origins: Vec<String>,
    #[schema(schema_with = words::<OnUnconfirmed>)]
    on_unconfirmed: OnUnconfirmed,
    #[schema(schema_with = words::<OnAuthFailure>)]
    on_auth_failure: OnAuthFailure,
    #[schema(format = Duration, example = "PT6H")]
    max_lateness: String,
    #[schema(value_type = Object)]
    dialects: Value,
}

/// What is left out stays.
#[derive(ToSchema)]
pub(super) struct UpdateProjectRequest {
    /// Return URLs, matched exactly.
    redirect_uris: Option<Vec<String>>,
    cors_origins: Option<Vec<String>>,
    #[schema(required = false, schema_with = words::<OnUnconfirmed>)]
    on_unconfirmed: Option<OnUnconfirmed>,
    #[schema(required = false, schema_with = words::<OnAuthFailure>)]
    on_auth_failure: Option<OnAuthFailure>,
    #[schema(format = Duration)]
    max_lateness: Option<String>,
    #[schema(value_type = Option<Object>)]
    dialects: Option<Value>,
}
