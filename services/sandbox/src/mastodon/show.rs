//! Mastodon's statuses for the page.

use super::fact::{MediaKind, Status, Visibility};
use super::state::State;
use super::text::{Entity, entities};
use crate::network::Platform;
use crate::page::{Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    state.statuses.values().rev().take(limit).map(|status| show(state, status)).collect()
}

fn show(state: &State, status: &Status) -> Shown {
    let name = state.accounts.get(&status.account).map_or("", |account| account.username.as_str());
    let pictures = status.media.iter().filter_map(|id| state.media.get(id)).map(|media| Picture {
        url: format!("/_sandbox/media/mastodon/{}", media.id),
        alt: media.description.clone().unwrap_or_default(),
        video: media.kind == MediaKind::Video,
    });
    let quote = status.quoted.map(|id| {
        state.statuses.get(&id).map_or_else(|| "a post that is gone".to_owned(), |status| status.text.clone())
    });
    let note = match status.visibility {
        Visibility::Public => None,
        Visibility::Unlisted => Some("unlisted"),
        Visibility::Private => Some("followers only"),
        Visibility::Direct => Some("direct"),
    };
    Shown {
        platform: Platform::Mastodon,
        id: status.id.to_string(),
        author: name.to_owned(),
        handle: format!("@{name}"),
        at: status.at,
        text: spans(&status.text),
        parent: status.in_reply_to.map(|id| id.to_string()),
        warning: Some(&status.spoiler_text).filter(|text| !text.is_empty()).cloned(),
        pictures: pictures.collect(),
        card: None,
        quote,
        choices: status.poll.as_ref().map(|poll| poll.options.clone()).unwrap_or_default(),
        note: note.map(str::to_owned),
    }
}

fn spans(text: &str) -> Vec<Span> {
    let (mut spans, mut done) = (Vec::new(), 0);
    for (range, entity) in entities(text) {
        spans.extend(text.get(done..range.start).map(Span::plain));
        let link = if let Entity::Url(url) = entity { Some(url.to_owned()) } else { None };
        spans.extend(text.get(range.clone()).map(|part| Span { text: part.to_owned(), link, marked: true }));
        done = range.end;
    }
    spans.extend(text.get(done..).map(Span::plain));
    spans
}
