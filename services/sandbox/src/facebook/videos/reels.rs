//! Reels and stories with a video: start, upload to another host, finish.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::super::Facebook;
use super::super::fact::{Fact, PostKind, Upload, Video};
use super::super::visit::Visit;
use super::publish::{Made, SCOPES, Words, made};
use super::receive::{by_address, check_size, finished, piece, unknown_upload};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::Problem;
use crate::lock::locked;

/// Reels in 24 hours (section 2.8).
const REELS: usize = 30;

/// `POST /{page}/video_reels`.
pub(in super::super) async fn reel(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    step(Visit::read(call, payload).await?, PostKind::Reel).await
}

/// `POST /{page}/video_stories`.
pub(in super::super) async fn video_story(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    step(Visit::read(call, payload).await?, PostKind::Story).await
}

async fn step(visit: Visit, kind: PostKind) -> Result<HttpResponse, Refusal> {
    let page = visit.page(&SCOPES)?;
    match visit.params.word("upload_phase")?.as_deref() {
        Some("start") => start(visit, page).await,
        Some("finish") => finish(visit, page, kind).await,
        _ => Err(Problem::invalid("Param upload_phase must be one of {START, FINISH}").into()),
    }
}

async fn start(visit: Visit, page: u64) -> Result<HttpResponse, Refusal> {
    visit.before(Operation::Media, None).await?;
    visit.params.only(&["upload_phase"])?;
    let id = {
        let mut state = locked(&visit.call.state);
        let id = state.next_id();
        let video = Video::unuploaded(id, page, visit.call.now());
        visit.call.keep(&mut state, Fact::VideoMade(Box::new(video)));
        id
    };
    let address = format!("{}/facebook/rupload/video-upload/v24.0/{id}", visit.call.core.origin);
    let answer = HttpResponse::Ok().json(json!({"video_id": id.to_string(), "upload_url": address}));
    visit.call.after(Operation::Media, &page.to_string(), None, answer).await
}

/// `POST https://rupload.facebook.com/video-upload/{version}/{video}`: an address in a header, or bytes with their offset.
pub(in super::super) async fn rupload(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (visit, bytes) = Visit::raw(call, payload).await?;
    let page = visit.own_page(&SCOPES)?;
    visit.before(Operation::Media, None).await?;
    visit.params.only(&[])?;
    let id = visit.call.request().match_info().get("video").and_then(|id| id.parse().ok());
    let own = |id: &u64| locked(&visit.call.state).videos.get(id).is_some_and(|video| video.page == page);
    let id: u64 = id.filter(own).ok_or_else(unknown_upload)?;
    let number = |name: &str| -> Option<u64> { visit.call.header(name)?.parse().ok() };
    match visit.call.header("file_url") {
        Some(address) => {
            let file = by_address(&visit.call, address).await?;
            let mut state = locked(&visit.call.state);
            let upload = Upload { id, owner: visit.grant.user, page: Some(page), size: file.size };
            visit.call.keep(&mut state, Fact::UploadOpened(upload));
            visit.call.keep(&mut state, Fact::UploadDone { upload: id, file });
        }
        None => {
            let needed = || Problem::invalid("The headers offset and file_size, or file_url, are required");
            let (offset, size) = number("offset").zip(number("file_size")).ok_or_else(needed)?;
            let size = check_size(&visit.call, size)?;
            if offset == 0 {
                let upload = Upload { id, owner: visit.grant.user, page: Some(page), size };
                visit.call.keep(&mut locked(&visit.call.state), Fact::UploadOpened(upload));
            }
            piece(&visit.call, id, offset, bytes).await?;
        }
    }
    let answer = HttpResponse::Ok().json(json!({"success": true}));
    visit.call.after(Operation::Media, &page.to_string(), None, answer).await
}

async fn finish(visit: Visit, page: u64, kind: PostKind) -> Result<HttpResponse, Refusal> {
    let description = visit.params.text("description").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&description)).await?;
    match kind {
        PostKind::Reel => visit.params.only(&["upload_phase", "video_id", "video_state", "description", "title"])?,
        _ => visit.params.only(&["upload_phase", "video_id"])?,
    }
    if kind == PostKind::Reel && visit.params.needed("video_state")? != "PUBLISHED" {
        return Err(Problem::invalid("Param video_state must be PUBLISHED (the sandbox keeps no drafts)").into());
    }
    let id = visit.params.number("video_id")?.ok_or_else(unknown_upload)?;
    let words = Words::read(&visit)?;
    let file = finished(&visit.call, id, page)?;
    let post = {
        let (mut state, now) = (locked(&visit.call.state), visit.call.now());
        if state.is_used(id) {
            return Err(Problem::invalid("The video is published already").into());
        }
        let counts = kind == PostKind::Reel && visit.call.core.quotas.enforced(Facebook::PLATFORM);
        if counts && state.reels_lately(page, now) >= REELS {
            return Err(Problem::numbered(613, "Calls to this api have exceeded the rate limit.").into());
        }
        made(&visit, &mut state, Made { id, page, kind, words, file, is_published: true })
    };
    let answer = match kind {
        PostKind::Story => json!({"success": true, "post_id": post}),
        _ => json!({"success": true}),
    };
    visit.call.after(Operation::Publish, &page.to_string(), Some(&description), HttpResponse::Ok().json(answer)).await
}
