//! Instagram's posts and comments for the page.

use super::fact::{Comment, Media};
use super::state::State;
use crate::network::Platform;
use crate::page::{Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    let media = state.media.values().rev().take(limit).map(|each| media(state, each));
    media.chain(state.comments.values().rev().take(limit).map(|each| comment(state, each))).collect()
}

fn media(state: &State, media: &Media) -> Shown {
    let pictures = media.files.iter().map(|file| Picture {
        url: format!("/_sandbox/media/instagram/{}", file.name),
        alt: file.alt_text.clone().unwrap_or_default(),
        video: file.is_video,
    });
    let name = state.username(media.user);
    Shown {
        platform: Platform::Instagram,
        id: media.id.to_string(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: media.at,
        text: vec![Span::plain(&media.caption)],
        parent: None,
        warning: None,
        pictures: pictures.collect(),
        card: None,
        quote: None,
        choices: Vec::new(),
        note: media.is_story.then(|| "story".to_owned()),
    }
}

fn comment(state: &State, comment: &Comment) -> Shown {
    let name = state.username(comment.user);
    Shown {
        platform: Platform::Instagram,
        id: comment.id.to_string(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: comment.at,
        text: vec![Span::plain(&comment.text)],
        parent: Some(comment.parent.unwrap_or(comment.media).to_string()),
        warning: None,
        pictures: Vec::new(),
        card: None,
        quote: None,
        choices: Vec::new(),
        note: comment.is_hidden.then(|| "hidden".to_owned()),
    }
}
