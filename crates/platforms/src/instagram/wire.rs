//! Instagram's JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;
use serde_json::Value;

use crate::exchange::Answer;

/// The account of a token: `user_id` is what everything else calls `id`.
#[derive(Debug, Deserialize)]
pub(super) struct Me {
    pub(super) user_id: Option<Value>,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) account_type: Option<String>,
    pub(super) profile_picture_url: Option<String>,
}

/// An account as Facebook lists it.
#[derive(Debug, Deserialize)]
pub(super) struct Linked {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) profile_picture_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) access_token: Option<String>,
    pub(super) instagram_business_account: Option<Linked>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) status_code: String,
    pub(super) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Media {
    pub(super) id: String,
    pub(super) caption: Option<String>,
    pub(super) permalink: Option<String>,
    pub(super) timestamp: Option<String>,
    pub(super) media_product_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) username: String,
    pub(super) timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Quota {
    pub(super) quota_usage: u64,
    pub(super) config: QuotaConfig,
}

#[derive(Debug, Deserialize)]
pub(super) struct QuotaConfig {
    pub(super) quota_total: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) followers_count: Option<u64>,
    pub(super) follows_count: Option<u64>,
    pub(super) media_count: Option<u64>,
}

/// How the exchange of codes refuses: older than the Graph API's form.
#[derive(Debug, Deserialize)]
pub(super) struct OldError {
    error_message: String,
}

impl OldError {
    /// The words of a plain no.
    pub(super) fn read(answer: &Answer) -> Option<String> {
        let is_no = matches!(answer.status, 400..=499) && !matches!(answer.status, 408 | 429);
        let said = answer.json::<Self>().filter(|said| is_no && !said.error_message.is_empty())?;
        Some(answer.words(&said.error_message))
    }
}
