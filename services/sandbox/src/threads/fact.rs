//! What Threads writes to the journal.

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
    /// A container became public.
    Posted(Box<Post>),
    ReplyHidden {
        id: u64,
        is_hidden: bool,
    },
    Deleted {
        id: u64,
        at: Timestamp,
    },
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) id: u64,
    /// What it was made of.
    pub(super) container: u64,
    pub(super) user: u64,
    pub(super) text: String,
    pub(super) files: Vec<File>,
    pub(super) parent: Option<u64>,
    pub(super) quoted: Option<u64>,
    pub(super) link: Option<String>,
    pub(super) choices: Vec<String>,
    pub(super) is_hidden: bool,
    pub(super) at: Timestamp,
}
