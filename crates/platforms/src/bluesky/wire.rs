//! XRPC's JSON, as far as it is read. Fields beyond these are ignored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Default, Deserialize)]
pub(super) struct XrpcError {
    pub(super) error: Option<String>,
    pub(super) message: Option<String>,
}

/// `createSession` and `refreshSession`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) access_jwt: String,
    pub(super) refresh_jwt: String,
    pub(super) handle: String,
    pub(super) did: String,
    pub(super) did_doc: Option<Value>,
    pub(super) active: Option<bool>,
    pub(super) status: Option<String>,
}

/// `getSession`.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    pub(super) did: String,
    #[serde(default)]
    pub(super) handle: String,
    pub(super) active: Option<bool>,
    pub(super) status: Option<String>,
}

/// As far as it says where a repository lives.
#[derive(Debug, Deserialize)]
pub(super) struct DidDocument {
    pub(super) id: String,
    #[serde(default)]
    pub(super) service: Vec<DidService>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DidService {
    pub(super) id: String,
    #[serde(default)]
    pub(super) service_endpoint: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) did: String,
    pub(super) display_name: Option<String>,
    pub(super) avatar: Option<String>,
    #[serde(default)]
    pub(super) followers_count: Value,
    #[serde(default)]
    pub(super) follows_count: Value,
    #[serde(default)]
    pub(super) posts_count: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resolved {
    pub(super) did: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Uploaded {
    pub(super) blob: Blob,
}

/// Copied unchanged into the record: any difference is `InvalidMimeType` or `InvalidSize`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    #[serde(rename = "$type")]
    pub(super) kind: String,
    #[serde(rename = "ref")]
    pub(super) reference: Link,
    pub(super) mime_type: String,
    pub(super) size: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Link {
    #[serde(rename = "$link")]
    pub(super) cid: String,
}

/// `putRecord` and `getRecord`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Written {
    pub(super) uri: String,
    pub(super) cid: Option<String>,
}
