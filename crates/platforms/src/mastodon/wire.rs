//! Mastodon's JSON, as far as it is read. Fields beyond these are ignored.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Ids are strings; some servers write numbers.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(id) => id,
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    })
}

fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    id(deserializer).map(|id| Some(id).filter(|id| !id.is_empty()))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct MastodonError {
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    pub(super) username: String,
    pub(super) display_name: Option<String>,
    pub(super) avatar: Option<String>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) bot: bool,
    #[serde(default)]
    pub(super) group: bool,
    #[serde(default)]
    pub(super) followers_count: Value,
    #[serde(default)]
    pub(super) following_count: Value,
    #[serde(default)]
    pub(super) statuses_count: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachment {
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    /// Missing while it is being processed.
    pub(super) url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    pub(super) created_at: Option<jiff::Timestamp>,
    pub(super) url: Option<String>,
    pub(super) uri: Option<String>,
    /// HTML.
    #[serde(default)]
    pub(super) content: String,
    /// The source, which some servers show to the author.
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) spoiler_text: String,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) in_reply_to_id: Option<String>,
    #[serde(default)]
    pub(super) media_attachments: Vec<Attachment>,
}

/// `/.well-known/nodeinfo`
#[derive(Debug, Deserialize)]
pub(super) struct NodeInfoLinks {
    #[serde(default)]
    pub(super) links: Vec<NodeInfoLink>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NodeInfoLink {
    pub(super) rel: String,
    pub(super) href: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NodeInfo {
    pub(super) software: Software,
}

#[derive(Debug, Deserialize)]
pub(super) struct Software {
    pub(super) name: String,
}
