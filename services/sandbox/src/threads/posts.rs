//! Reading, listing, hiding and deleting what was published (sections 4.13 to 4.16).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::fact::{Fact, Post};
use super::limits::DELETIONS;
use super::state::State;
use super::{Threads, error, users, view};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem, Visit, moment, paging};
use crate::ledger::Change;
use crate::lock::locked;

/// `GET /{id}`: oneself, a container of one's own, or a post.
pub(super) async fn get(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    if visit.own().is_ok() {
        return users::get(visit).await;
    }
    let id: u64 = visit.id().parse().map_err(|_| visit.missing())?;
    let pending = {
        let state = locked(&visit.call.state);
        let own = state.containers.get(&id).filter(|container| container.user == visit.grant.user);
        own.map(|container| container.published.is_none())
    };
    // Asking how far it is belongs to preparing, asking what became of it does not.
    visit.before(if pending == Some(true) { Operation::Media } else { Operation::Probe }, None).await?;
    visit.needs("threads_basic")?;
    visit.params.only(&[])?;
    let fields = Fields::of(&visit.params, "id")?;
    let state = locked(&visit.call.state);
    let answer = match (pending.and_then(|_| state.containers.get(&id)), state.posts.get(&id)) {
        (Some(container), _) => fields.pick(&view::container(container, visit.call.now()), "ThreadsMediaContainer")?,
        (None, Some(post)) => {
            fields.pick(&view::post(post, &state, &visit.call.core, visit.grant.user), "ThreadsMedia")?
        }
        (None, None) => return Err(visit.missing().into()),
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// One page of some posts.
fn listed<'a>(
    visit: &Visit<Threads>,
    state: &State,
    posts: impl Iterator<Item = &'a Post>,
) -> Result<HttpResponse, Refusal> {
    let fields = Fields::of(&visit.params, "id")?;
    let (since, until) = (moment::bound(&visit.params, "since")?, moment::bound(&visit.params, "until")?);
    let within =
        posts.filter(|post| since.is_none_or(|since| post.at >= since) && until.is_none_or(|until| post.at <= until));
    let item = |post: &Post| {
        let whole = view::post(post, state, &visit.call.core, visit.grant.user);
        Ok((post.id.to_string(), fields.pick(&whole, "ThreadsMedia")?))
    };
    let items = within.map(item).collect::<Result<_, Problem>>()?;
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}

/// `GET /{user}/threads` and `/replies`: one's own, newest first.
async fn own(call: Call<Threads>, payload: Payload, replies: bool) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Probe, None).await?;
    visit.needs("threads_basic")?;
    visit.params.only(&[["since", "until"].as_slice(), &paging::PARAMS].concat())?;
    let state = locked(&visit.call.state);
    let posts = state.posts.values().rev().filter(|post| post.user == user && post.parent.is_some() == replies);
    listed(&visit, &state, posts)
}

pub(super) async fn list(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    own(call, payload, false).await
}

/// `GET /{post}/conversation` (every level) and `GET /{post}/replies` (the first), oldest first when `reverse=false`.
async fn below(visit: Visit<Threads>, all: bool) -> Result<HttpResponse, Refusal> {
    visit.before(Operation::Probe, None).await?;
    visit.needs("threads_read_replies")?;
    visit.params.only(&[["reverse"].as_slice(), &paging::PARAMS].concat())?;
    let state = locked(&visit.call.state);
    let id = visit.id().parse().ok().filter(|id| state.posts.contains_key(id)).ok_or_else(|| visit.missing())?;
    let is_below = |post: &&Post| match all {
        true => post.id != id && state.root(post) == id,
        false => post.parent == Some(id),
    };
    let mut found: Vec<&Post> = state.posts.values().filter(is_below).collect();
    if visit.params.flag("reverse")?.unwrap_or(true) {
        found.reverse();
    }
    listed(&visit, &state, found.into_iter())
}

/// `/{id}/replies` is a user's own replies, or those to a post.
pub(super) async fn replies(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let named = call.request().match_info().get("id").unwrap_or_default();
    if named == "me" || locked(&call.state).users.contains_key(&named.parse().unwrap_or(0)) {
        return own(call, payload, true).await;
    }
    below(Visit::read(call, payload).await?, false).await
}

pub(super) async fn conversation(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    below(Visit::read(call, payload).await?, true).await
}

/// `POST /{reply}/manage_reply`: whoever began the conversation hides a reply to the first post.
pub(super) async fn manage(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.needs("threads_manage_replies")?;
    visit.params.only(&["hide"])?;
    let is_hidden = visit.params.flag("hide")?.ok_or_else(|| Problem::invalid("The parameter hide is required"))?;
    let mut state = locked(&visit.call.state);
    let reply = visit.id().parse().ok().and_then(|id: u64| state.posts.get(&id));
    let parent = reply.and_then(|reply| state.posts.get(&reply.parent?));
    let is_own = parent.is_some_and(|parent| parent.parent.is_none() && parent.user == visit.grant.user);
    let id = reply.filter(|_| is_own).map(|reply| reply.id).ok_or_else(|| visit.missing())?;
    visit.call.keep(&mut state, Fact::ReplyHidden { id, is_hidden });
    Ok(HttpResponse::Ok().json(json!({"success": true})))
}

/// `DELETE /{post}`: one's own.
pub(super) async fn delete(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Delete, None).await?;
    visit.needs("threads_delete")?;
    visit.params.only(&[])?;
    let id = {
        let (mut state, at) = (locked(&visit.call.state), visit.call.now());
        let post = visit.id().parse().ok().and_then(|id: u64| state.posts.get(&id));
        let id =
            post.filter(|post| post.user == visit.grant.user).map(|post| post.id).ok_or_else(|| visit.missing())?;
        let counts = visit.call.core.quotas.enforced(Threads::PLATFORM);
        if counts && state.deleted_lately(visit.grant.user, at) >= DELETIONS {
            return Err(error::quota_used_up().into());
        }
        let fact = Fact::Deleted { id, at };
        let change = Change::Delete { platform: Threads::PLATFORM, platform_post_id: id.to_string(), at };
        visit.call.core.record_public(Threads::PLATFORM, &fact, change);
        state.apply(fact);
        id.to_string()
    };
    let answer = HttpResponse::Ok().json(json!({"success": true, "deleted_id": id}));
    visit.call.after(Operation::Delete, &visit.who(), None, answer).await
}
