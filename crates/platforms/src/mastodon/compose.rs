//! The body of `POST /api/v1/statuses` and the key that makes a repeat recognisable.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::media;
use crate::{Part, words};

/// What is kept between composing and sending.
#[derive(Serialize, Deserialize)]
pub(super) struct Composed {
    /// `Idempotency-Key`
    pub(super) key: String,
    /// The body.
    pub(super) body: Value,
    /// No send of it was earlier.
    pub(super) composed_at: Timestamp,
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        (words::is_id(&composed.key) && composed.body.is_object()).then_some(composed)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    pub(super) fn parent(&self) -> Option<&str> {
        self.body["in_reply_to_id"].as_str()
    }

    pub(super) fn media_ids(&self) -> Vec<&str> {
        self.body["media_ids"].as_array().map_or_else(Vec::new, |ids| ids.iter().filter_map(Value::as_str).collect())
    }
}

pub(super) fn compose(now: Timestamp, part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Err(Refusal::Rejected { code, message: message.to_owned(), http_status: None });
    let mut media_ids = Vec::new();
    for (handle, _) in part.media {
        match media::id(handle) {
            Some(id) => media_ids.push(id.to_owned()),
            None => return refused(ErrorCode::MediaRejected, "the stored handle of an upload cannot be read"),
        }
    }
    let parent = part.parent.map(|parent| parent.id.as_str());
    if parent.is_some_and(|id| !words::is_id(id)) {
        return refused(ErrorCode::ParentPartFailed, "the part before has no id that Mastodon could know");
    }
    let body = body(part.role, part.content, &media_ids, parent, part.options);
    Ok(json!(Composed { key: key(part.key, &body), body, composed_at: now }))
}

/// The same part with the same content has the same key, so that a repeat is recognised however it came about; an
/// edited one has another, or the instance would answer with the old status.
fn key(part: &str, body: &Value) -> String {
    let digest = Sha256::new().chain_update(part).chain_update([0]).chain_update(body.to_string()).finalize();
    hex::encode(&digest[..16])
}

/// The same for preview and for real. A thread keeps visibility and warning throughout; the poll is the main part's.
pub(super) fn body(role: Role, content: &str, media_ids: &[String], parent: Option<&str>, options: &Value) -> Value {
    let mut body = Map::new();
    body.insert("status".to_owned(), json!(content));
    if !media_ids.is_empty() {
        body.insert("media_ids".to_owned(), json!(media_ids));
    }
    if let Some(parent) = parent {
        body.insert("in_reply_to_id".to_owned(), json!(parent));
    }
    let poll = (role == Role::Main).then_some("poll");
    for name in ["visibility", "sensitive", "spoiler_text", "language"].into_iter().chain(poll) {
        if let Some(value) = options.get(name).filter(|value| !value.is_null()) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(body)
}
