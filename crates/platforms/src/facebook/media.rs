//! Uploading files that no post shows yet: pictures unpublished, videos in phases.

use bytes::Bytes;
use domain::target::{ErrorCode, Refusal};
use egress::{Body, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{errors, tokens::PageToken, wire::Phase};
use crate::{Account, Cx, Media, MediaHandle, exchange::Answer, failure, graph::Id, stored, words};

/// Most transfers of one video: Facebook says how large each is, and one that never ends is none.
const MAX_TRANSFERS: usize = 4_096;

/// What an upload is attached by.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Handle {
    /// A picture that is not published.
    Photo {
        /// Its id.
        id: String,
    },
    /// A video all of whose bytes are there, to be published by the session's last phase.
    Video {
        /// Its id, also once it is published.
        id: String,
        /// The session.
        session: String,
    },
}

impl Handle {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let handle: Self = serde_json::from_value(value.clone()).ok()?;
        let sound = match &handle {
            Self::Photo { id } => words::is_id(id),
            Self::Video { id, session } => words::is_id(id) && words::is_id(session),
        };
        sound.then_some(handle)
    }
}

pub(super) async fn upload(cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
    let tokens: PageToken = stored::open(account)?;
    let page = super::id_of(account)?;
    if media.bytes.is_empty() {
        return Err(refused("an empty file cannot be uploaded to Facebook"));
    }
    let handle = match media.content_type.starts_with("video/") {
        true => video(cx, &page, &tokens.access_token, media).await?,
        false => photo(cx, &page, &tokens.access_token, media).await?,
    };
    Ok(MediaHandle::Ready(json!(handle)))
}

fn refused(message: &str) -> Refusal {
    Refusal::Rejected { code: ErrorCode::MediaRejected, message: message.to_owned(), http_status: None }
}

fn file(name: &str, media: &Media, bytes: Bytes) -> Part {
    Part::file(name, media.filename.clone(), media.content_type.clone(), bytes)
}

async fn photo(cx: &Cx<'_>, page: &str, access_token: &str, media: &Media) -> Result<Handle, Refusal> {
    let mut parts = vec![Part::text("published", "false")];
    if let Some(text) = media.alt_text.as_deref().filter(|text| !text.trim().is_empty()) {
        parts.push(Part::text("alt_text_custom", text));
    }
    parts.push(file("source", media, media.bytes.clone()));
    let answer =
        super::post(cx, &format!("{page}/photos")).bearer(access_token).body(Body::Multipart(parts)).call(cx).await?;
    match answer.success::<Id>().filter(|made| words::is_id(&made.id)) {
        Some(made) => Ok(Handle::Photo { id: made.id }),
        None => Err(errors::file_failed(cx, &answer)),
    }
}

/// Start and transfer; the last phase publishes (fact sheet part 1, 2.8, "older phases").
async fn video(cx: &Cx<'_>, page: &str, access_token: &str, media: &Media) -> Result<Handle, Refusal> {
    let path = format!("{page}/videos");
    let ask = || super::post(cx, &path).bearer(access_token);
    let size = media.bytes.len();
    let begin = json!({"upload_phase": "start", "file_size": size});
    let answer = ask().body(Body::Json(begin)).call(cx).await?;
    let begun = answer.success::<Phase>().and_then(|phase| {
        let (session, id) = (phase.upload_session_id.clone()?, phase.video_id.clone()?);
        (words::is_id(&session) && words::is_id(&id)).then_some((session, id, phase))
    });
    let Some((session, id, mut phase)) = begun else { return Err(errors::file_failed(cx, &answer)) };
    for _ in 0..MAX_TRANSFERS {
        let Some((start, end)) = range(&phase, size) else { return Err(lost_count(&answer)) };
        if start == end {
            return match start == size {
                true => Ok(Handle::Video { id, session }),
                false => Err(lost_count(&answer)),
            };
        }
        let parts = vec![
            Part::text("upload_phase", "transfer"),
            Part::text("upload_session_id", session.as_str()),
            Part::text("start_offset", start.to_string()),
            file("video_file_chunk", media, media.bytes.slice(start..end)),
        ];
        let answer = ask().body(Body::Multipart(parts)).call(cx).await?;
        match answer.success::<Phase>() {
            // An offset that does not move would be asked for without end.
            Some(next) if range(&next, size).is_some_and(|(next, _)| next > start) => phase = next,
            Some(_) => return Err(lost_count(&answer)),
            None => return Err(errors::file_failed(cx, &answer)),
        }
    }
    Err(lost_count(&answer))
}

/// The bytes that Facebook wants next.
fn range(phase: &Phase, size: usize) -> Option<(usize, usize)> {
    let (start, end) = (phase.start_offset.parse().ok()?, phase.end_offset.parse().ok()?);
    (start <= end && end <= size).then_some((start, end))
}

fn lost_count(answer: &Answer) -> Refusal {
    failure::not_understood(answer, "Facebook asked for bytes that the video does not have, or for the same ones again")
}
