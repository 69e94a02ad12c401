//! `POST /2/tweets`.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fact::{Category, Fact, Post};
use super::super::state::State;
use super::super::text::mentions;
use super::super::{X, auth, error, quota};
use super::request::{self, Draft};
use super::view;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

pub(in super::super) async fn create(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &["tweet.read", "tweet.write", "users.read"], &quota::CREATE)?;
    let (who, text) = (user.to_string(), request::marked_text(&body));
    call.before(Operation::Publish, Some(&who), Some(&text)).await?;
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(error::invalid("", Value::Null, "Content-Type must be application/json"));
    }
    let draft = request::read(&body)?;
    let answer = post(&call, user, draft)?;
    call.after(Operation::Publish, &who, Some(&text), HttpResponse::Created().json(answer)).await
}

fn post(call: &Call<X>, user: u64, draft: Draft) -> Result<Value, Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    if let Some(parent) = draft.parent {
        check_reply(&state, user, parent)?;
    }
    let media = check_media(&state, user, &draft.media, now)?;
    if !draft.text.is_empty() && state.said(user, &draft.text, now) {
        return Err(error::duplicate());
    }
    let post = Post {
        id: state.next_id(now),
        user,
        text: draft.text,
        media: draft.media,
        parent: draft.parent,
        poll: draft.poll,
        reply_settings: draft.reply_settings,
        at: now,
    };
    let entry = NewEntry {
        at: now,
        platform: X::PLATFORM,
        account: user.to_string(),
        platform_post_id: post.id.to_string(),
        kind: if post.parent.is_some() { Kind::Reply } else { Kind::Post },
        parent: post.parent.map(|parent| parent.to_string()),
        text: post.text.clone(),
        media,
    };
    let fact = Fact::Posted(post.clone());
    call.core.record_public(X::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    let id = post.id.to_string();
    let text = view::rendered(&post, &state).text;
    Ok(json!({"data": {"id": id, "text": text, "edit_history_post_ids": [id]}}))
}

/// Replies go to one's own posts, or to those of whoever mentioned one.
fn check_reply(state: &State, user: u64, parent: u64) -> Result<(), Refusal> {
    let parent = state.posts.get(&parent).ok_or_else(error::parent_gone)?;
    let own_name = state.users.get(&user).map_or("", |user| user.username.as_str());
    let mentioned = || mentions(&parent.text).iter().any(|(_, name)| name.eq_ignore_ascii_case(own_name));
    if parent.user == user || mentioned() { Ok(()) } else { Err(error::uninvited_reply()) }
}

/// Media are the user's own, ready, and 4 images or 1 of the others.
fn check_media(state: &State, user: u64, ids: &[u64], now: Timestamp) -> Result<Vec<MediaNote>, Refusal> {
    let mut notes = Vec::new();
    for id in ids {
        let uploading = state.uploads.get(id);
        let own = uploading.filter(|uploading| uploading.upload.user == user && uploading.usable(now));
        let uploading = own.ok_or_else(error::bad_media)?;
        if ids.len() > 1 && uploading.upload.category != Category::TweetImage {
            return Err(error::bad_media());
        }
        notes.push(MediaNote {
            id: id.to_string(),
            mime_type: uploading.upload.media_type.clone(),
            alt_text: uploading.alt_text.clone(),
            size: uploading.finish.as_ref().map_or(0, |finish| finish.size),
        });
    }
    let unique: std::collections::HashSet<&u64> = ids.iter().collect();
    if unique.len() == ids.len() { Ok(notes) } else { Err(error::bad_media()) }
}
