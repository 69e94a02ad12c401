//! `POST /rest/images?action=initializeUpload`, and the same for documents.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::super::fact::{Fact, MediaKind, Upload};
use super::super::query::Query;
use super::super::{LinkedIn, auth, error, json_body, quota};
use super::{ADDRESS_LIFE, address};
use crate::answer::Refusal;
use crate::call::Call;
use crate::consent::opaque;
use crate::faults::Operation;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    initialize_upload_request: Request,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    owner: String,
}

pub(in super::super) async fn images(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    initialize(call, body, MediaKind::Image).await
}

pub(in super::super) async fn documents(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    initialize(call, body, MediaKind::Document).await
}

async fn initialize(call: Call<LinkedIn>, body: Bytes, kind: MediaKind) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::UPLOADS)?;
    Query::read(&call, &["action"])?.must_be("action", "initializeUpload")?;
    json_body(&call)?;
    let wanted: Envelope = serde_json::from_slice(&body).map_err(|problem| error::unreadable(&problem))?;
    let owner = wanted.initialize_upload_request.owner;
    call.before(Operation::Media, Some(&owner), None).await?;
    let upload = open(&call, &caller, owner, kind, None)?;
    let expires_at = upload.at.saturating_add(ADDRESS_LIFE).unwrap_or(jiff::Timestamp::MAX);
    let answer = HttpResponse::Ok().json(json!({"value": {
        "uploadUrlExpiresAt": expires_at.as_millisecond(),
        "uploadUrl": address(&call, &upload.key, 0),
        kind.word(): upload.urn,
    }}));
    call.after(Operation::Media, &upload.owner, None, answer).await
}

/// A new upload of an owner that the caller may write for.
pub(super) fn open(
    call: &Call<LinkedIn>,
    caller: &auth::Caller,
    owner: String,
    kind: MediaKind,
    size: Option<u64>,
) -> Result<Upload, Refusal> {
    let mut state = locked(&call.state);
    caller.writes_for(&state, &owner, &format!("{}s.ACTION-initializeUpload", kind.word()))?;
    let id = format!("{}{}", if kind == MediaKind::Video { "D" } else { "C" }, opaque(20));
    let urn = format!("urn:li:{}:{id}", kind.word());
    let upload = Upload { urn, kind, owner, size, key: opaque(40), at: call.now() };
    call.keep(&mut state, Fact::UploadOpened(upload.clone()));
    Ok(upload)
}
