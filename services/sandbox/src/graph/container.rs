//! Containers: what Instagram and Threads publish is made first and made public in a second step (fact sheet part 1,
//! sections 3.6 and 4.6). A container is published once at most, within 24 hours.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ledger::MediaNote;

/// How long a container can be published.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Text,
    Image,
    Video,
    Carousel,
}

/// A picture or video that was fetched; its bytes lie on the shelf.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) alt_text: Option<String>,
    pub(crate) is_video: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Container {
    pub(crate) id: u64,
    pub(crate) user: u64,
    pub(crate) form: Form,
    /// Instagram: shown for a day and not on the profile.
    pub(crate) is_story: bool,
    /// One of a carousel, which is not published by itself.
    pub(crate) is_item: bool,
    pub(crate) text: String,
    pub(crate) file: Option<File>,
    pub(crate) children: Vec<u64>,
    /// Threads: the post it answers.
    pub(crate) parent: Option<u64>,
    /// Threads: the post it quotes.
    pub(crate) quoted: Option<u64>,
    /// Threads: the link under the text.
    pub(crate) link: Option<String>,
    /// Threads: a poll.
    pub(crate) choices: Vec<String>,
    pub(crate) made_at: Timestamp,
    /// Processing lasts until then.
    pub(crate) ready_at: Timestamp,
    /// What the processing ends with when it fails, in the network's words.
    pub(crate) failure: Option<String>,
    /// The post that was made of it.
    pub(crate) published: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    InProgress,
    Finished,
    Error,
    Expired,
    Published,
}

impl From<&File> for MediaNote {
    fn from(file: &File) -> Self {
        Self {
            id: file.name.clone(),
            mime_type: file.mime_type.clone(),
            alt_text: file.alt_text.clone(),
            size: file.size,
        }
    }
}

impl Container {
    pub(crate) fn status(&self, now: Timestamp) -> Status {
        match () {
            () if self.published.is_some() => Status::Published,
            () if now.duration_since(self.made_at) >= LIFE => Status::Expired,
            () if self.ready_at > now => Status::InProgress,
            () if self.failure.is_some() => Status::Error,
            () => Status::Finished,
        }
    }
}
