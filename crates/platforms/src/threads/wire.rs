//! Threads' JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    /// A string, or a number.
    pub(super) id: Value,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) threads_profile_picture_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Container {
    pub(super) status: String,
    pub(super) error_message: Option<String>,
}

/// A post as it is read back.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) text: String,
    pub(super) timestamp: Option<String>,
    pub(super) permalink: Option<String>,
    pub(super) replied_to: Option<Reference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
}

/// What is used up of what a profile may publish.
#[derive(Debug, Deserialize)]
pub(super) struct Limit {
    pub(super) quota_usage: Option<u64>,
    pub(super) config: Option<Quota>,
    pub(super) reply_quota_usage: Option<u64>,
    pub(super) reply_config: Option<Quota>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Quota {
    pub(super) quota_total: Option<u64>,
}

/// One number: a total, or a series of days.
#[derive(Debug, Deserialize)]
pub(super) struct Insight {
    pub(super) name: String,
    pub(super) total_value: Option<Counted>,
    #[serde(default)]
    pub(super) values: Vec<Counted>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counted {
    pub(super) value: Option<u64>,
}
