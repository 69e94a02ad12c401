//! Uploads.

use domain::media::MediaKind;
use serde_json::Value;
use utoipa::ToSchema;

use super::words_or_null;

/// Announce a file.
#[derive(ToSchema)]
pub(super) struct AnnounceMediaRequest {
    #[schema(max_length = 255)]
    filename: String,
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// In bytes; what is sent must then have this many.
    size: Option<i64>,
}

/// A file that is to be sent.
#[derive(ToSchema)]
pub(super) struct NewMedia {
    id: String,
    #[schema(example = "pending")]
    status: String,
    /// Where the bytes are PUT.
    upload_url: String,
    /// To be sent along.
    #[schema(value_type = Object)]
    upload_headers: Value,
    /// Until when the link works.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A file.
#[derive(ToSchema)]
pub(super) struct Media {
    #[schema(example = "med_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    /// `pending` or `ready`
    status: String,
    #[schema(required, schema_with = words_or_null::<MediaKind>)]
    kind: Option<MediaKind>,
    filename: String,
    content_type: String,
    #[schema(required)]
    size: Option<i64>,
    #[schema(required)]
    width: Option<i32>,
    #[schema(required)]
    height: Option<i32>,
    #[schema(required)]
    duration_ms: Option<i64>,
    /// Where it can be looked at, until it expires.
    #[schema(required)]
    url: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}
