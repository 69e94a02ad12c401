//! A Status as answers show it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fact::{Poll, Status};
use super::super::state::State;
use super::super::text::{Entity, entities, html};
use super::super::{accounts, media};
use crate::core::Core;

pub(in super::super) fn view(status: &Status, state: &State, core: &Core, reader: Option<u64>) -> Value {
    let origin = &core.origin;
    let author = state.accounts.get(&status.account);
    let name = author.map_or("", |author| author.username.as_str());
    let parent = status.in_reply_to.and_then(|parent| state.statuses.get(&parent));
    let (mut mentions, mut tags) = (Vec::new(), Vec::new());
    for (_, entity) in entities(&status.text) {
        match entity {
            Entity::Mention { user, host: None } => mentions.extend(state.by_name(user).map(|account| {
                json!({
                    "id": account.id.to_string(),
                    "username": account.username,
                    "acct": account.username,
                    "url": format!("{origin}/@{}", account.username),
                })
            })),
            Entity::Hashtag(tag) => {
                let tag = tag.to_lowercase();
                tags.push(json!({"name": tag, "url": format!("{origin}/tags/{tag}")}));
            }
            Entity::Mention { .. } | Entity::Url(_) => {}
        }
    }
    let attached = status.media.iter().filter_map(|id| state.media.get(id));
    json!({
        "id": status.id.to_string(),
        "created_at": status.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "in_reply_to_id": status.in_reply_to.map(|id| id.to_string()),
        "in_reply_to_account_id": parent.map(|parent| parent.account.to_string()),
        "sensitive": status.sensitive,
        "spoiler_text": status.spoiler_text,
        "visibility": status.visibility,
        "language": status.language,
        "uri": format!("{origin}/users/{name}/statuses/{}", status.id),
        "url": format!("{origin}/@{name}/{}", status.id),
        "replies_count": state.replies(status.id).filter(|reply| reply.open()).count(),
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "edited_at": null,
        "favourited": false,
        "reblogged": false,
        "muted": false,
        "bookmarked": false,
        "pinned": false,
        "content": html(&status.text, origin, |name| state.by_name(name).is_some()),
        "filtered": [],
        "reblog": null,
        "application": {"name": "Sandbox", "website": null},
        "account": author.map(|author| accounts::view(author, state, origin)),
        "media_attachments": attached.map(|each| media::view(each, core)).collect::<Vec<_>>(),
        "mentions": mentions,
        "tags": tags,
        "emojis": [],
        "card": null,
        "poll": status.poll.as_ref().map(|poll| poll_view(poll, core.now(), reader == Some(status.account))),
        "quote": status.quoted.map(|id| quote_view(id, state)),
    })
}

fn poll_view(poll: &Poll, now: Timestamp, own: bool) -> Value {
    let options = poll.options.iter().map(|title| json!({"title": title, "votes_count": 0}));
    json!({
        "id": poll.id.to_string(),
        "expires_at": poll.ends_at,
        "expired": poll.ends_at <= now,
        "multiple": poll.multiple,
        "votes_count": 0,
        "voters_count": 0,
        "options": options.collect::<Vec<_>>(),
        "emojis": [],
        "voted": own,
        "own_votes": [],
    })
}

fn quote_view(id: u64, state: &State) -> Value {
    let there = state.statuses.contains_key(&id);
    json!({"state": if there { "accepted" } else { "deleted" }, "quoted_status_id": id.to_string()})
}
