//! Facebook's posts and comments for the page.

use super::fact::{Comment, Post};
use super::state::State;
use crate::graph::File;
use crate::network::Platform;
use crate::page::{Card, Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    let posts = state.posts.values().rev().filter(|post| post.is_published).take(limit);
    let comments = state.comments.values().rev().take(limit);
    posts.map(|each| post(state, each)).chain(comments.map(|each| comment(state, each))).collect()
}

fn picture(file: &File) -> Picture {
    Picture {
        url: format!("/_sandbox/media/facebook/{}", file.name),
        alt: file.alt_text.clone().unwrap_or_default(),
        video: file.is_video,
    }
}

fn shown(state: &State, page: u64, message: &str) -> Shown {
    let name = state.pages.get(&page).map_or("", |page| page.username.as_str());
    Shown {
        platform: Platform::Facebook,
        id: String::new(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: jiff::Timestamp::UNIX_EPOCH,
        text: vec![Span::plain(message)],
        parent: None,
        warning: None,
        pictures: Vec::new(),
        card: None,
        quote: None,
        choices: Vec::new(),
        note: None,
    }
}

fn post(state: &State, post: &Post) -> Shown {
    let photos = post.photos.iter().filter_map(|id| state.photos.get(id));
    let card = |link: &String| Card { link: link.clone(), title: link.clone(), description: String::new() };
    Shown {
        id: post.full_id(),
        at: post.at,
        pictures: photos.map(|photo| picture(&photo.file)).collect(),
        card: post.link.as_ref().map(card),
        ..shown(state, post.page, &post.message)
    }
}

fn comment(state: &State, comment: &Comment) -> Shown {
    let above = comment.parent.and_then(|id| state.comments.get(&id)).map(Comment::full_id);
    let post = || state.posts.get(&comment.post).map(|post| post.full_id());
    Shown {
        id: comment.full_id(),
        at: comment.at,
        parent: above.or_else(post),
        pictures: comment.file.iter().map(picture).collect(),
        note: comment.is_hidden.then(|| "hidden".to_owned()),
        ..shown(state, comment.page, &comment.message)
    }
}
