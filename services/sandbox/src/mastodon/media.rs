//! Uploads: `202` and `206` while they are processed, `200` when they are ready.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path, Payload};
use actix_web::{HttpResponse, HttpResponseBuilder};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fact::{Fact, Media, MediaKind};
use super::instance::{DESCRIPTION_CHARACTERS, IMAGE_BYTES, IMAGE_PIXELS, VIDEO_BYTES};
use super::params::Params;
use super::{Mastodon, auth, error, quota};
use crate::answer::Refusal;
use crate::body::{self, Part, PartsProblem};
use crate::call::{Call, Speaks};
use crate::core::Core;
use crate::faults::Operation;
use crate::lock::locked;
use crate::sniff::{FileKind, dimensions, sniff};

const SCOPES: [&str; 1] = ["write:media"];

/// A MediaAttachment as answers show it.
pub(super) fn view(media: &Media, core: &Core) -> Value {
    let ready = media.ready(core.now());
    let url = ready.then(|| format!("{}/_sandbox/media/mastodon/{}", core.origin, media.id));
    let mut meta = json!({});
    if let Some((width, height)) = media.dimensions {
        let aspect = f64::from(width) / f64::from(height.max(1));
        let original = json!({"width": width, "height": height, "size": format!("{width}x{height}"), "aspect": aspect});
        meta["original"] = original.clone();
        meta["small"] = original;
    }
    if let Some((x, y)) = media.focus {
        meta["focus"] = json!({"x": x, "y": y});
    }
    json!({
        "id": media.id.to_string(),
        "type": media.kind,
        "url": url,
        "preview_url": url,
        "remote_url": null,
        "preview_remote_url": null,
        "text_url": null,
        "meta": meta,
        "description": media.description,
        "blurhash": null,
    })
}

/// What the form held.
struct Upload {
    file: Bytes,
    kind: FileKind,
    description: Option<String>,
    focus: Option<(f64, f64)>,
}

pub(super) async fn upload(call: Call<Mastodon>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &SCOPES, Some(&quota::MEDIA))?;
    let limit = call.core.settings.max_upload_bytes.saturating_add(64 * 1024);
    let parts = body::parts(call.request().headers(), payload, limit).await.map_err(|problem| match problem {
        PartsProblem::TooLarge => error::too_large(),
        PartsProblem::Malformed => error::bad_request("Error reading the multipart body"),
    })?;
    let who = account.to_string();
    call.before(Operation::Media, Some(&who), None).await?;
    let upload = read(parts)?;
    let kind = match upload.kind {
        FileKind::Gif => MediaKind::Gifv,
        kind if kind.is_video() => MediaKind::Video,
        _ => MediaKind::Image,
    };
    let size = dimensions(&upload.file);
    check(&upload, kind, size)?;
    let now = call.now();
    let slow = call.slow_processing(&who);
    let usual = match kind {
        MediaKind::Image => SignedDuration::ZERO,
        _ => SignedDuration::from_millis(i64::try_from(call.core.settings.processing_ms).unwrap_or(0)),
    };
    let ready_at = now.saturating_add(slow.unwrap_or(usual)).unwrap_or(Timestamp::MAX);
    let reserved = {
        let mut state = locked(&call.state);
        let media = Media {
            id: state.next_id(now),
            account,
            kind,
            mime_type: upload.kind.mime_type().to_owned(),
            size: upload.file.len() as u64,
            dimensions: size,
            description: upload.description,
            focus: upload.focus,
            uploaded_at: now,
            ready_at,
            status: None,
        };
        call.keep(&mut state, Fact::MediaUploaded(media.clone()));
        media
    };
    let stored = call.core.shelf.put(Mastodon::PLATFORM, &reserved.id.to_string(), upload.file).await;
    stored.map_err(|_| error::server_error())?;
    let status = if reserved.ready(call.now()) { StatusCode::OK } else { StatusCode::ACCEPTED };
    let answer = HttpResponseBuilder::new(status).json(view(&reserved, &call.core));
    call.after(Operation::Media, &who, None, answer).await
}

