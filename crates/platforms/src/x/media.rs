//! Uploading a file in chunks, and its alternative text.

use domain::target::{ErrorCode, Refusal};
use egress::{Body, Part};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    errors,
    spec::{BASE, DEFAULT_BASE},
    tokens::XTokens,
    wire::{Envelope, Id, Upload},
};
use crate::{
    Account, Cx, Media, MediaHandle,
    exchange::{Answer, Ask},
    failure, stored, words,
};

/// One append. Larger ones were documented once; this size is proven.
const CHUNK_BYTES: usize = 1024 * 1024;
/// `segment_index` ends at 999.
const MAX_CHUNKS: usize = 1_000;

/// What an upload is asked for with, and attached by.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Handle {
    pub(super) id: String,
    /// What X calls the file once it is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_key: Option<String>,
    /// Still to be attached once processing is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alt_text: Option<String>,
}

pub(super) async fn upload(cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
    let tokens: XTokens = stored::open(account)?;
    let chunks = chunks(media)?;
    let begin = json!({
        "media_type": media.content_type,
        "total_bytes": media.bytes.len(),
        "media_category": category(media),
    });
    let answer = ask(cx, "/2/media/upload/initialize", &tokens).body(Body::Json(begin)).call(cx).await?;
    let id = answer.success::<Envelope<Id>>().and_then(|envelope| envelope.data).map(|data| data.id);
    let Some(id) = id.filter(|id| super::is_id(id)) else { return Err(refused(cx, &answer)) };

    for (index, chunk) in chunks.into_iter().enumerate() {
        let parts = vec![
            Part::text("segment_index", index.to_string()),
            Part::file("media", media.filename.clone(), "application/octet-stream", chunk),
        ];
        let answer =
            ask(cx, &format!("/2/media/upload/{id}/append"), &tokens).body(Body::Multipart(parts)).call(cx).await?;
        if !answer.is_success() {
            return Err(refused(cx, &answer));
        }
    }
    let answer = ask(cx, &format!("/2/media/upload/{id}/finalize"), &tokens).call(cx).await?;
    settle(cx, &tokens, &answer, Handle { id, media_key: None, alt_text: media.alt_text.clone() }).await
}

pub(super) async fn poll(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
    let tokens: XTokens = stored::open(account)?;
    let Some(handle) = Handle::read(handle) else {
        return Err(media_refused("the stored handle of the upload cannot be read", None));
    };
    let answer = Ask::get(cx.bases.get(BASE, DEFAULT_BASE), "/2/media/upload")
        .query("command", "STATUS")
        .query("media_id", &handle.id)
        .bearer(&tokens.access_token)
        .call(cx)
        .await?;
    settle(cx, &tokens, &answer, handle).await
}

impl Handle {
    pub(super) fn read(value: &Value) -> Option<Self> {
        serde_json::from_value::<Self>(value.clone()).ok().filter(|handle| super::is_id(&handle.id))
    }
}

fn ask(cx: &Cx<'_>, path: &str, tokens: &XTokens) -> Ask {
    Ask::post(cx.bases.get(BASE, DEFAULT_BASE), path).bearer(&tokens.access_token)
}

/// What `finalize` and `STATUS` say: ready, not yet, or never.
async fn settle(cx: &Cx<'_>, tokens: &XTokens, answer: &Answer, mut handle: Handle) -> Result<MediaHandle, Refusal> {
    let Some(upload) = answer.success::<Envelope<Upload>>().and_then(|envelope| envelope.data) else {
        return Err(refused(cx, answer));
    };
    if upload.id != handle.id {
        return Err(failure::not_understood(answer, "X answered about another upload"));
    }
    handle.media_key = upload.media_key.filter(|key| words::is_id(key));
    if let Some(processing) = upload.processing_info {
        match processing.state.as_str() {
            "succeeded" => {}
            "failed" => {
                let said = processing.error.and_then(|error| error.message.or(error.name));
                let message =
                    said.map_or_else(|| "X could not process the file".to_owned(), |said| answer.words(&said));
                return Err(media_refused(&message, Some(answer.status)));
            }
            // `pending`, `in_progress`, and whatever X may add.
            _ => {
                let wait = processing.check_after_secs.unwrap_or(2).clamp(1, 300);
                let check_at = cx.now + SignedDuration::from_secs(wait.into());
                return Ok(MediaHandle::Processing { handle: json!(handle), check_at });
            }
        }
    }
    if let Some(text) = handle.alt_text.as_deref().filter(|text| !text.trim().is_empty()) {
        let body = json!({"id": handle.id, "metadata": {"alt_text": {"text": text}}});
        let answer = ask(cx, "/2/media/metadata", tokens).body(Body::Json(body)).call(cx).await?;
        if !answer.is_success() {
            return Err(refused(cx, &answer));
        }
    }
    Ok(MediaHandle::Ready(json!(Handle { alt_text: None, ..handle })))
}

fn refused(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    match failure::failed(cx.now, answer, |answer| errors::classify(cx.now, answer)) {
        // These calls carry nothing but the file.
        Refusal::Rejected { code: ErrorCode::ContentRejected, message, http_status } => {
            Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status }
        }
        other => other,
    }
}

fn media_refused(message: &str, http_status: Option<u16>) -> Refusal {
    Refusal::Rejected { code: ErrorCode::MediaRejected, message: message.to_owned(), http_status }
}

fn chunks(media: &Media) -> Result<Vec<bytes::Bytes>, Refusal> {
    let count = media.bytes.len().div_ceil(CHUNK_BYTES);
    if count == 0 || count > MAX_CHUNKS {
        let message = format!("a file of {} bytes cannot be uploaded to X", media.bytes.len());
        return Err(media_refused(&message, None));
    }
    let end = media.bytes.len();
    Ok((0..count).map(|index| media.bytes.slice(index * CHUNK_BYTES..((index + 1) * CHUNK_BYTES).min(end))).collect())
}

/// X wants to know beforehand what it will be used as; a GIF is a moving one only with a second frame.
fn category(media: &Media) -> &'static str {
    match media.content_type.as_str() {
        video if video.starts_with("video/") => "tweet_video",
        "image/gif" if super::gif::is_animated(&media.bytes) => "tweet_gif",
        _ => "tweet_image",
    }
}
