//! `POST /{user}/media_publish`: the one step that makes a container public (section 3.6), and what a day allows.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::fact::{Fact, Media};
use super::state::State;
use super::users::SCOPES;
use super::{Instagram, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem, Status, Visit};
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

/// Posts in 24 hours; a carousel is one (section 3.12).
const POSTS: usize = 50;

pub(super) async fn publish(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    let named = visit.params.text("creation_id").ok().flatten().unwrap_or_default();
    let caption = {
        let state = locked(&visit.call.state);
        let container = named.parse().ok().and_then(|id: u64| state.containers.get(&id));
        container.filter(|container| container.user == user).map(|container| container.text.clone())
    };
    visit.before(Operation::Publish, caption.as_deref()).await?;
    visit.needs(SCOPES[0])?;
    visit.needs(SCOPES[1])?;
    visit.params.only(&["creation_id"])?;
    let creation = visit.params.needed("creation_id")?;
    let id = post(&visit.call, &mut locked(&visit.call.state), user, &creation)?;
    let answer = HttpResponse::Ok().json(json!({"id": id.to_string()}));
    visit.call.after(Operation::Publish, &user.to_string(), caption.as_deref(), answer).await
}

/// Makes a container public, once.
fn post(call: &Call<Instagram>, state: &mut State, user: u64, creation: &str) -> Result<u64, Problem> {
    let now = call.now();
    let found = creation.parse().ok().and_then(|id: u64| state.containers.get(&id));
    let own = found.filter(|container| container.user == user && !container.is_item);
    let container = own.ok_or_else(error::container_missing)?;
    match container.status(now) {
        Status::Finished => {}
        Status::InProgress | Status::Published => return Err(error::not_ready()),
        Status::Expired => return Err(error::container_expired()),
        Status::Error => return Err(error::upload_failed()),
    }
    if call.core.quotas.enforced(Instagram::PLATFORM) && state.published_lately(user, now) >= POSTS {
        return Err(error::quota_used_up());
    }
    let items = container.children.iter().filter_map(|id| state.containers.get(id));
    let files = container.file.iter().chain(items.filter_map(|item| item.file.as_ref())).cloned().collect();
    let media = Media {
        id: state.next_id(),
        container: container.id,
        user,
        caption: container.text.clone(),
        files,
        is_story: container.is_story,
        has_comments: true,
        at: now,
    };
    let entry = NewEntry {
        at: now,
        platform: Instagram::PLATFORM,
        account: user.to_string(),
        platform_post_id: media.id.to_string(),
        kind: Kind::Post,
        parent: None,
        text: media.caption.clone(),
        media: media.files.iter().map(MediaNote::from).collect(),
    };
    let id = media.id;
    let fact = Fact::Posted(Box::new(media));
    call.core.record_public(Instagram::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    Ok(id)
}

/// `GET /{user}/content_publishing_limit`. Nothing is used while the limits do not hold.
pub(super) async fn limit(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Identity, None).await?;
    visit.needs(SCOPES[1])?;
    visit.params.only(&["since"])?;
    let counts = visit.call.core.quotas.enforced(Instagram::PLATFORM);
    let used = if counts { locked(&visit.call.state).published_lately(user, visit.call.now()) } else { 0 };
    let whole = json!({"quota_usage": used, "config": {"quota_total": POSTS, "quota_duration": 86_400}});
    let fields = Fields::of(&visit.params, "quota_usage")?;
    Ok(HttpResponse::Ok().json(json!({"data": [fields.pick(&whole, "ContentPublishingLimit")?]})))
}
