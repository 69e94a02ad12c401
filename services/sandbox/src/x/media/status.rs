//! `GET /2/media/upload?command=STATUS&media_id=`.

use actix_web::HttpResponse;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fact::Finish;
use super::super::posts::{Query, id};
use super::super::{X, auth, error, quota};
use super::{LIFE_S, SCOPES};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

/// How far the processing is; `None` when there is none.
pub(super) fn processing(finish: &Finish, now: Timestamp) -> Option<Value> {
    let ready_at = finish.ready_at?;
    let left_ms = ready_at.duration_since(now).as_millis();
    if left_ms <= 0 {
        return Some(json!({"state": "succeeded", "progress_percent": 100}));
    }
    let whole_ms = ready_at.duration_since(finish.finished_at).as_millis().max(1);
    let check_after = (left_ms.saturating_add(999) / 1000).clamp(1, 30);
    if left_ms == whole_ms {
        return Some(json!({"state": "pending", "check_after_secs": check_after}));
    }
    let percent = ((whole_ms - left_ms) * 100 / whole_ms).clamp(0, 99);
    Some(json!({"state": "in_progress", "check_after_secs": check_after, "progress_percent": percent}))
}

pub(in super::super) async fn status(call: Call<X>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::STATUS)?;
    call.before(Operation::Media, Some(&user.to_string()), None).await?;
    let query = Query::read(&call, &["command", "media_id"])?;
    if let Some(other) = query.get("command").filter(|command| *command != "STATUS") {
        return Err(error::invalid("command", other, "command must be STATUS."));
    }
    let wanted = query.get("media_id").unwrap_or_default();
    let number = id("media_id", wanted)?;
    let now = call.now();
    let state = locked(&call.state);
    let uploading = state.uploads.get(&number).filter(|each| each.upload.user == user && each.alive(now));
    let uploading = uploading.ok_or_else(|| error::not_found("media_id", "media", wanted))?;
    let unfinished = || error::invalid("media_id", wanted, "The upload is not finalized yet.");
    let finish = uploading.finish.as_ref().ok_or_else(unfinished)?;
    let mut data = json!({
        "id": uploading.upload.id.to_string(),
        "media_key": uploading.media_key(),
        "size": finish.size,
        "expires_after_secs": LIFE_S - now.duration_since(uploading.upload.at).as_secs(),
    });
    if let Some(processing) = processing(finish, now) {
        data["processing_info"] = processing;
    }
    Ok(HttpResponse::Ok().json(json!({"data": data})))
}
