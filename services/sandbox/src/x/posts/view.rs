//! A post as answers show it: links as t.co, and the fields asked for.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::fact::Post;
use super::super::state::State;
use super::super::text::{cashtag_ranges, hashtags, mentions, urls};
use super::query::Fields;

pub(super) const POST_FIELDS: [&str; 29] = [
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "edit_history_post_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "media_metadata",
    "non_public_metrics",
    "note_tweet",
    "organic_metrics",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "text",
    "withheld",
];

/// The text with its links shortened, and where everything is in it (in characters).
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) entities: Value,
}

fn t_co(post: u64, link: &str) -> String {
    let digest = Sha256::digest(format!("{post} {link}"));
    format!("https://t.co/{}", hex::encode(digest).get(..10).unwrap_or_default())
}

pub(super) fn rendered(post: &Post, state: &State) -> Rendered {
    let (mut text, mut places, mut done) = (String::new(), Vec::new(), 0);
    let mut add = |text: &mut String, short: String, expanded: String, shown: String, media: Option<String>| {
        let start = text.chars().count();
        text.push_str(&short);
        let mut place = json!({
            "start": start,
            "end": start + short.chars().count(),
            "url": short,
            "expanded_url": expanded,
            "display_url": shown,
        });
        if let Some(key) = media {
            place["media_key"] = key.into();
        }
        places.push(place);
    };
    for range in urls(&post.text) {
        text.push_str(post.text.get(done..range.start).unwrap_or_default());
        let link = post.text.get(range.clone()).unwrap_or_default();
        let expanded = if link.contains("://") { link.to_owned() } else { format!("http://{link}") };
        let shown = expanded.split_once("://").map_or("", |(_, rest)| rest).chars().take(27).collect();
        add(&mut text, t_co(post.id, link), expanded, shown, None);
        done = range.end;
    }
    text.push_str(post.text.get(done..).unwrap_or_default());
    let name = state.users.get(&post.user).map_or("", |user| user.username.as_str());
    for (index, id) in post.media.iter().enumerate() {
        let expanded = format!("https://x.com/{name}/status/{}/photo/1", post.id);
        let key = state.uploads.get(id).map(super::super::state::Uploading::media_key);
        let shown = format!("pic.x.com/{}", post.id % 10_000_000_000);
        if index == 0 {
            if !text.is_empty() {
                text.push(' ');
            }
            add(&mut text, t_co(post.id, &expanded), expanded, shown, key);
        }
    }
    let entities = entities(&text, places, state);
    Rendered { text, entities }
}

fn entities(text: &str, urls: Vec<Value>, state: &State) -> Value {
    let place = |range: &std::ops::Range<usize>| {
        let start = text.get(..range.start).unwrap_or_default().chars().count();
        (start, start + text.get(range.clone()).unwrap_or_default().chars().count())
    };
    let mut entities = json!({});
    if !urls.is_empty() {
        entities["urls"] = urls.into();
    }
    let mentions: Vec<Value> = mentions(text)
        .iter()
        .map(|(range, name)| {
            let ((start, end), known) = (place(range), state.by_name(name));
            let id = known.map(|user| user.id.to_string());
            json!({"start": start, "end": end, "username": name, "id": id})
        })
        .collect();
    let tag = |(range, tag): &(std::ops::Range<usize>, &str)| {
        let (start, end) = place(range);
        json!({"start": start, "end": end, "tag": tag})
    };
    let hashtags: Vec<Value> = hashtags(text).iter().map(tag).collect();
    let cashtags: Vec<Value> = cashtag_ranges(text).iter().map(tag).collect();
    for (name, list) in [("mentions", mentions), ("hashtags", hashtags), ("cashtags", cashtags)] {
        if !list.is_empty() {
            entities[name] = list.into();
        }
    }
    entities
}

/// A Post with the fields asked for. `own` posts tell their private metrics too.
pub(super) fn view(post: &Post, state: &State, fields: &Fields, own: bool) -> Value {
    let Rendered { text, entities } = rendered(post, state);
    let id = post.id.to_string();
    let mut view = json!({"id": id, "text": text, "edit_history_post_ids": [id]});
    let mut add = |name: &str, value: Value| {
        if fields.has(name) && !value.is_null() {
            view[name] = value;
        }
    };
    let parent = post.parent.map(|parent| (parent, state.posts.get(&parent)));
    add("author_id", post.user.to_string().into());
    add("conversation_id", state.conversation(post).to_string().into());
    add("created_at", post.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into());
    add("entities", if entities == json!({}) { Value::Null } else { entities });
    add("edit_history_tweet_ids", json!([id]));
    add("lang", "en".into());
    add("possibly_sensitive", false.into());
    add("reply_settings", post.reply_settings.clone().into());
    add("in_reply_to_user_id", parent.and_then(|(_, parent)| parent).map(|parent| parent.user.to_string()).into());
    add(
        "referenced_tweets",
        match parent {
            Some((parent, _)) => json!([{"type": "replied_to", "id": parent.to_string()}]),
            None => Value::Null,
        },
    );
    let keys: Vec<String> =
        post.media.iter().filter_map(|id| state.uploads.get(id)).map(|uploading| uploading.media_key()).collect();
    add("attachments", if keys.is_empty() { Value::Null } else { json!({"media_keys": keys}) });
    let replies = state.reply_count(post.id);
    let public = json!({
        "retweet_count": 0,
        "reply_count": replies,
        "like_count": 0,
        "quote_count": 0,
        "bookmark_count": 0,
        "impression_count": 0,
    });
    add("public_metrics", public);
    if own {
        let private = json!({"impression_count": 0, "url_link_clicks": 0, "user_profile_clicks": 0, "engagements": 0});
        add("non_public_metrics", private);
        let organic = json!({
            "impression_count": 0,
            "retweet_count": 0,
            "reply_count": replies,
            "like_count": 0,
            "url_link_clicks": 0,
            "user_profile_clicks": 0,
        });
        add("organic_metrics", organic);
    }
    view
}
