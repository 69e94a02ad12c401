//! Instagram's JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;
use serde_json::Value;

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

/// What the exchange of a code answers: flat, or as the only entry of a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Exchanged {
    Listed { data: Vec<Short> },
    Flat(Short),
}

impl Exchanged {
    pub(super) fn one(self) -> Option<Short> {
        match self {
            Self::Listed { data } => data.into_iter().next(),
            Self::Flat(short) => Some(short),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Short {
    pub(super) access_token: String,
    /// A list, or one string with commas.
    pub(super) permissions: Option<Value>,
}

impl Short {
    pub(super) fn scopes(&self) -> Option<Vec<String>> {
        let scopes: Vec<String> = match self.permissions.as_ref()? {
            Value::String(text) => text.split(',').map(|scope| scope.trim().to_owned()).collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => return None,
        };
        Some(scopes.into_iter().filter(|scope| !scope.is_empty() && scope.len() <= 100).take(100).collect())
    }
}
