//! What Mastodon writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    AccountMade {
        id: u64,
        username: String,
        at: Timestamp,
    },
    AppRegistered(App),
    TokenIssued {
        token: String,
        grant: Grant,
    },
    TokenRevoked {
        token: String,
    },
    /// All tokens of an account stop working.
    TokensEnded {
        account: u64,
        end: End,
    },
    MediaUploaded(Media),
    MediaDescribed {
        id: u64,
        description: Option<String>,
        focus: Option<(f64, f64)>,
    },
    MediaDropped {
        id: u64,
    },
    StatusPosted {
        status: Box<Status>,
        key: Option<String>,
    },
    StatusDeleted {
        id: u64,
    },
}

/// A registered OAuth app.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct App {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) website: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) scopes: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// What a token allows.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    /// `None`: the app itself, by client credentials.
    pub(super) account: Option<u64>,
    pub(super) scopes: String,
    pub(super) client_id: Option<String>,
    pub(super) end: Option<End>,
}

/// Why a token stopped working.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Expired,
    Revoked,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MediaKind {
    Image,
    Video,
    Gifv,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Media {
    pub(super) id: u64,
    pub(super) account: u64,
    pub(super) kind: MediaKind,
    pub(super) mime_type: String,
    pub(super) size: u64,
    pub(super) dimensions: Option<(u32, u32)>,
    pub(super) description: Option<String>,
    pub(super) focus: Option<(f64, f64)>,
    pub(super) uploaded_at: Timestamp,
    /// Processing lasts until then.
    pub(super) ready_at: Timestamp,
    pub(super) status: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Visibility {
    Public,
    Unlisted,
    Private,
    Direct,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) id: u64,
    pub(super) account: u64,
    pub(super) text: String,
    pub(super) spoiler_text: String,
    pub(super) visibility: Visibility,
    pub(super) sensitive: bool,
    pub(super) language: Option<String>,
    pub(super) in_reply_to: Option<u64>,
    pub(super) quoted: Option<u64>,
    pub(super) media: Vec<u64>,
    pub(super) poll: Option<Poll>,
    pub(super) at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Poll {
    pub(super) id: u64,
    pub(super) options: Vec<String>,
    pub(super) ends_at: Timestamp,
    pub(super) multiple: bool,
}
