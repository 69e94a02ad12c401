//! The ledger: everything that ever became public here, in order. Nothing is removed from it; what a network deletes is
//! marked, and what a network lets be edited is entered again.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::network::Platform;

/// How an entry came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Post,
    Reply,
    /// A remark below a post, where that is something else than a post that answers.
    Comment,
    /// A public post whose content was replaced.
    Edit,
}

/// A picture or video of an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MediaNote {
    /// The network's own id of it: a CID at Bluesky, a media id elsewhere.
    pub(crate) id: String,
    pub(crate) mime_type: String,
    pub(crate) alt_text: Option<String>,
    /// Bytes.
    pub(crate) size: u64,
}

/// What is entered; the ledger adds the number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NewEntry {
    pub(crate) at: Timestamp,
    pub(crate) platform: Platform,
    /// The account's `network_unique_id`.
    pub(crate) account: String,
    /// The id by which the network names the post: an at-uri at Bluesky, a number in a string elsewhere.
    pub(crate) platform_post_id: String,
    pub(crate) kind: Kind,
    /// `platform_post_id` of the post replied to.
    pub(crate) parent: Option<String>,
    /// The text as it was sent.
    pub(crate) text: String,
    pub(crate) media: Vec<MediaNote>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// From one, without gaps.
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) post: NewEntry,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// A step of the ledger, as journalled beside the network's own fact.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Enter(Box<NewEntry>),
    Delete { platform: Platform, platform_post_id: String, at: Timestamp },
}

#[derive(Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    by_post: HashMap<(Platform, String), Vec<usize>>,
}

impl Ledger {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Enter(post) => {
                let key = (post.platform, post.platform_post_id.clone());
                self.by_post.entry(key).or_default().push(self.entries.len());
                self.entries.push(Entry { seq: self.entries.len() as u64 + 1, post: *post, deleted_at: None });
            }
            Change::Delete { platform, platform_post_id, at } => {
                for index in self.by_post.get(&(platform, platform_post_id)).into_iter().flatten() {
                    if let Some(entry) = self.entries.get_mut(*index) {
                        entry.deleted_at.get_or_insert(at);
                    }
                }
            }
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