fn read(parts: Vec<Part>) -> Result<Upload, Refusal> {
    let (mut file, mut words) = (None, Vec::new());
    for part in parts {
        match part.name.as_str() {
            "file" if part.content_type.is_none() => return Err(error::invalid("File content type is invalid")),
            "file" => file = Some(part.bytes),
            // Taken; pictures of the sandbox are their own previews.
            "thumbnail" => {}
            name => words.push((name.to_owned(), String::from_utf8_lossy(&part.bytes).into_owned())),
        }
    }
    let words = Params::pairs(words.into_iter())?.only(&["description", "focus"])?;
    let file = file.ok_or_else(|| error::invalid("File can't be blank"))?;
    let kind = sniff(&file).filter(|kind| !matches!(kind, FileKind::Bmp | FileKind::Tiff));
    let kind = kind.ok_or_else(|| error::invalid("File content type is invalid, File is invalid"))?;
    Ok(Upload { file, kind, description: description(&words)?, focus: focus(&words)? })
}

fn description(words: &Params) -> Result<Option<String>, Refusal> {
    let text = words.word("description")?;
    if text.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARACTERS) {
        let problem = format!("Description is too long (maximum is {DESCRIPTION_CHARACTERS} characters)");
        return Err(error::invalid(problem));
    }
    Ok(text)
}

fn focus(words: &Params) -> Result<Option<(f64, f64)>, Refusal> {
    let Some(text) = words.word("focus")? else {
        return Ok(None);
    };
    let point = text.split_once(',').and_then(|(x, y)| Some((x.trim().parse().ok()?, y.trim().parse().ok()?)));
    let inside = |(x, y): &(f64, f64)| (-1.0..=1.0).contains(x) && (-1.0..=1.0).contains(y);
    point.filter(inside).map(Some).ok_or_else(|| error::invalid("Focus is invalid"))
}

fn check(upload: &Upload, kind: MediaKind, size: Option<(u32, u32)>) -> Result<(), Refusal> {
    let bytes = upload.file.len() as u64;
    let most = if kind == MediaKind::Video { VIDEO_BYTES } else { IMAGE_BYTES };
    if bytes > most {
        return Err(error::invalid(format!("File file size must be less than {} MB", most / 1_048_576)));
    }
    if kind == MediaKind::Video {
        return Ok(());
    }
    let (width, height) = size.ok_or_else(|| error::unprocessable("Error processing uploaded media"))?;
    if u64::from(width) * u64::from(height) > IMAGE_PIXELS {
        return Err(error::invalid(format!("File {width}x{height} images are not supported")));
    }
    Ok(())
}

/// The caller's own upload.
fn own(call: &Call<Mastodon>, account: u64, id: &str) -> Result<Media, Refusal> {
    let id: u64 = id.parse().map_err(|_| error::not_found())?;
    let state = locked(&call.state);
    let media = state.media.get(&id).filter(|media| media.account == account && media.alive(call.now()));
    media.cloned().ok_or_else(error::not_found)
}

pub(super) async fn get(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &SCOPES, None)?;
    call.before(Operation::Media, Some(&account.to_string()), None).await?;
    let media = own(&call, account, &id)?;
    let status = if media.ready(call.now()) { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    Ok(HttpResponseBuilder::new(status).json(view(&media, &call.core)))
}

/// Alt text and focus, while the upload is not attached.
pub(super) async fn update(call: Call<Mastodon>, id: Path<String>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &SCOPES, None)?;
    let params = Params::body(&call, &body)?.only(&["description", "focus"])?;
    call.before(Operation::Media, Some(&account.to_string()), None).await?;
    let mut media = own(&call, account, &id)?;
    if media.status.is_some() {
        return Err(error::not_found());
    }
    media.description = description(&params)?.or(media.description);
    media.focus = focus(&params)?.or(media.focus);
    let fact = Fact::MediaDescribed { id: media.id, description: media.description.clone(), focus: media.focus };
    call.keep(&mut locked(&call.state), fact);
    Ok(HttpResponse::Ok().json(view(&media, &call.core)))
}

pub(super) async fn delete(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &SCOPES, None)?;
    call.before(Operation::Media, Some(&account.to_string()), None).await?;
    let media = own(&call, account, &id)?;
    if media.status.is_some() {
        return Err(error::unprocessable("Media attachment is currently used by a status"));
    }
    call.keep(&mut locked(&call.state), Fact::MediaDropped { id: media.id });
    Ok(HttpResponse::Ok().json(json!({})))
}
