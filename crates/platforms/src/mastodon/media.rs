//! Uploading a file with its description.

use domain::target::{ErrorCode, Refusal};
use egress::{Body, Part};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{errors, tokens::MastodonTokens, wire::Attachment};
use crate::{
    Account, Cx, Media, MediaHandle,
    exchange::{Answer, Ask},
    failure, words,
};

/// Between two looks at a file that is being processed; Mastodon does not say when.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(2);

pub(super) async fn upload(cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
    let tokens = MastodonTokens::open(account)?;
    let mut parts = vec![Part::file("file", media.filename.clone(), media.content_type.clone(), media.bytes.clone())];
    if let Some(text) = media.alt_text.as_deref().filter(|text| !text.trim().is_empty()) {
        parts.push(Part::text("description", text));
    }
    let answer = Ask::post(&tokens.base, "/api/v2/media")
        .bearer(&tokens.access_token)
        .body(Body::Multipart(parts))
        .call(cx)
        .await?;
    settle(cx, &answer)
}

pub(super) async fn poll(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
    let tokens = MastodonTokens::open(account)?;
    let Some(id) = id(handle) else {
        return Err(Refusal::Rejected {
            code: ErrorCode::MediaRejected,
            message: "the stored handle of the upload cannot be read".to_owned(),
            http_status: None,
        });
    };
    let answer = Ask::get(&tokens.base, &format!("/api/v1/media/{id}")).bearer(&tokens.access_token).call(cx).await?;
    settle(cx, &answer)
}

/// The id of an upload.
pub(super) fn id(handle: &Value) -> Option<&str> {
    handle["id"].as_str().filter(|id| words::is_id(id))
}

fn settle(cx: &Cx<'_>, answer: &Answer) -> Result<MediaHandle, Refusal> {
    let attachment = answer.success::<Attachment>().filter(|attachment| words::is_id(&attachment.id));
    let Some(attachment) = attachment else {
        return Err(match failure::failed(cx.now, answer, |answer| errors::classify(cx.now, answer)) {
            // These calls carry nothing but the file.
            Refusal::Rejected { code: ErrorCode::ContentRejected, message, http_status } => {
                Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status }
            }
            other => other,
        });
    };
    let handle = json!({"id": attachment.id});
    // 202 and 206 say "not yet"; so does a missing URL on servers that answer 200 to everything.
    if answer.status == 200 && attachment.url.is_some() {
        return Ok(MediaHandle::Ready(handle));
    }
    Ok(MediaHandle::Processing { handle, check_at: cx.now + LOOK_AGAIN })
}
