//! `POST /rest/posts`: 201 with an empty body, the name of the post in a header.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;

use super::super::fact::{Fact, MediaKind, Post};
use super::super::state::{State, Uploading};
use super::super::{LinkedIn, auth, error, json_body, quota};
use super::request::{self, Draft};
use super::visible;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

pub(in super::super) async fn create(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::POSTS)?;
    let (author, text) = request::marked(&body);
    let author = author.unwrap_or_else(|| caller.urn());
    call.before(Operation::Publish, Some(&author), Some(&text)).await?;
    json_body(&call)?;
    auth::method(&call, "CREATE")?;
    let draft = request::read(&body)?;
    let name = post(&call, &caller, draft)?;
    let answer = HttpResponse::Created().insert_header(("x-restli-id", name)).finish();
    call.after(Operation::Publish, &author, Some(&text), answer).await
}

fn post(call: &Call<LinkedIn>, caller: &auth::Caller, draft: Draft) -> Result<String, Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    caller.writes_for(&state, &draft.post.author, "posts.CREATE")?;
    let media = check_media(&state, &draft, now)?;
    let (author, commentary) = (draft.post.author, draft.post.commentary);
    if let Some(known) = state.said(&author, &commentary, &draft.content, now) {
        return Err(error::duplicate(known));
    }
    let text = visible(&commentary, &state);
    let text = text.map_err(|problem| error::invalid("INVALID_VALUE_FOR_FIELD", problem))?;
    let id = state.next_id(now);
    let post = Post {
        id,
        activity: id + 1,
        author,
        commentary,
        text,
        visibility: draft.post.visibility,
        content: draft.content,
        media: draft.media,
        at: now,
    };
    let name = post.urn();
    let entry = NewEntry {
        at: now,
        platform: LinkedIn::PLATFORM,
        account: post.author.clone(),
        platform_post_id: name.clone(),
        kind: Kind::Post,
        parent: None,
        text: post.text.clone(),
        media,
    };
    let fact = Fact::Posted(Box::new(post));
    call.core.record_public(LinkedIn::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    Ok(name)
}

/// An upload of this owner that can be used now.
pub(in super::super) fn usable<'a>(
    state: &'a State,
    urn: &str,
    owner: &str,
    now: Timestamp,
) -> Result<&'a Uploading, Refusal> {
    let own = state.uploads.get(urn).filter(|uploading| uploading.upload.owner == owner);
    let unknown = || error::invalid("INVALID_VALUE_FOR_FIELD", format!("{urn} is not an upload of {owner}"));
    let uploading = own.ok_or_else(unknown)?;
    match uploading.status(now) {
        "AVAILABLE" => Ok(uploading),
        status => {
            let description = format!("{urn} cannot be used: its status is {status}");
            Err(error::bad_request("MEDIA_ASSET_NOT_AVAILABLE", description))
        }
    }
}

fn check_media(state: &State, draft: &Draft, now: Timestamp) -> Result<Vec<MediaNote>, Refusal> {
    for thumbnail in &draft.thumbnails {
        let uploading = usable(state, thumbnail, &draft.post.author, now)?;
        if uploading.upload.kind != MediaKind::Image {
            return Err(error::invalid("INVALID_VALUE_FOR_FIELD", "thumbnail is not an image"));
        }
    }
    let note = |attached: &super::super::fact::Attached| {
        let uploading = usable(state, &attached.urn, &draft.post.author, now)?;
        Ok(MediaNote {
            id: attached.urn.clone(),
            mime_type: uploading.mime_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            alt_text: attached.alt_text.clone(),
            size: uploading.size(),
        })
    };
    draft.media.iter().map(note).collect()
}
