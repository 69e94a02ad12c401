//! `POST /rest/videos?action=initializeUpload` and `...=finalizeUpload`: a video goes up in parts.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fact::{Fact, MediaKind};
use super::super::query::Query;
use super::super::state::Uploading;
use super::super::{LinkedIn, auth, error, json_body, quota};
use super::initialize::open;
use super::{ADDRESS_LIFE, PART, VIDEO_BYTES, address, ready_at};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Initialize {
    initialize_upload_request: Wanted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    owner: String,
    file_size_bytes: u64,
    #[serde(default)]
    upload_captions: bool,
    #[serde(default)]
    upload_thumbnail: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Finalize {
    finalize_upload_request: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Done {
    video: String,
    upload_token: String,
    uploaded_part_ids: Vec<String>,
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|problem| error::unreadable(&problem))
}

pub(in super::super) async fn videos(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::UPLOADS)?;
    let query = Query::read(&call, &["action"])?;
    json_body(&call)?;
    match query.get("action") {
        Some("initializeUpload") => initialize(&call, &caller, read(&body)?).await,
        Some("finalizeUpload") => finalize(&call, &caller, read(&body)?).await,
        _ => Err(error::bad_request("ILLEGAL_ARGUMENT", "action must be initializeUpload or finalizeUpload")),
    }
}

async fn initialize(call: &Call<LinkedIn>, caller: &auth::Caller, body: Initialize) -> Result<HttpResponse, Refusal> {
    let Wanted { owner, file_size_bytes, upload_captions, upload_thumbnail } = body.initialize_upload_request;
    call.before(Operation::Media, Some(&owner), None).await?;
    let fits = (1..=VIDEO_BYTES.min(call.core.settings.max_upload_bytes as u64)).contains(&file_size_bytes);
    if !fits || upload_captions || upload_thumbnail {
        let description = "fileSizeBytes, uploadCaptions or uploadThumbnail has a value that the sandbox does not take";
        return Err(error::invalid("INVALID_VALUE_FOR_FIELD", description));
    }
    let upload = open(call, caller, owner, MediaKind::Video, Some(file_size_bytes))?;
    let instructions: Vec<Value> = starts(file_size_bytes)
        .map(|first| {
            let last = (first + PART).min(file_size_bytes) - 1;
            json!({"uploadUrl": address(call, &upload.key, first), "firstByte": first, "lastByte": last})
        })
        .collect();
    let expires_at = upload.at.saturating_add(ADDRESS_LIFE).unwrap_or(jiff::Timestamp::MAX);
    let answer = HttpResponse::Ok().json(json!({"value": {
        "video": upload.urn,
        "uploadInstructions": instructions,
        "uploadToken": "",
        "uploadUrlsExpireAt": expires_at.as_millisecond(),
    }}));
    call.after(Operation::Media, &upload.owner, None, answer).await
}

/// The first byte of each part.
pub(super) fn starts(size: u64) -> impl Iterator<Item = u64> {
    (0..size.div_ceil(PART)).map(|index| index * PART)
}

/// Whether these are the `ETag`s of all parts, in their order.
fn is_whole(uploading: &Uploading, part_ids: &[String]) -> bool {
    let stored = uploading.parts.values().map(|(_, etag)| etag);
    uploading.upload.size == Some(uploading.size()) && stored.eq(part_ids)
}

async fn finalize(call: &Call<LinkedIn>, caller: &auth::Caller, body: Finalize) -> Result<HttpResponse, Refusal> {
    let Done { video, upload_token, uploaded_part_ids } = body.finalize_upload_request;
    let owner = locked(&call.state).uploads.get(&video).map(|uploading| uploading.upload.owner.clone());
    call.before(Operation::Media, owner.as_deref(), None).await?;
    let owner = owner.ok_or_else(|| error::not_found(&video))?;
    let ready_at = ready_at(call, &owner, MediaKind::Video);
    {
        let mut state = locked(&call.state);
        caller.writes_for(&state, &owner, "videos.ACTION-finalizeUpload")?;
        let fits = |uploading: &&Uploading| upload_token.is_empty() && is_whole(uploading, &uploaded_part_ids);
        let description = "uploadedPartIds are not the ETags of all parts in their order";
        let uploading = state.uploads.get(&video).filter(fits);
        let uploading = uploading.ok_or_else(|| error::invalid("INVALID_VALUE_FOR_FIELD", description))?;
        if uploading.ready_at.is_none() {
            call.keep(&mut state, Fact::UploadFinished { urn: video, ready_at });
        }
    }
    call.after(Operation::Media, &owner, None, HttpResponse::Ok().finish()).await
}
