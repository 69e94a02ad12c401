//! `POST /2/media/upload/{id}/finalize`: the segments become one file.

use actix_web::HttpResponse;
use actix_web::web::Path;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::fact::{Category, Fact, Finish, Upload};
use super::super::posts::id;
use super::super::state::{Uploading, media_key};
use super::super::{X, auth, error, quota};
use super::append::segment;
use super::status::processing;
use super::{LIFE_S, SCOPES, check};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::sniff::{dimensions, sniff};

/// When media of this kind is processed, if it has to be.
pub(super) fn ready_at(call: &Call<X>, user: &str, category: Category) -> Option<Timestamp> {
    let usual = || match category {
        Category::TweetImage => None,
        _ => i64::try_from(call.core.settings.processing_ms).ok().map(SignedDuration::from_millis),
    };
    let wait = call.slow_processing(user).or_else(usual)?;
    Some(call.now().saturating_add(wait).unwrap_or(Timestamp::MAX))
}

pub(in super::super) async fn finalize(call: Call<X>, wanted: Path<String>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::FINALIZE)?;
    let who = user.to_string();
    call.before(Operation::Media, Some(&who), None).await?;
    let number = id("id", &wanted)?;
    let (upload, segments) = {
        let state = locked(&call.state);
        let uploading = state.uploads.get(&number);
        let uploading = uploading.filter(|each| each.upload.user == user && each.alive(call.now()));
        let uploading = uploading.ok_or_else(|| error::not_found("id", "media", &wanted))?;
        if let Some(finish) = &uploading.finish {
            return Ok(answer(&uploading.upload, finish, call.now()));
        }
        (uploading.upload.clone(), complete(uploading)?)
    };
    let mut bytes = Vec::new();
    for index in &segments {
        let stored = call.core.shelf.get(X::PLATFORM, &segment(number, *index)).await;
        bytes.extend(stored.map_err(|_| error::internal())?);
    }
    check::content(sniff(&bytes), dimensions(&bytes), upload.category)?;
    let size = bytes.len() as u64;
    let stored = call.core.shelf.put(X::PLATFORM, &number.to_string(), bytes.into()).await;
    stored.map_err(|_| error::internal())?;
    let finish = Finish { size, finished_at: call.now(), ready_at: ready_at(&call, &who, upload.category) };
    call.keep(&mut locked(&call.state), Fact::UploadFinished { id: number, finish: finish.clone() });
    let pieces = segments.into_iter().map(|index| segment(number, index)).collect();
    call.core.shelf.forget(X::PLATFORM, pieces).await;
    call.after(Operation::Media, &who, None, answer(&upload, &finish, finish.finished_at)).await
}

/// The segments of a whole upload, in order.
fn complete(uploading: &Uploading) -> Result<Vec<u16>, Refusal> {
    let indices: Vec<u16> = uploading.segments.keys().copied().collect();
    let gap = indices.iter().enumerate().find(|(place, index)| *place != usize::from(**index));
    if indices.is_empty() || gap.is_some() {
        let missing = gap.map_or(0, |(place, _)| place);
        return Err(error::invalid("segment_index", missing, format!("Segment {missing} is missing.")));
    }
    let size: u64 = uploading.segments.values().sum();
    let total = uploading.upload.total_bytes;
    if size != total {
        let message = format!("The segments have {size} bytes and total_bytes is {total}.");
        return Err(error::invalid("total_bytes", total, message));
    }
    Ok(indices)
}

fn answer(upload: &Upload, finish: &Finish, now: Timestamp) -> HttpResponse {
    let mut data = json!({
        "id": upload.id.to_string(),
        "media_key": media_key(upload.category, upload.id),
        "size": finish.size,
        "expires_after_secs": LIFE_S - now.duration_since(upload.at).as_secs(),
    });
    if let Some(processing) = processing(finish, now) {
        data["processing_info"] = processing;
    }
    HttpResponse::Ok().json(json!({"data": data}))
}
