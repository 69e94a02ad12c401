//! What the instance says of itself and its limits.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{Mastodon, auth};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;

/// Characters of a status.
pub(super) const MOST_CHARACTERS: usize = 500;
/// Characters that any URL counts.
pub(super) const URL_CHARACTERS: usize = 23;
pub(super) const MOST_MEDIA: usize = 4;
pub(super) const IMAGE_BYTES: u64 = 16_777_216;
pub(super) const IMAGE_PIXELS: u64 = 33_177_600;
pub(super) const VIDEO_BYTES: u64 = 103_809_024;
pub(super) const DESCRIPTION_CHARACTERS: usize = 1_500;
pub(super) const POLL_OPTIONS: usize = 4;
pub(super) const POLL_CHARACTERS: usize = 50;
pub(super) const POLL_LEAST_S: u64 = 300;
pub(super) const POLL_MOST_S: u64 = 2_629_746;
const VERSION: &str = "4.5.2";

fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

fn configuration() -> Value {
    json!({
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        "statuses": {
            "max_characters": MOST_CHARACTERS,
            "max_media_attachments": MOST_MEDIA,
            "characters_reserved_per_url": URL_CHARACTERS,
        },
        "media_attachments": {
            "description_limit": DESCRIPTION_CHARACTERS,
            "supported_mime_types":
                ["image/jpeg", "image/png", "image/gif", "image/webp", "video/webm", "video/mp4", "video/quicktime"],
            "image_size_limit": IMAGE_BYTES,
            "image_matrix_limit": IMAGE_PIXELS,
            "video_size_limit": VIDEO_BYTES,
            "video_frame_rate_limit": 120,
            "video_matrix_limit": 8_294_400,
        },
        "polls": {
            "max_options": POLL_OPTIONS,
            "max_characters_per_option": POLL_CHARACTERS,
            "min_expiration": POLL_LEAST_S,
            "max_expiration": POLL_MOST_S,
        },
    })
}

pub(super) async fn v2(call: Call<Mastodon>) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &["read", "profile", "write"])?;
    call.before(Operation::Identity, None, None).await?;
    let mut configuration = configuration();
    configuration["urls"] = json!({});
    configuration["translation"] = json!({"enabled": false});
    Ok(HttpResponse::Ok().json(json!({
        "domain": host(&call.core.origin),
        "title": "Sandbox",
        "version": VERSION,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A Mastodon instance in a box",
        "usage": {"users": {"active_month": 1}},
        "thumbnail": {"url": ""},
        "languages": ["en"],
        "configuration": configuration,
        "registrations": {"enabled": false, "approval_required": false, "message": null, "url": null},
        "api_versions": {"mastodon": 7},
        "contact": {"email": "", "account": null},
        "rules": [],
    })))
}

pub(super) async fn v1(call: Call<Mastodon>) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &["read", "profile", "write"])?;
    call.before(Operation::Identity, None, None).await?;
    Ok(HttpResponse::Ok().json(json!({
        "uri": host(&call.core.origin),
        "title": "Sandbox",
        "short_description": "A Mastodon instance in a box",
        "description": "",
        "email": "",
        "version": VERSION,
        "urls": {},
        "stats": {"user_count": 1, "status_count": 0, "domain_count": 0},
        "thumbnail": null,
        "languages": ["en"],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": configuration(),
        "contact_account": null,
        "rules": [],
    })))
}
