//! `POST /2/media/metadata`: alt text.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fact::Fact;
use super::super::posts::id;
use super::super::{X, auth, error, quota};
use super::SCOPES;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const LONGEST: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetadataRequest {
    id: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    alt_text: AltText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AltText {
    text: String,
}

pub(in super::super) async fn metadata(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::METADATA)?;
    let who = user.to_string();
    call.before(Operation::Media, Some(&who), None).await?;
    let request: MetadataRequest =
        serde_json::from_slice(&body).map_err(|problem| error::invalid("", Value::Null, format!("[$: {problem}]")))?;
    let alt_text = request.metadata.alt_text.text;
    if alt_text.is_empty() || alt_text.chars().count() > LONGEST {
        let message = "$.metadata.alt_text.text: must be 1 to 1000 characters long";
        return Err(error::invalid("metadata.alt_text.text", Value::Null, message));
    }
    let number = id("id", &request.id)?;
    {
        let mut state = locked(&call.state);
        let uploading = state.uploads.get(&number);
        let own = uploading.is_some_and(|each| each.upload.user == user && each.alive(call.now()));
        if !own {
            return Err(error::not_found("id", "media", &request.id));
        }
        call.keep(&mut state, Fact::AltTextSet { id: number, alt_text });
    }
    let answer = HttpResponse::Ok().json(json!({"data": {"id": request.id}}));
    call.after(Operation::Media, &who, None, answer).await
}
