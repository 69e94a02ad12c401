//! `GET /rest/images/{urn}`, `/rest/videos/{urn}`, `/rest/documents/{urn}`: how far an upload is.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::json;

use super::super::{LinkedIn, auth, error, quota, urn};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

pub(in super::super) async fn get(call: Call<LinkedIn>, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (kind, name) = path.into_inner();
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    urn::must_be_encoded(&call)?;
    let owner = locked(&call.state).uploads.get(&name).map(|uploading| uploading.upload.owner.clone());
    call.before(Operation::Media, owner.as_deref(), None).await?;
    let state = locked(&call.state);
    let found = state.uploads.get(&name).filter(|uploading| format!("{}s", uploading.upload.kind.word()) == kind);
    let uploading = found.ok_or_else(|| error::not_found(&name))?;
    let upload = &uploading.upload;
    caller.polls(&state, &upload.owner, upload.kind)?;
    let status = uploading.status(call.now());
    let mut answer = json!({"id": upload.urn, "owner": upload.owner, "status": status});
    if status == "AVAILABLE" {
        let name = super::shown_name(&upload.urn);
        answer["downloadUrl"] = format!("{}/_sandbox/media/linkedin/{name}", call.core.origin).into();
    }
    Ok(HttpResponse::Ok().json(answer))
}
