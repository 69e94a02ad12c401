//! X's posts for the page.

use super::fact::{Category, Post};
use super::state::State;
use super::text::urls;
use crate::network::Platform;
use crate::page::{Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    state.posts.values().rev().take(limit).map(|post| show(state, post)).collect()
}

fn show(state: &State, post: &Post) -> Shown {
    let name = state.users.get(&post.user).map_or("", |user| user.username.as_str());
    let pictures = post.media.iter().filter_map(|id| state.uploads.get(id)).map(|uploading| Picture {
        url: format!("/_sandbox/media/x/{}", uploading.upload.id),
        alt: uploading.alt_text.clone().unwrap_or_default(),
        video: !matches!(uploading.upload.category, Category::TweetImage | Category::TweetGif),
    });
    Shown {
        platform: Platform::X,
        id: post.id.to_string(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: post.at,
        text: spans(&post.text),
        parent: post.parent.map(|id| id.to_string()),
        warning: None,
        pictures: pictures.collect(),
        card: None,
        quote: None,
        choices: post.poll.clone(),
        note: None,
    }
}

fn spans(text: &str) -> Vec<Span> {
    let (mut spans, mut done) = (Vec::new(), 0);
    for range in urls(text) {
        spans.extend(text.get(done..range.start).map(Span::plain));
        spans.extend(text.get(range.clone()).map(|part| {
            let link = if part.contains("://") { part.to_owned() } else { format!("http://{part}") };
            Span { text: part.to_owned(), link: Some(link), marked: true }
        }));
        done = range.end;
    }
    spans.extend(text.get(done..).map(Span::plain));
    spans
}
