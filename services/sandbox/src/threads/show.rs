//! Threads' posts for the page.

use super::fact::Post;
use super::state::State;
use crate::network::Platform;
use crate::page::{Card, Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    state.posts.values().rev().take(limit).map(|post| show(state, post)).collect()
}

fn show(state: &State, post: &Post) -> Shown {
    let name = state.users.get(&post.user).map_or("", |user| user.username.as_str());
    let pictures = post.files.iter().map(|file| Picture {
        url: format!("/_sandbox/media/threads/{}", file.name),
        alt: file.alt_text.clone().unwrap_or_default(),
        video: file.is_video,
    });
    let card = |link: &String| Card { link: link.clone(), title: link.clone(), description: String::new() };
    let quote = |id| state.posts.get(&id).map_or_else(|| "a post that is gone".to_owned(), |post| post.text.clone());
    Shown {
        platform: Platform::Threads,
        id: post.id.to_string(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: post.at,
        text: vec![Span::plain(&post.text)],
        parent: post.parent.map(|id| id.to_string()),
        warning: None,
        pictures: pictures.collect(),
        card: post.link.as_ref().map(card),
        quote: post.quoted.map(quote),
        choices: post.choices.clone(),
        note: post.is_hidden.then(|| "hidden".to_owned()),
    }
}
