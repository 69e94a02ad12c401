//! A reel's or story's bytes, which only an app with Facebook Login may send (section 3.8).

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Payload};
use jiff::SignedDuration;
use serde_json::json;

use super::Instagram;
use super::containers::VIDEOS;
use super::fact::Fact;
use super::users::SCOPES;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::media::{self, BadMedia};
use crate::graph::{File, Problem, Status, Visit};
use crate::lock::locked;
use crate::sniff::{FileKind, sniff};

/// `POST https://rupload.facebook.com/ig-api-upload/{container}`: an address in a header, or the whole file at once.
pub(super) async fn rupload(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (visit, body) = Visit::raw(call, payload).await?;
    visit.before(Operation::Media, None).await?;
    visit.needs(SCOPES[1])?;
    visit.params.only(&[])?;
    let id = waiting(&visit)?;
    let (file, failure) = match received(&visit, body).await? {
        Ok((bytes, kind)) => (Some(media::shelve(&visit.call, bytes, kind, None).await?), None),
        Err(BadMedia::Unfetched(_)) => (None, Some("2207077".to_owned())),
        Err(_) => (None, Some("2207026".to_owned())),
    };
    keep(&visit, id, file, failure);
    let answer = HttpResponse::Ok().json(json!({"success": true, "message": "Upload successful."}));
    visit.call.after(Operation::Media, &visit.who(), None, answer).await
}

/// The container in the path, which waits for its bytes.
fn waiting(visit: &Visit<Instagram>) -> Result<u64, Problem> {
    let state = locked(&visit.call.state);
    let named = visit.id().parse().ok().and_then(|id: u64| state.containers.get(&id));
    let waits = named.filter(|container| {
        container.awaits_upload && container.status(visit.call.now()) == Status::InProgress && container.file.is_none()
    });
    waits.map(|container| container.id).ok_or_else(|| visit.missing())
}

type Received = Result<(Bytes, FileKind), BadMedia>;

async fn received(visit: &Visit<Instagram>, body: Bytes) -> Result<Received, Problem> {
    if let Some(address) = visit.call.header("file_url") {
        return Ok(media::fetched(&visit.call, address, &VIDEOS).await);
    }
    let number = |name: &str| -> Option<u64> { visit.call.header(name)?.parse().ok() };
    if number("offset") != Some(0) || number("file_size") != Some(body.len() as u64) || body.is_empty() {
        let problem = "The headers offset (0) and file_size (that of the body), or file_url, are required";
        return Err(Problem::invalid(problem));
    }
    let kind = sniff(&body).filter(|kind| VIDEOS.kinds.contains(kind));
    Ok(kind.map(|kind| (body, kind)).ok_or(BadMedia::Kind))
}

fn keep(visit: &Visit<Instagram>, container: u64, file: Option<File>, failure: Option<String>) {
    let usual = SignedDuration::from_millis(i64::try_from(visit.call.core.settings.processing_ms).unwrap_or(0));
    let wait = visit.call.slow_processing(&visit.who()).unwrap_or(usual);
    let now = visit.call.now();
    let ready_at = now.saturating_add(wait).unwrap_or(now);
    visit.call.keep(&mut locked(&visit.call.state), Fact::Uploaded { container, file, failure, ready_at });
}
