//! LinkedIn's posts and comments for the page.

use serde_json::Value;

use super::fact::{Comment, Post};
use super::state::State;
use super::{uploads, urn};
use crate::network::Platform;
use crate::page::{Card, Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    let posts = state.posts.values().rev().take(limit).map(|post| show(state, post));
    let comments = state.comments.values().rev().take(limit).map(|comment| show_comment(state, comment));
    posts.chain(comments).collect()
}

fn picture(name: &str, alt: Option<&String>) -> Picture {
    let url = format!("/_sandbox/media/linkedin/{}", uploads::shown_name(name));
    Picture { url, alt: alt.cloned().unwrap_or_default(), video: urn::part(name, "video").is_some() }
}

fn show(state: &State, post: &Post) -> Shown {
    let name = state.name(&post.author).unwrap_or_default();
    let is_seen = |name: &str| urn::part(name, "document").is_none();
    let pictures = post.media.iter().filter(|each| is_seen(&each.urn));
    let document = post.media.iter().find(|each| !is_seen(&each.urn)).map(|_| "a document");
    let visibility = Some(post.visibility.as_str()).filter(|visibility| *visibility != "PUBLIC");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let article = &post.content["article"];
    let card = article.is_object().then(|| Card {
        link: word(&article["source"]),
        title: word(&article["title"]),
        description: word(&article["description"]),
    });
    let poll = &post.content["poll"];
    let choices = poll["options"].as_array().into_iter().flatten().map(|option| word(&option["text"]));
    Shown {
        platform: Platform::LinkedIn,
        id: post.urn(),
        author: name.to_owned(),
        handle: post.author.clone(),
        at: post.at,
        text: vec![Span::plain(&post.text)],
        parent: None,
        warning: None,
        pictures: pictures.map(|each| picture(&each.urn, each.alt_text.as_ref())).collect(),
        card,
        quote: poll["question"].as_str().map(str::to_owned),
        choices: choices.collect(),
        note: document.or(visibility).map(str::to_lowercase),
    }
}

fn show_comment(state: &State, comment: &Comment) -> Shown {
    let post = state.posts.get(&comment.post);
    let activity = post.map_or(0, |post| post.activity);
    let above = comment.parent.map(|parent| urn::comment(activity, parent));
    Shown {
        platform: Platform::LinkedIn,
        id: urn::comment(activity, comment.id),
        author: state.name(&comment.actor).unwrap_or_default().to_owned(),
        handle: comment.actor.clone(),
        at: comment.at,
        text: vec![Span::plain(&comment.text)],
        parent: above.or_else(|| post.map(Post::urn)),
        warning: None,
        pictures: comment.image.iter().map(|image| picture(image, None)).collect(),
        card: None,
        quote: None,
        choices: Vec::new(),
        note: None,
    }
}
