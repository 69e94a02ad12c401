//! `POST /{page}/videos` in one step: by address, as bytes, or by the handle of an upload; and the listing.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::SignedDuration;
use serde_json::json;

use super::super::fact::{Fact, Post, PostKind, Video};
use super::super::posts::{check_text, is_published, keep};
use super::super::state::State;
use super::super::visit::Visit;
use super::super::{Facebook, view};
use super::{phases, receive, resumable};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Fields, File, Problem, moment, paging};
use crate::ledger::MediaNote;
use crate::lock::locked;

pub(super) const SCOPES: [&str; 2] = ["pages_manage_posts", "pages_read_engagement"];
const KNOWN: [&str; 8] = [
    "file_url",
    "source",
    "fbuploader_video_file_chunk",
    "title",
    "description",
    "published",
    "scheduled_publish_time",
    "no_story",
];
const LONGEST: usize = 63_206;

/// The words of a video.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) description: String,
}

impl Words {
    pub(super) fn read(visit: &Visit) -> Result<Self, Problem> {
        let title = visit.params.text("title")?.unwrap_or_default();
        let description = visit.params.text("description")?.unwrap_or_default();
        check_text("title", &title, 255)?;
        check_text("description", &description, LONGEST)?;
        Ok(Self { title, description })
    }
}

pub(in super::super) async fn publish(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&SCOPES)?;
    if visit.params.has("upload_phase") {
        return phases::step(visit, page).await;
    }
    let description = visit.params.text("description").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&description)).await?;
    visit.params.only(&KNOWN)?;
    let is_published = is_published(&visit)?;
    let words = Words::read(&visit)?;
    let file = file(&visit).await?;
    let id = {
        let mut state = locked(&visit.call.state);
        let id = state.next_id();
        made(&visit, &mut state, Made { id, page, kind: PostKind::Video, words, file, is_published });
        id
    };
    let answer = HttpResponse::Ok().json(json!({"id": id.to_string()}));
    visit.call.after(Operation::Publish, &page.to_string(), Some(&description), answer).await
}

async fn file(visit: &Visit) -> Result<File, Problem> {
    if let Some(source) = visit.params.file("source") {
        return receive::whole(&visit.call, source.clone()).await;
    }
    if let Some(handle) = visit.params.word("fbuploader_video_file_chunk")? {
        let state = locked(&visit.call.state);
        let uploading = resumable::of_handle(&handle).and_then(|id| state.uploads.get(&id));
        let own = uploading.filter(|uploading| uploading.upload.owner == visit.grant.user);
        return own.and_then(|uploading| uploading.file.clone()).ok_or_else(receive::unknown_upload);
    }
    let address = visit.params.word("file_url")?.ok_or_else(|| Problem::numbered(324, "Requires upload file"))?;
    receive::by_address(&visit.call, &address).await
}

/// A video that is whole, on its way out.
pub(super) struct Made {
    pub(super) id: u64,
    pub(super) page: u64,
    pub(super) kind: PostKind,
    pub(super) words: Words,
    pub(super) file: File,
    pub(super) is_published: bool,
}

/// Writes a video down together with its post. People see it from then on; that it is processed only shows in its status.
/// Answers the post's full id.
pub(super) fn made(visit: &Visit, state: &mut State, made: Made) -> String {
    let now = visit.call.now();
    let usual = SignedDuration::from_millis(i64::try_from(visit.call.core.settings.processing_ms).unwrap_or(0));
    let Made { id, page, kind, words, file, is_published } = made;
    let note = MediaNote { id: id.to_string(), ..MediaNote::from(&file) };
    let video = Video {
        id,
        page,
        title: words.title,
        description: words.description.clone(),
        file: Some(file),
        is_published,
        at: now,
        ready_at: now.saturating_add(usual).unwrap_or(now),
    };
    visit.call.keep(state, Fact::VideoMade(Box::new(video)));
    let post = Post {
        id: state.next_id(),
        page,
        kind,
        message: words.description,
        link: None,
        photos: Vec::new(),
        video: Some(id),
        is_published,
        at: now,
    };
    let full_id = post.full_id();
    keep(&visit.call, state, post, vec![note]);
    full_id
}

/// `GET /{page}/videos`: newest first.
pub(in super::super) async fn list(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&["pages_read_engagement"])?;
    visit.before(Operation::Probe, None).await?;
    visit.params.only(&[["since", "until", "type"].as_slice(), &paging::PARAMS].concat())?;
    let (since, until) = (moment::bound(&visit.params, "since")?, moment::bound(&visit.params, "until")?);
    let fields = Fields::of(&visit.params, view::VIDEO)?;
    let state = locked(&visit.call.state);
    let within = state.videos.values().rev().filter(|video| {
        video.page == page
            && video.file.is_some()
            && since.is_none_or(|since| video.at >= since)
            && until.is_none_or(|until| video.at <= until)
    });
    let item = |video: &Video| {
        let whole = view::video(video, &state, &visit.call.core);
        Ok((video.id.to_string(), fields.pick(&whole, "Video")?))
    };
    let items = within.map(item).collect::<Result<_, Problem>>()?;
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}
