//! `POST /2/media/upload/{id}/append`: segments, in any order, each again if need be.

use actix_web::HttpResponse;
use actix_web::web::{Path, Payload};
use serde_json::{Value, json};

use super::super::fact::Fact;
use super::super::posts::id;
use super::super::{X, auth, error, quota};
use super::{LIFE_S, SCOPES};
use crate::answer::Refusal;
use crate::body::{self, PartsProblem};
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;

const SEGMENT_BYTES: usize = 5 * 1024 * 1024;
const LAST_SEGMENT: u16 = 999;

/// The file of a segment on the shelf.
pub(super) fn segment(upload: u64, index: u16) -> String {
    format!("{upload}-{index}")
}

pub(in super::super) async fn append(
    call: Call<X>,
    wanted: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::APPEND)?;
    let who = user.to_string();
    let parts = body::parts(call.request().headers(), payload, SEGMENT_BYTES + 4096).await;
    let parts = parts.map_err(|problem| match problem {
        PartsProblem::TooLarge => error::too_large(),
        PartsProblem::Malformed => error::invalid("", Value::Null, "The body is not multipart/form-data."),
    })?;
    call.before(Operation::Media, Some(&who), None).await?;
    let (mut index, mut bytes) = (None, None);
    for part in parts {
        match part.name.as_str() {
            "segment_index" => index = std::str::from_utf8(&part.bytes).ok().map(str::to_owned),
            "media" => bytes = Some(part.bytes),
            other => return Err(error::invalid(other, Value::Null, format!("The field [{other}] is not known."))),
        }
    }
    let index = index.ok_or_else(|| error::invalid("segment_index", Value::Null, "segment_index is required."))?;
    let number = index.parse().ok().filter(|number| *number <= LAST_SEGMENT);
    let number: u16 =
        number.ok_or_else(|| error::invalid("segment_index", index, "segment_index must be from 0 to 999."))?;
    let bytes = bytes.filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| error::invalid("media", Value::Null, "media is required."))?;
    if bytes.len() > SEGMENT_BYTES {
        return Err(error::too_large());
    }
    let upload = id("id", &wanted)?;
    let (size, now) = (bytes.len() as u64, call.now());
    let expires_at = {
        let state = locked(&call.state);
        let uploading = state.uploads.get(&upload).filter(|each| each.upload.user == user && each.alive(now));
        let uploading = uploading.ok_or_else(|| error::not_found("id", "media", &wanted))?;
        if uploading.finish.is_some() {
            return Err(error::invalid("id", wanted.as_str(), "The upload is finalized already."));
        }
        let others: u64 = uploading.segments.iter().filter(|(each, _)| **each != number).map(|(_, size)| size).sum();
        if others + size > uploading.upload.total_bytes {
            return Err(error::invalid("media", Value::Null, "The segments are longer than total_bytes."));
        }
        uploading.upload.at.as_second() + LIFE_S
    };
    let stored = call.core.shelf.put(X::PLATFORM, &segment(upload, number), bytes).await;
    stored.map_err(|_| error::internal())?;
    call.keep(&mut locked(&call.state), Fact::SegmentStored { id: upload, index: number, size });
    let answer = HttpResponse::Ok().json(json!({"data": {"expires_at": expires_at}}));
    call.after(Operation::Media, &who, None, answer).await
}
