//! `/{id}` and the listings of a profile (sections 3.13, 3.14 and 3.17).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::fact::{Fact, Media};
use super::state::State;
use super::users::{SCOPES, scoped};
use super::{Instagram, comments, containers, users};
use crate::answer::Refusal;
use crate::call::Call;
use crate::core::Core;
use crate::faults::Operation;
use crate::graph::{Fields, File, Problem, Visit, moment, paging, secret};
use crate::lock::locked;

fn permalink(media: &Media, state: &State) -> String {
    let (first, several) = (media.files.first(), media.files.len() > 1);
    match () {
        () if media.is_story => format!("https://www.instagram.com/{}/", state.username(media.user)),
        () if !several && first.is_some_and(|file| file.is_video) => {
            format!("https://www.instagram.com/reel/{}/", secret::shortcode(media.id))
        }
        () => format!("https://www.instagram.com/p/{}/", secret::shortcode(media.id)),
    }
}

fn address(file: &File, core: &Core) -> String {
    format!("{}/_sandbox/media/instagram/{}", core.origin, file.name)
}

fn kind(file: &File) -> &'static str {
    if file.is_video { "VIDEO" } else { "IMAGE" }
}

/// A post with every field there is.
fn view(media: &Media, state: &State, core: &Core) -> Value {
    let single = media.files.first().filter(|_| media.files.len() == 1);
    let product = match single {
        _ if media.is_story => "STORY",
        Some(file) if file.is_video => "REELS",
        _ => "FEED",
    };
    let child =
        |file: &File| json!({"media_type": kind(file), "media_url": address(file, core), "alt_text": file.alt_text});
    let children: Vec<Value> = media.files.iter().map(child).collect();
    let found: Vec<Value> = state.below(media.id, None).map(|comment| comments::view(comment, state)).collect();
    json!({
        "id": media.id.to_string(),
        "caption": Some(&media.caption).filter(|text| !text.is_empty()),
        "alt_text": single.and_then(|file| file.alt_text.as_ref()),
        "media_type": single.map_or("CAROUSEL_ALBUM", kind),
        "media_product_type": product,
        "media_url": media.files.first().map(|file| address(file, core)),
        "thumbnail_url": null,
        "permalink": permalink(media, state),
        "shortcode": secret::shortcode(media.id),
        "timestamp": moment::written(media.at),
        "username": state.username(media.user),
        "owner": {"id": media.user.to_string()},
        "like_count": 0,
        "comments_count": found.len(),
        "is_comment_enabled": media.has_comments,
        "is_shared_to_feed": !media.is_story,
        "children": if children.len() > 1 { json!({"data": children}) } else { Value::Null },
        "comments": {"data": found},
    })
}

/// `GET /{id}`: oneself, a container of one's own, a post, or a comment under one.
pub(super) async fn get(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    if visit.own().is_ok() || visit.id() == scoped(visit.grant.user).to_string() {
        return users::get(visit).await;
    }
    let id: u64 = visit.id().parse().map_err(|_| visit.missing())?;
    let pending = {
        let state = locked(&visit.call.state);
        if state.owner(id) != Some(visit.grant.user) {
            return Err(visit.missing().into());
        }
        state.containers.get(&id).is_some_and(|container| container.published.is_none())
    };
    // Asking how far it is belongs to preparing, asking what became of it does not.
    visit.before(if pending { Operation::Media } else { Operation::Probe }, None).await?;
    visit.needs(SCOPES[0])?;
    visit.params.only(&[])?;
    let state = locked(&visit.call.state);
    let fields = Fields::of(&visit.params, "id")?;
    let container = state.containers.get(&id).map(|each| (containers::view(each, visit.call.now()), "IGContainer"));
    let media = || state.media.get(&id).map(|each| (view(each, &state, &visit.call.core), "IGMedia"));
    let comment = || state.comments.get(&id).map(|each| (comments::view(each, &state), "IGComment"));
    let (whole, kind) = container.or_else(media).or_else(comment).ok_or_else(|| visit.missing())?;
    Ok(HttpResponse::Ok().json(fields.pick(&whole, kind)?))
}

async fn listed(call: Call<Instagram>, payload: Payload, stories: bool) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Probe, None).await?;
    visit.needs(SCOPES[0])?;
    visit.params.only(&[["since", "until"].as_slice(), &paging::PARAMS].concat())?;
    let (since, until) = (moment::bound(&visit.params, "since")?, moment::bound(&visit.params, "until")?);
    let fields = Fields::of(&visit.params, "id")?;
    let state = locked(&visit.call.state);
    let within = state
        .shown(user, stories, visit.call.now())
        .filter(|media| since.is_none_or(|since| media.at >= since) && until.is_none_or(|until| media.at <= until));
    let item =
        |media: &Media| Ok((media.id.to_string(), fields.pick(&view(media, &state, &visit.call.core), "IGMedia")?));
    let items = within.map(item).collect::<Result<_, Problem>>()?;
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}

/// `GET /{user}/media`: newest first.
pub(super) async fn list(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    listed(call, payload, false).await
}

/// `GET /{user}/stories`: those of the last day.
pub(super) async fn stories(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    listed(call, payload, true).await
}

/// `POST /{id}`: hides a comment, or switches comments on a post.
pub(super) async fn change(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Probe, None).await?;
    visit.needs(SCOPES[2])?;
    let id = visit.id().parse().unwrap_or(0);
    let mut state = locked(&visit.call.state);
    if state.owner(id) != Some(visit.grant.user) {
        return Err(visit.missing().into());
    }
    let (name, is_comment) = match state.comments.contains_key(&id) {
        true => ("hide", true),
        false if state.media.contains_key(&id) => ("comment_enabled", false),
        false => return Err(visit.missing().into()),
    };
    visit.params.only(&[name])?;
    let flag = visit.params.flag(name)?.ok_or_else(|| Problem::invalid(format!("The parameter {name} is required")))?;
    let fact = match is_comment {
        true => Fact::CommentHidden { id, is_hidden: flag },
        false => Fact::CommentsSwitched { media: id, is_on: flag },
    };
    visit.call.keep(&mut state, fact);
    Ok(HttpResponse::Ok().json(json!({"success": true})))
}
