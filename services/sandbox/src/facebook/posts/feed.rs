//! `POST /{page}/feed`: a text, a link, or photos that were uploaded before (section 2.6).

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};
use url::Url;

use super::super::fact::{Fact, Photo, Post, PostKind};
use super::super::state::State;
use super::super::visit::Visit;
use super::super::{Facebook, error, view};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem};
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

/// In UTF-16 units, which is the strictest reading of a limit whose unit is not documented (section 2.9).
const LONGEST: usize = 63_206;
const SCOPES: [&str; 2] = ["pages_manage_posts", "pages_read_engagement"];
const KNOWN: [&str; 6] = ["message", "link", "published", "scheduled_publish_time", "attached_media", "fields"];

pub(in super::super) async fn publish(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.page(&SCOPES)?;
    let message = visit.params.text("message").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&message)).await?;
    visit.params.only(&KNOWN)?;
    let is_published = is_published(&visit)?;
    let link = visit.params.word("link")?.map(check_link).transpose()?;
    check_text("message", &message, LONGEST)?;
    let media = attached(&visit)?;
    if message.is_empty() && link.is_none() && media.is_empty() {
        return Err(Problem::invalid("Missing message or attachment").into());
    }
    if link.is_some() && !media.is_empty() {
        return Err(Problem::invalid("link cannot be combined with attached_media").into());
    }
    let answer = {
        let mut state = locked(&visit.call.state);
        let photos = usable(&state, page, &media)?;
        let newest = state.published(page).next();
        let repeats = |post: &Post| post.kind == PostKind::Status && post.message == message && post.link == link;
        if is_published && media.is_empty() && newest.is_some_and(repeats) {
            return Err(error::duplicate().into());
        }
        let id = state.next_id();
        let kind = if photos.is_empty() { PostKind::Status } else { PostKind::Photo };
        let at = visit.call.now();
        let post =
            Post { id, page, kind, message: message.clone(), link, photos: media, video: None, is_published, at };
        // Before it is public: nothing may be refused behind that.
        let answer = answer(&visit, &state, &post)?;
        let notes = photos.iter().map(note).collect();
        keep(&visit.call, &mut state, post, notes);
        answer
    };
    visit.call.after(Operation::Publish, &page.to_string(), Some(&message), HttpResponse::Ok().json(answer)).await
}

/// Facebook's own scheduling is not played: a scheduled post would never come out.
pub(in super::super) fn is_published(visit: &Visit) -> Result<bool, Problem> {
    if visit.params.has("scheduled_publish_time") {
        return Err(Problem::invalid(
            "The specified scheduled publish time is invalid (the sandbox does not schedule)",
        ));
    }
    Ok(visit.params.flag("published")?.unwrap_or(true))
}

pub(in super::super) fn check_text(name: &str, text: &str, longest: usize) -> Result<(), Problem> {
    let fits = text.encode_utf16().count() <= longest;
    if fits { Ok(()) } else { Err(Problem::invalid(format!("Param {name}: Name parameter too long"))) }
}

/// An address of the web that is not Facebook's own.
fn check_link(link: String) -> Result<String, Problem> {
    let url = Url::parse(&link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| Problem::invalid("link URL is not properly formatted"))?;
    let host = url.host_str().unwrap_or_default();
    match host.strip_suffix("facebook.com").is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
        true => Err(Problem::invalid("You cannot post links to facebook.com here").subcode(1_609_008)),
        false => Ok(link),
    }
}

/// `[{"media_fbid": "1"}]`.
fn attached(visit: &Visit) -> Result<Vec<u64>, Problem> {
    let id = |value: &Value| {
        let fields = value.as_object().filter(|fields| fields.len() == 1)?;
        let id = fields.get("media_fbid")?;
        id.as_u64().or_else(|| id.as_str()?.parse().ok())
    };
    let wrong = || Problem::invalid("attached_media must be an array of {\"media_fbid\": id}");
    visit.params.list("attached_media")?.iter().map(|value| id(value).ok_or_else(wrong)).collect()
}

/// The page's own photos, unpublished and in no post.
pub(in super::super) fn usable(state: &State, page: u64, ids: &[u64]) -> Result<Vec<Photo>, Problem> {
    let unique: BTreeSet<_> = ids.iter().collect();
    if unique.len() != ids.len() {
        return Err(Problem::invalid("attached_media names a photo twice"));
    }
    let photo = |id: &u64| {
        let own = state.photos.get(id).filter(|photo| photo.page == page && !photo.is_published);
        let free = own.filter(|photo| !state.is_used(photo.id)).cloned();
        free.ok_or_else(|| {
            Problem::invalid(format!("Invalid parameter: media_fbid {id} is not an unpublished photo of this page"))
        })
    };
    ids.iter().map(photo).collect()
}

pub(in super::super) fn note(photo: &Photo) -> MediaNote {
    MediaNote {
        id: photo.id.to_string(),
        mime_type: photo.file.mime_type.clone(),
        alt_text: photo.file.alt_text.clone(),
        size: photo.file.size,
    }
}

/// Writes a post down, and into the ledger if people see it.
pub(in super::super) fn keep(call: &Call<Facebook>, state: &mut State, post: Post, media: Vec<MediaNote>) {
    let entry = post.is_published.then(|| NewEntry {
        at: post.at,
        platform: Facebook::PLATFORM,
        account: post.page.to_string(),
        platform_post_id: post.full_id(),
        kind: Kind::Post,
        parent: None,
        text: post.message.clone(),
        media,
    });
    let fact = Fact::Posted(Box::new(post));
    match entry {
        Some(entry) => call.core.record_public(Facebook::PLATFORM, &fact, Change::Enter(Box::new(entry))),
        None => call.core.record(Facebook::PLATFORM, &fact),
    }
    state.apply(fact);
}

/// The id, and the fields that the request asked for.
fn answer(visit: &Visit, state: &State, post: &Post) -> Result<Value, Problem> {
    match visit.params.has("fields") {
        true => Fields::of(&visit.params, view::POST)?.pick(&view::post(post, state, &visit.call.core), "Post"),
        false => Ok(json!({"id": post.full_id()})),
    }
}
