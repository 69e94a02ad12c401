//! Comments: text only, and no deeper than one reply (sections 3.7 and 3.16).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::Instagram;
use super::fact::{Comment, Fact};
use super::state::State;
use super::users::SCOPES;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem, Visit, moment, paging};
use crate::ledger::{Change, Kind, NewEntry};
use crate::lock::locked;

const LONGEST: usize = 2_200;
const USUAL: &str = "id,text,timestamp";

pub(super) fn view(comment: &Comment, state: &State) -> Value {
    let replies: Vec<Value> = match comment.parent {
        None => state.below(comment.media, Some(comment.id)).map(|reply| view(reply, state)).collect(),
        Some(_) => Vec::new(),
    };
    let username = state.username(comment.user);
    json!({
        "id": comment.id.to_string(),
        "text": comment.text,
        "timestamp": moment::written(comment.at),
        "username": username,
        "from": {"id": comment.user.to_string(), "username": username},
        "media": {"id": comment.media.to_string()},
        "parent_id": comment.parent.map(|parent| parent.to_string()),
        "like_count": 0,
        "hidden": comment.is_hidden,
        "replies": {"data": replies},
    })
}

/// The post of an id, and the comment if it is one. A reply to a reply lands on the top comment.
fn place(state: &State, id: &str) -> Option<(u64, Option<u64>)> {
    let id: u64 = id.parse().ok()?;
    let comment = || state.comments.get(&id).map(|comment| (comment.media, Some(comment.parent.unwrap_or(id))));
    state.media.get(&id).map(|media| (media.id, None)).or_else(comment)
}

/// `POST /{media}/comments`, `POST /{comment}/replies`.
pub(super) async fn comment(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let text = visit.params.text("message").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&text)).await?;
    visit.needs(SCOPES[2])?;
    visit.params.only(&["message"])?;
    if text.trim().is_empty() || text.chars().count() > LONGEST {
        return Err(Problem::invalid(format!("Param message must be 1 to {LONGEST} characters long")).into());
    }
    let id = {
        let mut state = locked(&visit.call.state);
        let (media, parent) = place(&state, &visit.id()).ok_or_else(|| visit.missing())?;
        let post =
            state.media.get(&media).filter(|media| media.user == visit.grant.user).ok_or_else(|| visit.missing())?;
        if !post.has_comments {
            return Err(Problem::numbered(10, "Comments on this media are turned off").into());
        }
        let comment = Comment {
            id: state.next_id(),
            media,
            parent,
            user: visit.grant.user,
            text: text.clone(),
            is_hidden: false,
            at: visit.call.now(),
        };
        let id = comment.id.to_string();
        keep(&visit.call, &mut state, comment);
        id
    };
    let answer = HttpResponse::Ok().json(json!({"id": id}));
    visit.call.after(Operation::Publish, &visit.who(), Some(&text), answer).await
}

fn keep(call: &Call<Instagram>, state: &mut State, comment: Comment) {
    let entry = NewEntry {
        at: comment.at,
        platform: Instagram::PLATFORM,
        account: comment.user.to_string(),
        platform_post_id: comment.id.to_string(),
        kind: Kind::Comment,
        parent: Some(comment.parent.unwrap_or(comment.media).to_string()),
        text: comment.text.clone(),
        media: Vec::new(),
    };
    let fact = Fact::Commented(comment);
    call.core.record_public(Instagram::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
}

/// `GET /{media}/comments`, `GET /{comment}/replies`: newest first.
pub(super) async fn list(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.needs(SCOPES[2])?;
    visit.params.only(&paging::PARAMS)?;
    let fields = Fields::of(&visit.params, USUAL)?;
    let state = locked(&visit.call.state);
    let (media, parent) = place(&state, &visit.id()).ok_or_else(|| visit.missing())?;
    if state.owner(media) != Some(visit.grant.user) {
        return Err(visit.missing().into());
    }
    let item = |comment: &Comment| Ok((comment.id.to_string(), fields.pick(&view(comment, &state), "IGComment")?));
    let mut items = state.below(media, parent).map(item).collect::<Result<Vec<_>, Problem>>()?;
    items.reverse();
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}

/// `DELETE /{comment}`. Posts cannot be deleted by apps (section 3.14).
pub(super) async fn delete(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Delete, None).await?;
    visit.needs(SCOPES[2])?;
    visit.params.only(&[])?;
    {
        let (mut state, at) = (locked(&visit.call.state), visit.call.now());
        let named = visit.id().parse().ok().and_then(|id: u64| state.comments.get(&id));
        let comment = named.filter(|comment| state.owner(comment.id) == Some(visit.grant.user));
        let comment = comment.ok_or_else(|| visit.missing())?;
        let replies = state.below(comment.media, Some(comment.id)).map(|reply| reply.id);
        let gone: Vec<u64> = replies.chain([comment.id]).collect();
        for id in gone {
            let fact = Fact::CommentDeleted { id };
            let change = Change::Delete { platform: Instagram::PLATFORM, platform_post_id: id.to_string(), at };
            visit.call.core.record_public(Instagram::PLATFORM, &fact, change);
            state.apply(fact);
        }
    }
    visit.call.after(Operation::Delete, &visit.who(), None, HttpResponse::Ok().json(json!({"success": true}))).await
}
