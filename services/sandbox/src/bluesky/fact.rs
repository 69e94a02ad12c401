//! What Bluesky writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::oauth;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    AccountMade { did: String, handle: String, key: String, at: Timestamp },
    AppPasswordMade { did: String, password: String },
    SessionOpened { did: String, refresh_id: String, expires_at: Timestamp },
    SessionRefreshed { did: String, used: String, usable_until: Timestamp, successor: String, expires_at: Timestamp },
    SessionClosed { refresh_id: String },
    AccessExpired { did: String },
    GrantRevoked { did: String },
    BlobUploaded { did: String, cid: String, mime_type: String, size: u64, at: Timestamp },
    RecordWritten(Written),
    RecordDeleted { did: String, rkey: String, commit: Commit },
    OAuth(oauth::Fact),
}

/// A record created or replaced.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) did: String,
    pub(super) rkey: String,
    pub(super) cid: String,
    pub(super) value: Value,
    pub(super) at: Timestamp,
    pub(super) commit: Commit,
}

/// The repository's head after a write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Commit {
    pub(super) cid: String,
    pub(super) rev: String,
}
