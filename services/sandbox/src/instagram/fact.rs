//! What Instagram writes to the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::graph::{Container, File, grants};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    UserMade {
        id: u64,
        username: String,
    },
    Token(grants::Change),
    ContainerMade(Box<Container>),
    /// A container got what it waited for.
    Uploaded {
        container: u64,
        file: Option<File>,
        failure: Option<String>,
        ready_at: Timestamp,
    },
    /// A container became public.
    Posted(Box<Media>),
    CommentsSwitched {
        media: u64,
        is_on: bool,
    },
    Commented(Comment),
    CommentHidden {
        id: u64,
        is_hidden: bool,
    },
    CommentDeleted {
        id: u64,
    },
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Media {
    pub(super) id: u64,
    /// What it was made of.
    pub(super) container: u64,
    pub(super) user: u64,
    pub(super) caption: String,
    pub(super) files: Vec<File>,
    /// Shown for a day and not on the profile.
    pub(super) is_story: bool,
    pub(super) has_comments: bool,
    pub(super) at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) media: u64,
    /// The comment it answers, which answers none itself.
    pub(super) parent: Option<u64>,
    pub(super) user: u64,
    pub(super) text: String,
    pub(super) is_hidden: bool,
    pub(super) at: Timestamp,
}
