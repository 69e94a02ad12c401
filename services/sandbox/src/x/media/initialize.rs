//! `POST /2/media/upload/initialize`.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fact::{Fact, Upload};
use super::super::state::media_key;
use super::super::{X, auth, error, quota};
use super::{LIFE_S, SCOPES, check};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InitializeRequest {
    media_type: String,
    total_bytes: u64,
    media_category: Option<String>,
    #[serde(default)]
    additional_owners: Vec<String>,
    #[serde(default)]
    shared: bool,
}

pub(in super::super) async fn initialize(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::INITIALIZE)?;
    let who = user.to_string();
    call.before(Operation::Media, Some(&who), None).await?;
    let request: InitializeRequest =
        serde_json::from_slice(&body).map_err(|problem| error::invalid("", Value::Null, format!("[$: {problem}]")))?;
    if !request.additional_owners.is_empty() || request.shared {
        return Err(error::forbidden("Your account is not permitted to access this feature."));
    }
    let category = match &request.media_category {
        Some(word) => check::category(word)?,
        None => check::usual_category(&request.media_type),
    };
    check::media_type(&request.media_type, category)?;
    check::size(request.total_bytes, category)?;
    if request.total_bytes > call.core.settings.max_upload_bytes as u64 {
        return Err(error::too_large());
    }
    let id = {
        let now = call.now();
        let mut state = locked(&call.state);
        let id = state.next_id(now);
        let upload =
            Upload { id, user, category, media_type: request.media_type, total_bytes: request.total_bytes, at: now };
        call.keep(&mut state, Fact::UploadOpened(upload));
        id
    };
    let data = json!({"id": id.to_string(), "media_key": media_key(category, id), "expires_after_secs": LIFE_S});
    call.after(Operation::Media, &who, None, HttpResponse::Ok().json(json!({"data": data}))).await
}
