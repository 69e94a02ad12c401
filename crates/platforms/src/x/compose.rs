//! The body of `POST /2/tweets`.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::media::Handle;
use crate::Part;

/// What is kept between composing and sending.
#[derive(Serialize, Deserialize)]
pub(super) struct Composed {
    /// The body.
    pub(super) body: Value,
    /// What X calls the attached files; shorter than their ids where it did not say.
    #[serde(default)]
    pub(super) media_keys: Vec<String>,
    /// When it was composed: a parent sent just before may not be visible to X yet.
    pub(super) composed_at: Timestamp,
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        serde_json::from_value::<Self>(value.clone()).ok().filter(|composed| composed.body.is_object())
    }

    pub(super) fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }

    pub(super) fn media_count(&self) -> usize {
        self.body["media"]["media_ids"].as_array().map_or(0, Vec::len)
    }

    pub(super) fn parent(&self) -> Option<&str> {
        self.body["reply"]["in_reply_to_tweet_id"].as_str()
    }
}

pub(super) fn compose(now: Timestamp, part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Err(Refusal::Rejected { code, message: message.to_owned(), http_status: None });
    let (mut media_ids, mut media_keys) = (Vec::new(), Vec::new());
    for (handle, _) in part.media {
        match Handle::read(handle) {
            Some(handle) => {
                media_ids.push(handle.id);
                media_keys.extend(handle.media_key);
            }
            None => return refused(ErrorCode::MediaRejected, "the stored handle of an upload cannot be read"),
        }
    }
    let parent = part.parent.map(|parent| parent.id.as_str());
    if parent.is_some_and(|id| !super::is_id(id)) {
        return refused(ErrorCode::ParentPartFailed, "the part before has no id that X could know");
    }
    let body = body(part.role, part.content, &media_ids, parent, part.options);
    Ok(json!(Composed { body, media_keys, composed_at: now }))
}

/// The same for preview and for real. Labels go on every part; what makes a post a poll, a quote or a community's goes
/// on the first one only.
pub(super) fn body(role: Role, content: &str, media_ids: &[String], parent: Option<&str>, options: &Value) -> Value {
    let mut body = Map::new();
    let mut copy = |name: &str| {
        if let Some(value) = options.get(name).filter(|value| !value.is_null()) {
            body.insert(name.to_owned(), value.clone());
        }
    };
    copy("made_with_ai");
    copy("paid_partnership");
    if role == Role::Main {
        ["reply_settings", "quote_tweet_id", "poll", "community_id"].into_iter().for_each(&mut copy);
    }
    if !content.is_empty() || media_ids.is_empty() {
        body.insert("text".to_owned(), json!(content));
    }
    if !media_ids.is_empty() {
        let mut media = json!({"media_ids": media_ids});
        if let Some(tagged) = options.get("tagged_user_ids").filter(|ids| !ids.is_null() && role == Role::Main) {
            media["tagged_user_ids"] = tagged.clone();
        }
        body.insert("media".to_owned(), media);
    }
    if let Some(parent) = parent {
        body.insert("reply".to_owned(), json!({"in_reply_to_tweet_id": parent}));
    }
    Value::Object(body)
}
