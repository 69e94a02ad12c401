//! X's JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: Option<T>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Id {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) profile_image_url: Option<String>,
    pub(super) subscription_type: Option<String>,
    #[serde(default)]
    pub(super) public_metrics: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) media_key: Option<String>,
    pub(super) processing_info: Option<Processing>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Processing {
    pub(super) state: String,
    pub(super) check_after_secs: Option<u32>,
    pub(super) error: Option<ProcessingError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProcessingError {
    pub(super) name: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tweet {
    pub(super) id: String,
    #[serde(default)]
    pub(super) text: String,
    pub(super) created_at: Option<jiff::Timestamp>,
    #[serde(default)]
    pub(super) referenced_tweets: Vec<Referenced>,
    pub(super) entities: Option<Entities>,
    pub(super) attachments: Option<Attachments>,
    /// The whole text of a post longer than 280.
    pub(super) note_tweet: Option<NoteTweet>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachments {
    #[serde(default)]
    pub(super) media_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NoteTweet {
    pub(super) text: String,
    pub(super) entities: Option<Entities>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Referenced {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entities {
    #[serde(default)]
    pub(super) urls: Vec<UrlEntity>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UrlEntity {
    pub(super) url: String,
    pub(super) expanded_url: Option<String>,
    /// Set where the link stands for an attached file.
    pub(super) media_key: Option<String>,
}

/// The problem object, the older list of errors, and the token endpoint's two fields, all in one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) errors: Vec<ProblemEntry>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ProblemEntry {
    pub(super) message: Option<String>,
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) code: Option<i64>,
}
