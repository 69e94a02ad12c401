//! `POST /rest/socialActions/{urn}/comments`.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Path};
use serde::Deserialize;
use serde_json::Value;

use super::super::fact::{Comment, Fact};
use super::super::posts::usable;
use super::super::state::State;
use super::super::{LinkedIn, auth, error, json_body, quota, urn};
use super::view;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

const MOST_CHARACTERS: usize = 1_250;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateComment {
    actor: String,
    object: String,
    message: Message,
    parent_comment: Option<String>,
    #[serde(default)]
    content: Vec<Content>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    text: String,
    #[serde(default)]
    attributes: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    entity: Entity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entity {
    image: String,
}

fn wrong(field: &str) -> Refusal {
    error::invalid("INVALID_VALUE_FOR_FIELD", format!("{field} has a value that is not allowed"))
}

/// Actor and text of a body, as far as they can be made out: faults strike before the body is checked.
fn marked(body: &[u8]) -> (Option<String>, String) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = body["message"]["text"].as_str().unwrap_or_default().to_owned();
    (body["actor"].as_str().map(str::to_owned), text)
}

pub(in super::super) async fn create(
    call: Call<LinkedIn>,
    target: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::COMMENTS)?;
    urn::must_be_encoded(&call)?;
    let (actor, text) = marked(&body);
    let actor = actor.unwrap_or_else(|| caller.urn());
    call.before(Operation::Publish, Some(&actor), Some(&text)).await?;
    json_body(&call)?;
    auth::method(&call, "CREATE")?;
    let wanted: CreateComment = serde_json::from_slice(&body).map_err(|problem| error::unreadable(&problem))?;
    let (id, shown) = comment(&call, &caller, &target, wanted)?;
    let answer = HttpResponse::Created().insert_header(("x-restli-id", id)).json(shown);
    call.after(Operation::Publish, &actor, Some(&text), answer).await
}

/// The post, and the comment of it, that a path names.
fn aim(state: &State, target: &str) -> Option<(u64, Option<u64>)> {
    match urn::comment_number(target) {
        Some(comment) => state.comments.get(&comment).map(|comment| (comment.post, Some(comment.id))),
        None => state.post(target).map(|post| (post.id, None)),
    }
}

fn comment(
    call: &Call<LinkedIn>,
    caller: &auth::Caller,
    target: &str,
    wanted: CreateComment,
) -> Result<(String, Value), Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    caller.writes_for(&state, &wanted.actor, "socialActions.comments.CREATE")?;
    let (post, parent) = aim(&state, target).ok_or_else(|| error::not_found(target))?;
    if state.post(&wanted.object).is_none_or(|named| named.id != post) {
        return Err(wrong("object"));
    }
    let named = wanted.parent_comment.as_deref();
    if named.is_some() && named.and_then(urn::comment_number) != parent {
        return Err(wrong("parentComment"));
    }
    let text = wanted.message.text;
    let is_too_long = text.chars().count() > MOST_CHARACTERS;
    if is_too_long || text.trim().is_empty() && wanted.content.is_empty() || !wanted.message.attributes.is_empty() {
        let code = if is_too_long { "FIELD_LENGTH_TOO_LONG" } else { "INVALID_VALUE_FOR_FIELD" };
        return Err(error::invalid(code, "message has a value that is not allowed"));
    }
    if wanted.content.len() > 1 {
        return Err(wrong("content"));
    }
    let image = wanted.content.into_iter().next().map(|content| content.entity.image);
    let media = match &image {
        Some(image) => {
            let uploading = usable(&state, image, &wanted.actor, now)?;
            let mime_type = uploading.mime_type.clone().unwrap_or_default();
            vec![MediaNote { id: image.clone(), mime_type, alt_text: None, size: uploading.size() }]
        }
        None => Vec::new(),
    };
    let comment = Comment { id: state.next_id(now), post, parent, actor: wanted.actor, text, image, at: now };
    enter(call, &mut state, &comment, media);
    Ok((comment.id.to_string(), view(&comment, &state)))
}

fn enter(call: &Call<LinkedIn>, state: &mut State, comment: &Comment, media: Vec<MediaNote>) {
    let post = state.posts.get(&comment.post);
    let activity = post.map_or(0, |post| post.activity);
    let above = comment.parent.map(|parent| urn::comment(activity, parent));
    let entry = NewEntry {
        at: comment.at,
        platform: LinkedIn::PLATFORM,
        account: comment.actor.clone(),
        platform_post_id: urn::comment(activity, comment.id),
        kind: Kind::Comment,
        parent: above.or_else(|| post.map(super::super::fact::Post::urn)),
        text: comment.text.clone(),
        media,
    };
    let fact = Fact::Commented(comment.clone());
    call.core.record_public(LinkedIn::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
}
