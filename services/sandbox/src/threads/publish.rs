//! `POST /{user}/threads_publish`: the one step that makes a container public (section 4.6).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::fact::{Fact, Post};
use super::limits::{POSTS, REPLIES};
use super::state::State;
use super::{Threads, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Problem, Status, Visit};
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

pub(super) async fn publish(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    let named = visit.params.text("creation_id").ok().flatten().unwrap_or_default();
    let text = {
        let state = locked(&visit.call.state);
        let container = named.parse().ok().and_then(|id: u64| state.containers.get(&id));
        container.filter(|container| container.user == user).map(|container| container.text.clone())
    };
    visit.before(Operation::Publish, text.as_deref()).await?;
    visit.needs("threads_basic")?;
    visit.needs("threads_content_publish")?;
    visit.params.only(&["creation_id"])?;
    let creation = visit.params.needed("creation_id")?;
    let id = post(&visit.call, &mut locked(&visit.call.state), user, &creation)?;
    let answer = HttpResponse::Ok().json(json!({"id": id.to_string()}));
    visit.call.after(Operation::Publish, &user.to_string(), text.as_deref(), answer).await
}

/// Makes a container public, once.
pub(super) fn post(call: &Call<Threads>, state: &mut State, user: u64, creation: &str) -> Result<u64, Problem> {
    let now = call.now();
    let found = creation.parse().ok().and_then(|id: u64| state.containers.get(&id));
    let own = found.filter(|container| container.user == user && !container.is_item);
    let container = own.ok_or_else(|| error::media_not_found(creation))?;
    match container.status(now) {
        Status::Finished => {}
        Status::Error => {
            let why = container.failure.clone().unwrap_or_default();
            return Err(Problem::invalid(format!("The media container could not be processed: {why}")));
        }
        Status::InProgress | Status::Expired | Status::Published => return Err(error::media_not_found(creation)),
    }
    let is_reply = container.parent.is_some();
    let most = if is_reply { REPLIES } else { POSTS };
    if call.core.quotas.enforced(Threads::PLATFORM) && state.published_lately(user, is_reply, now) >= most {
        return Err(error::quota_used_up());
    }
    if container.parent.is_some_and(|parent| !state.posts.contains_key(&parent)) {
        return Err(error::media_not_found(creation));
    }
    let items = container.children.iter().filter_map(|id| state.containers.get(id));
    let files = container.file.iter().chain(items.filter_map(|item| item.file.as_ref())).cloned().collect();
    let post = Post {
        id: state.next_id(),
        container: container.id,
        user,
        text: container.text.clone(),
        files,
        parent: container.parent,
        quoted: container.quoted,
        link: container.link.clone(),
        choices: container.choices.clone(),
        is_hidden: false,
        at: now,
    };
    let entry = NewEntry {
        at: now,
        platform: Threads::PLATFORM,
        account: user.to_string(),
        platform_post_id: post.id.to_string(),
        kind: if is_reply { Kind::Reply } else { Kind::Post },
        parent: post.parent.map(|parent| parent.to_string()),
        text: post.text.clone(),
        media: post.files.iter().map(MediaNote::from).collect(),
    };
    let id = post.id;
    let fact = Fact::Posted(Box::new(post));
    call.core.record_public(Threads::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    Ok(id)
}
