//! `POST /{page}/videos` in phases: start, transfer until the offsets meet, finish. The server picks the size of a piece,
//! and offsets are text.

use actix_web::HttpResponse;
use serde_json::json;

use super::super::fact::{Fact, PostKind, Upload, Video};
use super::super::posts::is_published;
use super::super::visit::Visit;
use super::publish::{Made, Words, made};
use super::receive::{check_size, finished, piece, unknown_upload};
use crate::answer::Refusal;
use crate::faults::Operation;
use crate::graph::Problem;
use crate::lock::locked;

/// Bytes of a piece.
const PIECE: u64 = 1_048_576;

pub(super) async fn step(visit: Visit, page: u64) -> Result<HttpResponse, Refusal> {
    match visit.params.word("upload_phase")?.as_deref() {
        Some("start") => start(visit, page).await,
        Some("transfer") => transfer(visit, page).await,
        Some("finish") => finish(visit, page).await,
        _ => Err(Problem::invalid("Param upload_phase must be one of {START, TRANSFER, FINISH}").into()),
    }
}

async fn start(visit: Visit, page: u64) -> Result<HttpResponse, Refusal> {
    visit.before(Operation::Media, None).await?;
    visit.params.only(&["upload_phase", "file_size"])?;
    let size = visit.params.number("file_size")?;
    let size = check_size(&visit.call, size.ok_or_else(|| Problem::invalid("The parameter file_size is required"))?)?;
    let video = opened(&visit, page, size);
    let answer = json!({
        "upload_session_id": (video + 1).to_string(),
        "video_id": video.to_string(),
        "start_offset": "0",
        "end_offset": size.min(PIECE).to_string(),
    });
    visit.call.after(Operation::Media, &page.to_string(), None, HttpResponse::Ok().json(answer)).await
}

/// A video without bytes, and behind it, with the next id, its upload.
fn opened(visit: &Visit, page: u64, size: u64) -> u64 {
    let mut state = locked(&visit.call.state);
    let id = state.next_id();
    let video = Video::unuploaded(id, page, visit.call.now());
    visit.call.keep(&mut state, Fact::VideoMade(Box::new(video)));
    let upload = Upload { id: id + 1, owner: visit.grant.user, page: Some(page), size };
    visit.call.keep(&mut state, Fact::UploadOpened(upload));
    id
}

async fn transfer(visit: Visit, page: u64) -> Result<HttpResponse, Refusal> {
    visit.before(Operation::Media, None).await?;
    visit.params.only(&["upload_phase", "upload_session_id", "start_offset", "video_file_chunk"])?;
    let id = own_session(&visit, page)?;
    let offset = visit.params.number("start_offset")?;
    let offset = offset.ok_or_else(|| Problem::invalid("The parameter start_offset is required"))?;
    let bytes = visit.params.file("video_file_chunk").cloned();
    let bytes = bytes.ok_or_else(|| Problem::numbered(324, "Requires upload file"))?;
    if bytes.len() as u64 > PIECE {
        return Err(Problem::invalid("The piece is longer than the offsets allow").into());
    }
    let received = piece(&visit.call, id, offset, bytes).await?;
    let size = locked(&visit.call.state).uploads.get(&id).map_or(received, |uploading| uploading.upload.size);
    let end = size.min(received + PIECE);
    let answer = json!({"start_offset": received.to_string(), "end_offset": end.to_string()});
    visit.call.after(Operation::Media, &page.to_string(), None, HttpResponse::Ok().json(answer)).await
}

fn own_session(visit: &Visit, page: u64) -> Result<u64, Problem> {
    let id = visit.params.number("upload_session_id")?.ok_or_else(unknown_upload)?;
    let state = locked(&visit.call.state);
    let own = state.uploads.get(&id).is_some_and(|uploading| uploading.upload.page == Some(page));
    if own { Ok(id) } else { Err(unknown_upload()) }
}

async fn finish(visit: Visit, page: u64) -> Result<HttpResponse, Refusal> {
    let description = visit.params.text("description").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&description)).await?;
    let known = ["upload_phase", "upload_session_id", "title", "description", "published", "scheduled_publish_time"];
    visit.params.only(&known)?;
    let is_published = is_published(&visit)?;
    let words = Words::read(&visit)?;
    let session = own_session(&visit, page)?;
    let file = finished(&visit.call, session, page)?;
    {
        let mut state = locked(&visit.call.state);
        let id = session - 1;
        if state.is_used(id) {
            return Err(Problem::invalid("The upload session is finished already").into());
        }
        made(&visit, &mut state, Made { id, page, kind: PostKind::Video, words, file, is_published });
    }
    let answer = HttpResponse::Ok().json(json!({"success": true}));
    visit.call.after(Operation::Publish, &page.to_string(), Some(&description), answer).await
}
