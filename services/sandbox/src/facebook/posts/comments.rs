//! Comments: the first comment of a post, and further parts (sections 2.7 and 2.16).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::super::fact::{Comment, Fact};
use super::super::state::{Node, State};
use super::super::visit::Visit;
use super::super::{Facebook, error, view};
use super::feed::check_text;
use super::photos;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Problem, paging};
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

const LONGEST: usize = 8_000;

/// The post of a node that can be commented on, and the comment if it is one.
fn place(state: &State, node: Option<Node>) -> Option<(u64, Option<u64>)> {
    match node? {
        Node::Post(post) => Some((post, None)),
        Node::Comment(comment) => state.comments.get(&comment).map(|comment| (comment.post, Some(comment.id))),
        Node::Photo(photo) => {
            let post = state.posts.values().find(|post| post.photos == [photo])?;
            Some((post.id, None))
        }
        Node::User(_) | Node::Page(_) => None,
    }
}

/// `POST /{post}/comments`, `POST /{comment}/comments`.
pub(in super::super) async fn comment(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.own_page(&["pages_manage_engagement"])?;
    let message = visit.params.text("message").ok().flatten().unwrap_or_default();
    visit.before(Operation::Publish, Some(&message)).await?;
    visit.params.only(&["message", "attachment_url", "attachment_id"])?;
    check_text("message", &message, LONGEST)?;
    let file = match visit.params.word("attachment_url")? {
        Some(address) => Some(photos::store(&visit.call, photos::by_address(&address).await?, None).await?),
        None => None,
    };
    let attached = visit.params.number("attachment_id")?;
    if file.is_some() && attached.is_some() {
        return Err(Problem::invalid("A comment has one attachment").into());
    }
    let id = {
        let mut state = locked(&visit.call.state);
        let node = state.node(&visit.id());
        let (post, parent) = place(&state, node).ok_or_else(|| visit.missing())?;
        let own = |id| state.photos.get(&id).filter(|photo| photo.page == page).map(|photo| photo.file.clone());
        let photo = attached.map(|id| own(id).ok_or_else(error::invalid_image)).transpose()?;
        let file = file.or(photo);
        if message.trim().is_empty() && file.is_none() {
            return Err(Problem::invalid("Missing message or attachment").into());
        }
        let comment = Comment {
            id: state.next_id(),
            post,
            parent,
            page,
            message: message.clone(),
            file,
            is_hidden: false,
            at: visit.call.now(),
        };
        let id = comment.full_id();
        keep(&visit.call, &mut state, comment);
        id
    };
    let answer = HttpResponse::Ok().json(json!({"id": id}));
    visit.call.after(Operation::Publish, &page.to_string(), Some(&message), answer).await
}

fn keep(call: &Call<Facebook>, state: &mut State, comment: Comment) {
    let answered = comment.parent.and_then(|id| state.comments.get(&id)).map(Comment::full_id);
    let post = state.posts.get(&comment.post).map(|post| post.full_id());
    let entry = NewEntry {
        at: comment.at,
        platform: Facebook::PLATFORM,
        account: comment.page.to_string(),
        platform_post_id: comment.full_id(),
        kind: Kind::Comment,
        parent: answered.or(post),
        text: comment.message.clone(),
        media: comment.file.iter().map(MediaNote::from).collect(),
    };
    let fact = Fact::Commented(comment);
    call.core.record_public(Facebook::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
}

/// `GET /{post}/comments`, `GET /{comment}/comments`. A person's token sees none of a page's.
pub(in super::super) async fn replies(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.params.only(&[["filter", "order", "summary"].as_slice(), &paging::PARAMS].concat())?;
    let word = |name: &str, known: [&str; 2]| -> Result<bool, Problem> {
        match visit.params.word(name)? {
            None => Ok(false),
            Some(word) if word == known[0] => Ok(false),
            Some(word) if word == known[1] => Ok(true),
            Some(_) => Err(Problem::invalid(format!("Param {name} must be one of {{{}}}", known.join(", ")))),
        }
    };
    let is_stream = word("filter", ["toplevel", "stream"])?;
    let is_reversed = word("order", ["chronological", "reverse_chronological"])?;
    let fields = Fields::of(&visit.params, view::COMMENT)?;
    visit.needs("pages_read_engagement")?;
    let state = locked(&visit.call.state);
    let (post, parent) = place(&state, state.node(&visit.id())).ok_or_else(|| visit.missing())?;
    let mut found: Vec<&Comment> = match is_stream && parent.is_none() {
        true => state.comments.values().filter(|comment| comment.post == post).collect(),
        false => state.replies(post, parent).collect(),
    };
    found.retain(|_| visit.grant.page.is_some());
    if is_reversed {
        found.reverse();
    }
    let view = |comment: &&Comment| -> Result<(String, Value), Problem> {
        Ok((comment.full_id(), fields.pick(&view::comment(comment, &state, &visit.call.core), "Comment")?))
    };
    let count = found.len();
    let items = found.iter().map(view).collect::<Result<_, _>>()?;
    let mut answer = paging::page(items, &visit.params, &visit.here())?;
    if visit.params.flag("summary")?.unwrap_or(false) {
        answer["summary"] = json!({"order": "chronological", "total_count": count, "can_comment": true});
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// `POST /{comment}?is_hidden=true`.
pub(in super::super) async fn hide(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let page = visit.own_page(&["pages_manage_engagement"])?;
    visit.before(Operation::Probe, None).await?;
    visit.params.only(&["is_hidden"])?;
    let is_hidden = visit.params.flag("is_hidden")?;
    let is_hidden = is_hidden.ok_or_else(|| Problem::invalid("The parameter is_hidden is required"))?;
    let mut state = locked(&visit.call.state);
    let Some(Node::Comment(id)) = state.node(&visit.id()) else {
        return Err(visit.missing().into());
    };
    let post = state.comments.get(&id).and_then(|comment| state.posts.get(&comment.post));
    if post.is_none_or(|post| post.page != page) {
        return Err(visit.missing().into());
    }
    visit.call.keep(&mut state, Fact::CommentHidden { id, is_hidden });
    Ok(HttpResponse::Ok().json(json!({"success": true})))
}
