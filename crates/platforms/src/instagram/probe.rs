//! Finding out whether a post is there: its container says so, and the account's own posts say under which id.

use domain::target::{Live, Probe, Refusal};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::{
    compose::{Call, Composed, Kind, Post},
    errors, publish, stage,
    tokens::Held,
    wire::{Comment, Media},
};
use crate::{
    Account, Cx, Sought, failure,
    graph::{self, List},
    words,
};

/// Instagram's clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);
const POSTS: &str = "50";

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    if let Some(id) = sought.handle.and_then(publish::published) {
        return Probe::Live(publish::shown(cx, account, id).await);
    }
    let unknown = |message: &str| Probe::Unknown { message: message.to_owned() };
    let Some(composed) = Composed::read(sought.composed) else { return unknown(failure::UNREADABLE) };
    let held = match Held::open(account) {
        Ok(held) => held,
        Err(refusal) => return failure::unknown(&refusal),
    };
    let since = sought.sent_at - CLOCKS;
    let found = match &composed.call {
        Call::Comment { on, message } => comment(cx, account, &held, sought, (on, message, since)).await,
        Call::Post(post) => {
            if let Some(answer) = ask_container(cx, &held, sought, post).await {
                return answer;
            }
            listed(cx, &held, sought, post, since).await
        }
    };
    match found {
        Ok(Some(live)) => Probe::Live(live),
        Ok(None) => unknown("it is not among the account's recent ones, which may lag"),
        Err(refusal) => failure::unknown(&refusal),
    }
}

/// What the container leaves no doubt about. One that was made after the fact says nothing of what was sent then.
async fn ask_container(cx: &Cx<'_>, held: &Held, sought: &Sought<'_>, post: &Post) -> Option<Probe> {
    let container = post.container.as_ref().filter(|_| !sought.is_recomposed)?;
    match stage::status(cx, held, &container.id).await {
        // A container is published by one call and at most once, and none is under way by now.
        Ok(status) if matches!(status.status_code.as_str(), "FINISHED" | "EXPIRED" | "ERROR") => Some(Probe::NotLive),
        Ok(status) if status.status_code == "PUBLISHED" => None,
        Ok(_) => Some(Probe::Unknown { message: "Instagram still works on the container".to_owned() }),
        // Whoever is not let in or in trouble says nothing; a container that is gone may have been published.
        Err(Refusal::Rejected { .. }) => None,
        Err(refusal) => Some(failure::unknown(&refusal)),
    }
}

async fn listed(
    cx: &Cx<'_>,
    held: &Held,
    sought: &Sought<'_>,
    post: &Post,
    since: Timestamp,
) -> Result<Option<Live>, Refusal> {
    // Stories are in no list, and without words one post is like another.
    if post.kind == Kind::Story || post.caption.trim().is_empty() {
        return Ok(None);
    }
    let query = [("fields", "id,caption,permalink,timestamp,media_product_type"), ("limit", POSTS)];
    let posts: Vec<Media> = list(cx, held, &format!("{}/media", held.id), &query).await?;
    let is_ours = |media: &Media| {
        words::is_id(&media.id)
            && sought.may_be(&media.id)
            && is_new(media.timestamp.as_deref(), since)
            && media.media_product_type.as_deref().is_none_or(|kind| (kind == "REELS") == (post.kind == Kind::Reel))
            && canonical(media.caption.as_deref().unwrap_or_default()) == canonical(&post.caption)
    };
    Ok(posts.into_iter().find(is_ours).map(|media| Live {
        id: media.id,
        url: words::link(media.permalink),
        reference: Value::Null,
    }))
}

async fn comment(
    cx: &Cx<'_>,
    account: &Account<'_>,
    held: &Held,
    sought: &Sought<'_>,
    (on, message, since): (&str, &str, Timestamp),
) -> Result<Option<Live>, Refusal> {
    let query = [("fields", "id,text,username,timestamp")];
    let comments: Vec<Comment> = list(cx, held, &format!("{on}/comments"), &query).await?;
    let is_ours = |comment: &Comment| {
        words::is_id(&comment.id)
            && sought.may_be(&comment.id)
            && comment.username == account.username
            && is_new(comment.timestamp.as_deref(), since)
            && canonical(&comment.text) == canonical(message)
    };
    let ours = comments.into_iter().find(is_ours);
    Ok(ours.map(|comment| Live { id: comment.id, url: None, reference: Value::Null }))
}

async fn list<T: DeserializeOwned>(
    cx: &Cx<'_>,
    held: &Held,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Vec<T>, Refusal> {
    let ask = query.iter().fold(held.get(cx, path), |ask, (name, value)| ask.query(name, value));
    let answer = ask.call(cx).await?;
    match answer.success::<List<T>>() {
        Some(list) => Ok(list.data),
        None => Err(errors::failed(cx, &answer)),
    }
}

fn is_new(timestamp: Option<&str>, since: Timestamp) -> bool {
    timestamp.and_then(graph::parse_time).is_some_and(|at| at >= since)
}

/// Two spellings of the same text.
fn canonical(text: &str) -> String {
    text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
