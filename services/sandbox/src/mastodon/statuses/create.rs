//! `POST /api/v1/statuses`.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::super::fact::{Fact, Media, MediaKind, Poll, Status};
use super::super::params::Params;
use super::super::state::State;
use super::super::{Mastodon, auth, error, quota};
use super::draft::Draft;
use super::view::view;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

pub(in super::super) async fn create(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &["write:statuses"], Some(&quota::STATUSES))?;
    let params = Params::body(&call, &body)?;
    let text = params.text("status").ok().flatten().unwrap_or_default();
    let who = account.to_string();
    call.before(Operation::Publish, Some(&who), Some(&text)).await?;
    let key = call.header("idempotency-key").filter(|key| !key.is_empty()).map(str::to_owned);
    if let Some(repeated) = repeated(&call, account, key.as_deref())? {
        return Ok(repeated);
    }
    let draft = Draft::read(params)?;
    let answer = post(&call, account, draft, key)?;
    call.after(Operation::Publish, &who, Some(&text), answer).await
}

/// The answer to a key that was used within the hour: the status it made. 404 when that is deleted.
fn repeated(call: &Call<Mastodon>, account: u64, key: Option<&str>) -> Result<Option<HttpResponse>, Refusal> {
    let state = locked(&call.state);
    let Some(id) = key.and_then(|key| state.by_key(account, key, call.now())) else {
        return Ok(None);
    };
    let status = state.statuses.get(&id).ok_or_else(error::not_found)?;
    Ok(Some(HttpResponse::Ok().json(view(status, &state, &call.core, Some(account)))))
}

fn post(call: &Call<Mastodon>, account: u64, draft: Draft, key: Option<String>) -> Result<HttpResponse, Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    // Two requests with one key at once: the second finds the first's status here.
    if let Some(id) = key.as_deref().and_then(|key| state.by_key(account, key, now)) {
        let status = state.statuses.get(&id).ok_or_else(error::not_found)?;
        return Ok(HttpResponse::Ok().json(view(status, &state, &call.core, Some(account))));
    }
    let parent = there(&state, draft.in_reply_to.as_deref(), account)?;
    let quoted = there(&state, draft.quoted.as_deref(), account)?;
    let media = attachable(&state, &draft.media, account, now)?;
    let notes = media.iter().map(|media| MediaNote {
        id: media.id.to_string(),
        mime_type: media.mime_type.clone(),
        alt_text: media.description.clone(),
        size: media.size,
    });
    let id = state.next_id(now);
    let entry = NewEntry {
        at: now,
        platform: Mastodon::PLATFORM,
        account: account.to_string(),
        platform_post_id: id.to_string(),
        kind: if parent.is_some() { Kind::Reply } else { Kind::Post },
        parent: parent.map(|parent| parent.to_string()),
        text: draft.text.clone(),
        media: notes.collect(),
    };
    let poll = draft.poll.map(|poll| Poll {
        id: id + 1,
        options: poll.options,
        ends_at: now
            .saturating_add(SignedDuration::from_secs(i64::try_from(poll.expires_in_s).unwrap_or(i64::MAX)))
            .unwrap_or(Timestamp::MAX),
        multiple: poll.multiple,
    });
    let status = Status {
        id,
        account,
        text: draft.text,
        spoiler_text: draft.spoiler_text,
        visibility: draft.visibility,
        sensitive: draft.sensitive,
        language: draft.language,
        in_reply_to: parent,
        quoted,
        media: media.iter().map(|media| media.id).collect(),
        poll,
        at: now,
    };
    let fact = Fact::StatusPosted { status: Box::new(status), key };
    call.core.record_public(Mastodon::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    let status = state.statuses.get(&id).ok_or_else(error::server_error)?;
    Ok(HttpResponse::Ok().json(view(status, &state, &call.core, Some(account))))
}

/// The status that an id names: readable by the author and not deleted.
fn there(state: &State, id: Option<&str>, account: u64) -> Result<Option<u64>, Refusal> {
    let Some(id) = id else {
        return Ok(None);
    };
    let found = id.parse().ok().and_then(|id| state.status(id, Some(account)));
    found.map(|status| Some(status.id)).ok_or_else(error::not_found)
}

/// The author's own uploads, processed, not attached elsewhere, and of kinds that go together.
fn attachable(state: &State, ids: &[String], account: u64, now: Timestamp) -> Result<Vec<Media>, Refusal> {
    let mut found: Vec<Media> = Vec::new();
    for id in ids {
        let media = id.parse().ok().and_then(|id: u64| state.media.get(&id));
        let own = media.filter(|media| media.account == account && media.status.is_none() && media.alive(now));
        let missing = || error::unprocessable(format!("Media {id} not found or already attached to another post"));
        let media = own.ok_or_else(missing)?;
        if !found.iter().any(|each| each.id == media.id) {
            found.push(media.clone());
        }
    }
    if found.len() > 1 && found.iter().any(|media| media.kind != MediaKind::Image) {
        return Err(error::unprocessable("Cannot attach a video to a post that already contains images"));
    }
    if found.iter().any(|media| !media.ready(now)) {
        let message = "Cannot attach files that have not finished processing. Try again in a moment!";
        return Err(error::unprocessable(message));
    }
    Ok(found)
}
