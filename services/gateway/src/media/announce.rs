//! Announcing a file.

use ::media::{Format, Verb};
use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::ids::MediaId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{
    idempotency::Answer,
    media::{self, Media, MediaStatus},
};
use uuid::Uuid;

use super::show::link;
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    fields::{Field, Object},
    problem::Problem,
};

/// A file that is never confirmed is forgotten after this, or when its link ends if that is later.
const UNCONFIRMED_FOR: SignedDuration = SignedDuration::from_hours(24);

const FORMATS: [Format; 7] =
    [Format::Jpeg, Format::Png, Format::Gif, Format::Webp, Format::Mp4, Format::Quicktime, Format::Webm];

struct AnnounceRequest {
    filename: String,
    content_type: String,
    size: Option<i64>,
}

/// `POST /v1/media`
pub(crate) async fn announce(app: Data<App>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::MediaWrite)?;
    let request = body.read(|body| read(body, app.media.max_upload_bytes))?;
    let now = app.clock.now();
    let link_for = SignedDuration::from_secs(app.media.upload_seconds.into());
    let after = |wait: SignedDuration| now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let media = Media {
        id: MediaId(Uuid::now_v7()),
        status: MediaStatus::Pending,
        kind: None,
        filename: request.filename,
        content_type: request.content_type,
        size: request.size,
        width: None,
        height: None,
        duration_ms: None,
        created_at: now,
        expires_at: after(link_for.max(UNCONFIRMED_FOR)),
    };
    let once = body.once(&caller, StatusCode::CREATED);
    let id = match media::insert(&app.database, caller.project.id, media, once).await? {
        Answer::Done(media) => media.id,
        // Asked again, since the answer was lost: what the caller needs is a link that works.
        Answer::Replayed(saved) => replayed(&saved.body)?,
        Answer::KeyReused => return Err(Problem::IdempotencyKeyReused),
        Answer::InProgress => return Err(Problem::IdempotencyInProgress),
    };
    let until = after(link_for);
    Ok(HttpResponse::Created().json(json!({
        "id": id,
        "status": MediaStatus::Pending,
        "upload_url": link(&app, id, Verb::Upload, until),
        "upload_headers": {},
        "expires_at": until,
    })))
}

fn replayed(saved: &Value) -> Result<MediaId, Problem> {
    let id = saved["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Problem::Internal("a saved answer names no media".to_owned()))
}

fn read(body: &Object<'_>, max_bytes: u64) -> Option<AnnounceRequest> {
    let filename = filename(body.required("filename"));
    let content_type = content_type(body.required("content_type"));
    let size = body.optional("size").integer(1..=i64::try_from(max_bytes).unwrap_or(i64::MAX));
    Some(AnnounceRequest { filename: filename?, content_type: content_type?, size })
}

fn filename(field: Field<'_>) -> Option<String> {
    let (name, field) = field.text_kept(1..=255)?;
    if name.chars().any(|letter| letter.is_control() || matches!(letter, '/' | '\\')) || matches!(name, "." | "..") {
        return field.refuse("invalid_filename", "must be a file's name, without a path or control characters");
    }
    Some(name.to_owned())
}

fn content_type(field: Field<'_>) -> Option<String> {
    let (text, field) = field.text_kept(1..=100)?;
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if FORMATS.iter().any(|format| format.content_type() == essence) {
        return Some(essence);
    }
    let known: Vec<&str> = FORMATS.iter().map(|format| format.content_type()).collect();
    field.refuse("unsupported_content_type", format!("must be one of {}", known.join(", ")))
}
