//! What LinkedIn writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    MemberMade {
        id: String,
        name: String,
        at: Timestamp,
    },
    OrganizationMade {
        id: u64,
        name: String,
        at: Timestamp,
    },
    /// A member administers an organization from now on.
    AdminMade {
        organization: u64,
        member: String,
    },
    TokensIssued(Tokens),
    /// A refresh: one more access token; the refresh token stays as it is.
    AccessIssued {
        access: String,
        refresh: String,
        expires_at: Timestamp,
    },
    AccessExpired {
        members: Vec<String>,
        at: Timestamp,
    },
    GrantsRevoked {
        members: Vec<String>,
    },
    UploadOpened(Upload),
    /// One piece of an upload is there: its first byte, its length and its `ETag`.
    PartStored {
        urn: String,
        first: u64,
        size: u64,
        etag: String,
        mime_type: Option<String>,
    },
    /// All of it is there; it can be used from `ready_at` on.
    UploadFinished {
        urn: String,
        ready_at: Timestamp,
    },
    Posted(Box<Post>),
    Deleted {
        id: u64,
    },
    Commented(Comment),
    CommentDeleted {
        id: u64,
    },
}

/// The tokens of a grant.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) member: String,
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) scopes: Vec<String>,
    /// The app that has them; `None` for those of `/_sandbox/accounts`.
    pub(super) client_id: Option<String>,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    /// Counted from the grant; use does not move it.
    pub(super) refresh_expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MediaKind {
    Image,
    Video,
    Document,
}

/// An upload from its first step on.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) urn: String,
    pub(super) kind: MediaKind,
    /// The member or organization that it is of.
    pub(super) owner: String,
    /// Bytes; known beforehand for videos only.
    pub(super) size: Option<u64>,
    /// The last part of the address that takes the bytes.
    pub(super) key: String,
    pub(super) at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) id: u64,
    /// The id by which the feed and comments know it.
    pub(super) activity: u64,
    /// URN of the member or organization.
    pub(super) author: String,
    /// As it was sent.
    pub(super) commentary: String,
    /// What readers see of it.
    pub(super) text: String,
    pub(super) visibility: String,
    /// As it was sent; null when there is none.
    pub(super) content: Value,
    pub(super) media: Vec<Attached>,
    pub(super) at: Timestamp,
}

/// A picture, video or document of a post.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attached {
    pub(super) urn: String,
    pub(super) alt_text: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) post: u64,
    /// The comment it answers.
    pub(super) parent: Option<u64>,
    pub(super) actor: String,
    pub(super) text: String,
    pub(super) image: Option<String>,
    pub(super) at: Timestamp,
}
