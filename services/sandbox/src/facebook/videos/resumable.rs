//! The Resumable Upload API, which gives a handle for a file: `POST /{app}/uploads`, then `POST /upload:{session}`.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::super::Facebook;
use super::super::fact::{Fact, Upload};
use super::super::visit::Visit;
use super::receive::{check_size, piece, unknown_upload};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::Problem;
use crate::lock::locked;

const VIDEOS: [&str; 2] = ["video/mp4", "video/quicktime"];

/// What stands for a file in the call that publishes it.
pub(super) fn handle(id: u64) -> String {
    format!("sandbox-handle:{id}")
}

/// The upload that a handle is of.
pub(super) fn of_handle(handle: &str) -> Option<u64> {
    handle.strip_prefix("sandbox-handle:")?.parse().ok()
}

/// `POST /{app}/uploads`: the app is the token's own.
pub(in super::super) async fn open(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Media, None).await?;
    visit.params.only(&["file_name", "file_length", "file_type"])?;
    let app = visit.call.request().match_info().get("id").unwrap_or_default();
    if app != visit.grant.client_id && app != "app" {
        return Err(visit.missing().into());
    }
    let size = visit.params.number("file_length")?;
    let size = check_size(&visit.call, size.ok_or_else(|| Problem::invalid("The parameter file_length is required"))?)?;
    if !VIDEOS.contains(&visit.params.needed("file_type")?.as_str()) {
        return Err(Problem::invalid(
            "Param file_type must be video/mp4 or video/quicktime (of the others nothing can be published here)",
        )
        .into());
    }
    let id = {
        let mut state = locked(&visit.call.state);
        let upload = Upload { id: state.next_id(), owner: visit.grant.user, page: None, size };
        let id = upload.id;
        visit.call.keep(&mut state, Fact::UploadOpened(upload));
        id
    };
    let answer = HttpResponse::Ok().json(json!({"id": format!("upload:{id}")}));
    visit.call.after(Operation::Media, &visit.who(), None, answer).await
}

/// The session in the path, which the same person has opened.
fn session(visit: &Visit) -> Result<u64, Problem> {
    let id = visit.call.request().match_info().get("session").and_then(|id| id.parse().ok());
    let own = |id: &u64| {
        let state = locked(&visit.call.state);
        state.uploads.get(id).is_some_and(|uploading| uploading.upload.owner == visit.grant.user)
    };
    id.filter(own).ok_or_else(unknown_upload)
}

/// `POST /upload:{session}` with the header `file_offset`: the handle, once the file is whole.
pub(in super::super) async fn append(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (visit, bytes) = Visit::raw(call, payload).await?;
    visit.before(Operation::Media, None).await?;
    visit.params.only(&[])?;
    let id = session(&visit)?;
    let offset = visit.call.header("file_offset").and_then(|offset| offset.parse().ok());
    let offset = offset.ok_or_else(|| Problem::invalid("The header file_offset is required"))?;
    let received = piece(&visit.call, id, offset, bytes).await?;
    let is_whole = locked(&visit.call.state).uploads.get(&id).is_some_and(|uploading| uploading.file.is_some());
    let answer = match is_whole {
        true => json!({"h": handle(id)}),
        false => json!({"id": format!("upload:{id}"), "file_offset": received}),
    };
    visit.call.after(Operation::Media, &visit.who(), None, HttpResponse::Ok().json(answer)).await
}

/// `GET /upload:{session}`: how far it is.
pub(in super::super) async fn progress(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Media, None).await?;
    visit.params.only(&[])?;
    let id = session(&visit)?;
    let received = locked(&visit.call.state).uploads.get(&id).map_or(0, |uploading| uploading.received);
    Ok(HttpResponse::Ok().json(json!({"id": format!("upload:{id}"), "file_offset": received})))
}
