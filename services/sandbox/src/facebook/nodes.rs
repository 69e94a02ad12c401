//! `/{id}`: reading and deleting whatever has an id.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::fact::{Fact, Post, PostKind};
use super::state::{Node, State};
use super::visit::Visit;
use super::{Facebook, people, view};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem};
use crate::ledger::Change;
use crate::lock::locked;

pub(super) async fn get(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let node = locked(&visit.call.state).node(&visit.id());
    let operation = match node {
        Some(Node::User(_) | Node::Page(_)) => Operation::Identity,
        _ => Operation::Probe,
    };
    visit.before(operation, None).await?;
    visit.params.only(&[])?;
    let mut state = locked(&visit.call.state);
    let (whole, kind, usual) = seen(&visit, &mut state, node)?.ok_or_else(|| visit.missing())?;
    let fields = Fields::of(&visit.params, usual)?;
    Ok(HttpResponse::Ok().json(fields.pick(&whole, kind)?))
}

type Seen = (Value, &'static str, &'static str);

/// A node as the caller may see it: a page and what it published are its own, a person's, or whoever runs it.
fn seen(visit: &Visit, state: &mut State, node: Option<Node>) -> Result<Option<Seen>, Problem> {
    let core = &visit.call.core;
    Ok(match node {
        Some(Node::User(id)) if visit.grant.page.is_none() && visit.grant.user == id => {
            state.users.get(&id).map(|user| (view::user(user), "User", view::USER))
        }
        Some(Node::Page(id)) => {
            let token = match visit.grant.page {
                Some(page) => (page == id).then(|| visit.token.clone()),
                None if !people::covers(&visit.grant, id, state) => None,
                None => Some(visit.call.page_token(state, id, &visit.grant)),
            };
            state.pages.get(&id).map(|page| (view::page(page, token), "Page", view::PAGE))
        }
        Some(Node::Post(id)) => {
            visit.needs("pages_read_engagement")?;
            let post = state.posts.get(&id).filter(|post| post.is_published || visit.grant.page == Some(post.page));
            post.map(|post| (view::post(post, state, core), "Post", view::POST))
        }
        Some(Node::Photo(id)) => {
            let photo =
                state.photos.get(&id).filter(|photo| photo.is_published || visit.grant.page == Some(photo.page));
            photo.map(|photo| (view::photo(photo, state, core), "Photo", view::PHOTO))
        }
        Some(Node::Comment(id)) => {
            visit.needs("pages_read_engagement")?;
            state.comments.get(&id).map(|comment| (view::comment(comment, state, core), "Comment", view::COMMENT))
        }
        Some(Node::User(_)) | None => None,
    })
}

/// `DELETE /{id}`: the page's own posts, photos and comments, and others' comments under its posts (section 2.14).
pub(super) async fn delete(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.own_page(&[])?;
    visit.before(Operation::Delete, None).await?;
    visit.params.only(&[])?;
    {
        let mut state = locked(&visit.call.state);
        let node = state.node(&visit.id());
        let found = owned(&state, node, page).ok_or_else(|| visit.missing())?;
        let scope =
            if matches!(node, Some(Node::Comment(_))) { "pages_manage_engagement" } else { "pages_manage_posts" };
        visit.needs(scope)?;
        remove(&visit.call, &mut state, found);
    }
    visit
        .call
        .after(Operation::Delete, &page.to_string(), None, HttpResponse::Ok().json(json!({"success": true})))
        .await
}

/// What goes when a node goes: what was public has a name in the ledger.
struct Found {
    id: u64,
    public: Vec<(u64, String)>,
}

fn owned(state: &State, node: Option<Node>, page: u64) -> Option<Found> {
    match node? {
        Node::Post(id) => {
            let post = state.posts.get(&id).filter(|post| post.page == page)?;
            Some(Found { id, public: below(state, post) })
        }
        Node::Photo(id) => {
            state.photos.get(&id).filter(|photo| photo.page == page)?;
            let post = state.posts.values().find(|post| post.kind == PostKind::Photo && post.photos == [id]);
            // A photo's own post goes with it.
            Some(Found { id, public: post.map(|post| below(state, post)).unwrap_or_default() })
        }
        Node::Comment(id) => {
            let comment = state.comments.get(&id)?;
            let under = state.posts.get(&comment.post).is_some_and(|post| post.page == page);
            let replies = state.replies(comment.post, Some(id)).map(|reply| (reply.id, reply.full_id()));
            let public = replies.chain([(id, comment.full_id())]).collect();
            (under || comment.page == page).then_some(Found { id, public })
        }
        Node::User(_) | Node::Page(_) => None,
    }
}

/// A post behind its comments.
fn below(state: &State, post: &Post) -> Vec<(u64, String)> {
    let comments = state.comments.values().filter(|comment| comment.post == post.id);
    comments.map(|comment| (comment.id, comment.full_id())).chain([(post.id, post.full_id())]).collect()
}

/// One line of the journal marks one entry of the ledger, so each goes by itself; the last takes what was private too.
fn remove(call: &Call<Facebook>, state: &mut State, found: Found) {
    let at = call.now();
    for (id, name) in found.public {
        let change = Change::Delete { platform: Facebook::PLATFORM, platform_post_id: name, at };
        let fact = Fact::Deleted { id };
        call.core.record_public(Facebook::PLATFORM, &fact, change);
        state.apply(fact);
    }
    call.keep(state, Fact::Deleted { id: found.id });
}
