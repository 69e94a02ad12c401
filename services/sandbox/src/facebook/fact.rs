//! What Facebook writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::graph::File;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    UserMade {
        id: u64,
        name: String,
    },
    PageMade {
        id: u64,
        username: String,
    },
    /// The user may do everything on the page.
    PageJoined {
        user: u64,
        page: u64,
    },
    InstagramLinked {
        page: u64,
        account: Linked,
    },
    TokenIssued {
        token: String,
        grant: Grant,
    },
    /// The tokens of a page, or a person's own, are expired from then on.
    TokensExpired {
        owner: u64,
        at: Timestamp,
    },
    /// All tokens of a person, and of the pages that they were got with, stop working; of one app, if it is named.
    TokensEnded {
        user: u64,
        client_id: Option<String>,
        end: End,
    },
    /// What a person has refused an app, in place of what was refused before.
    ScopesDeclined {
        user: u64,
        client_id: String,
        scopes: Vec<String>,
    },
    PhotoStored(Photo),
    Posted(Box<Post>),
    Commented(Comment),
    CommentHidden {
        id: u64,
        is_hidden: bool,
    },
    Deleted {
        id: u64,
    },
}

/// The Instagram account that belongs to a page.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Linked {
    pub(super) id: u64,
    pub(super) username: String,
}

/// What a token allows.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    /// The person who consented; of a page's token, through whom the app got it.
    pub(super) user: u64,
    /// `None`: the person's own token.
    pub(super) page: Option<u64>,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    /// The pages that were left checked. `None`: all, also later ones.
    pub(super) pages: Option<Vec<u64>>,
    pub(super) is_long: bool,
    pub(super) issued_at: Timestamp,
    /// `None`: never.
    pub(super) expires_at: Option<Timestamp>,
}

/// Why a token stopped working.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    PasswordChanged,
    AppRemoved,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Photo {
    pub(super) id: u64,
    pub(super) page: u64,
    pub(super) file: File,
    pub(super) caption: String,
    pub(super) is_published: bool,
    pub(super) at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PostKind {
    Status,
    Photo,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) id: u64,
    pub(super) page: u64,
    pub(super) kind: PostKind,
    pub(super) message: String,
    pub(super) link: Option<String>,
    pub(super) photos: Vec<u64>,
    pub(super) is_published: bool,
    pub(super) at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    /// The post under which it stands, however deep.
    pub(super) post: u64,
    /// The comment it answers.
    pub(super) parent: Option<u64>,
    /// Who says it.
    pub(super) page: u64,
    pub(super) message: String,
    pub(super) file: Option<File>,
    pub(super) is_hidden: bool,
    pub(super) at: Timestamp,
}
