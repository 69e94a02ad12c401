//! What X writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    UserMade {
        id: u64,
        username: String,
        at: Timestamp,
    },
    TokensIssued(Tokens),
    /// A refresh: the old refresh token is spent, the new pair is good.
    TokensRotated {
        spent: String,
        tokens: Tokens,
    },
    AccessExpired {
        user: u64,
        at: Timestamp,
    },
    GrantRevoked {
        user: u64,
    },
    TokenRevoked {
        token: String,
    },
    UploadOpened(Upload),
    SegmentStored {
        id: u64,
        index: u16,
        size: u64,
    },
    UploadFinished {
        id: u64,
        finish: Finish,
    },
    AltTextSet {
        id: u64,
        alt_text: String,
    },
    Posted(Post),
    Deleted {
        id: u64,
    },
}

/// The tokens of a grant.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) user: u64,
    pub(super) access: String,
    /// Only with the scope `offline.access`.
    pub(super) refresh: Option<String>,
    pub(super) scopes: String,
    /// The app that has them; `None` for those of `/_sandbox/accounts`.
    #[serde(default)]
    pub(super) client_id: Option<String>,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Category {
    TweetImage,
    TweetGif,
    TweetVideo,
    AmplifyVideo,
}

/// An upload from its first step on.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) id: u64,
    pub(super) user: u64,
    pub(super) category: Category,
    pub(super) media_type: String,
    pub(super) total_bytes: u64,
    pub(super) at: Timestamp,
}

/// How an upload ended.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Finish {
    pub(super) size: u64,
    pub(super) finished_at: Timestamp,
    /// Processing lasts until then; `None` when there is none.
    pub(super) ready_at: Option<Timestamp>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) id: u64,
    pub(super) user: u64,
    pub(super) text: String,
    pub(super) media: Vec<u64>,
    pub(super) parent: Option<u64>,
    pub(super) poll: Vec<String>,
    pub(super) reply_settings: String,
    pub(super) at: Timestamp,
}
