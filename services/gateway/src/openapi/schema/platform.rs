//! Networks.

use serde_json::Value;
use utoipa::ToSchema;

use super::words;

/// A network and its limits.
#[derive(ToSchema)]
pub(super) struct Platform {
    #[schema(schema_with = words::<domain::platform::Platform>)]
    platform: domain::platform::Platform,
    #[schema(example = "Bluesky")]
    name: String,
    /// `app_password`, `access_token`, `oauth`
    connect: Vec<String>,
    #[schema(inline)]
    text: TextRule,
    #[schema(inline)]
    media: MediaRules,
    /// `thread`, `first_comment`, ...
    abilities: Vec<String>,
    /// JSON Schema of `config.<platform>`.
    #[schema(value_type = Object)]
    options: Value,
    /// `native_key`, `handle`, `listing` or `none`: how a send whose outcome is unknown is resolved.
    probe: String,
}

#[derive(ToSchema)]
struct TextRule {
    max: u32,
    /// `weighted`, `graphemes`, `characters` or `utf16`
    unit: String,
}

/// Of one part.
#[derive(ToSchema)]
struct MediaRules {
    images: u32,
    videos: u32,
    gifs: u32,
    mixed: bool,
    image_max_bytes: u64,
    #[schema(required)]
    image_max_side: Option<u32>,
    image_types: Vec<String>,
    gif_max_bytes: u64,
    video_max_bytes: u64,
    video_types: Vec<String>,
    alt_text_max: u32,
}
