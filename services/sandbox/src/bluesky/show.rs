//! Bluesky's posts for the page.

use serde_json::Value;

use super::identity::display_name;
use super::state::{Account, Post, State, uri};
use crate::network::Platform;
use crate::page::{Card, Picture, Shown, Span};

pub(super) fn newest(state: &State, limit: usize) -> Vec<Shown> {
    let every = state
        .accounts
        .values()
        .flat_map(|account| account.posts.iter().rev().take(limit).map(move |(rkey, post)| (account, rkey, post)));
    let mut posts: Vec<_> = every.collect();
    posts.sort_by_key(|(.., post)| std::cmp::Reverse(post.at));
    posts.into_iter().take(limit).map(|(account, rkey, post)| show(state, account, rkey, post)).collect()
}

fn show(state: &State, account: &Account, rkey: &str, post: &Post) -> Shown {
    let embed = &post.value["embed"];
    let media = if embed["media"].is_object() { &embed["media"] } else { embed };
    let quoted = embed["record"]["record"]["uri"].as_str().or(embed["record"]["uri"].as_str());
    let quote = quoted.map(|uri| {
        state.post(uri).map_or_else(
            || "a post that is gone".to_owned(),
            |(author, _, post)| format!("@{}: {}", author.handle, post.text()),
        )
    });
    Shown {
        platform: Platform::Bluesky,
        id: uri(&account.did, rkey),
        author: display_name(account).to_owned(),
        handle: format!("@{}", account.handle),
        at: post.at,
        text: spans(post),
        parent: post.parent().map(str::to_owned),
        warning: None,
        pictures: pictures(media),
        card: card(&media["external"]),
        quote,
        choices: Vec::new(),
        note: None,
    }
}

/// The text cut at its facets, whose ranges were checked when the post was written.
fn spans(post: &Post) -> Vec<Span> {
    let text = post.text();
    let mut facets: Vec<(usize, usize, Option<String>)> = post.value["facets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|facet| {
            let place = |key: &str| usize::try_from(facet["index"][key].as_u64()?).ok();
            let link = facet["features"][0]["uri"].as_str().map(str::to_owned);
            Some((place("byteStart")?, place("byteEnd")?, link))
        })
        .collect();
    facets.sort_unstable();
    let (mut spans, mut done) = (Vec::new(), 0);
    for (start, end, link) in facets {
        spans.extend(text.get(done..start).map(Span::plain));
        spans.extend(text.get(start..end).map(|part| Span { text: part.to_owned(), link, marked: true }));
        done = end;
    }
    spans.extend(text.get(done..).map(Span::plain));
    spans
}

fn pictures(media: &Value) -> Vec<Picture> {
    let picture = |blob: &Value, alt: &Value, video: bool| {
        let cid = blob["ref"]["$link"].as_str()?;
        let url = format!("/_sandbox/media/bluesky/{cid}");
        Some(Picture { url, alt: alt.as_str().unwrap_or_default().to_owned(), video })
    };
    let lists = [&media["images"], &media["items"]];
    let images = lists.into_iter().filter_map(Value::as_array).flatten();
    let images = images.filter_map(|image| picture(&image["image"], &image["alt"], false));
    images.chain(picture(&media["video"], &media["alt"], true)).collect()
}

fn card(external: &Value) -> Option<Card> {
    let word = |key: &str| external[key].as_str().map(str::to_owned);
    Some(Card { link: word("uri")?, title: word("title")?, description: word("description")? })
}
