//! What Threads knows.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::fact::{Fact, Post};
use crate::graph::Container;
use crate::graph::grants::Grants;

/// The number before the first id.
const FIRST_ID: u64 = 17_800_000_000_000_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct State {
    last_id: u64,
    pub(super) users: HashMap<u64, User>,
    pub(super) grants: Grants,
    pub(super) containers: HashMap<u64, Container>,
    pub(super) posts: BTreeMap<u64, Post>,
    /// When each user published (`true`: a reply), also what is deleted since.
    published: Vec<(u64, bool, Timestamp)>,
    deleted: Vec<(u64, Timestamp)>,
}

pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last_id: FIRST_ID,
            users: HashMap::new(),
            grants: Grants::default(),
            containers: HashMap::new(),
            posts: BTreeMap::new(),
            published: Vec::new(),
            deleted: Vec::new(),
        }
    }
}

impl State {
    pub(super) fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    pub(super) fn named(&self, name: &str) -> Option<u64> {
        self.users.values().find(|user| user.username.eq_ignore_ascii_case(name)).map(|user| user.id)
    }

    /// Ids and names, by name.
    pub(super) fn choices(&self) -> Vec<(String, String)> {
        let mut users: Vec<_> =
            self.users.values().map(|user| (user.id.to_string(), format!("@{}", user.username))).collect();
        users.sort_by(|(_, a), (_, b)| a.cmp(b));
        users
    }

    /// How many posts, or replies, a user has published in the last 24 hours.
    pub(super) fn published_lately(&self, user: u64, is_reply: bool, now: Timestamp) -> usize {
        let lately = self.published.iter().rev().take_while(|(_, _, at)| now.duration_since(*at) < DAY);
        lately.filter(|(who, reply, _)| *who == user && *reply == is_reply).count()
    }

    pub(super) fn deleted_lately(&self, user: u64, now: Timestamp) -> usize {
        let lately = self.deleted.iter().rev().take_while(|(_, at)| now.duration_since(*at) < DAY);
        lately.filter(|(who, _)| *who == user).count()
    }

    /// The first post of a conversation, as far as it is still there.
    pub(super) fn root(&self, post: &Post) -> u64 {
        let (mut root, mut above) = (post.id, post.parent);
        while let Some(parent) = above.and_then(|id| self.posts.get(&id)) {
            root = parent.id;
            above = parent.parent;
        }
        root
    }

    /// Direct replies, oldest first.
    pub(super) fn replies(&self, id: u64) -> impl Iterator<Item = &Post> {
        self.posts.values().filter(move |post| post.parent == Some(id))
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::UserMade { id, username } => {
                self.saw(id);
                self.users.insert(id, User { id, username });
            }
            Fact::Token(change) => self.grants.apply(change),
            Fact::ContainerMade(container) => {
                self.saw(container.id);
                self.containers.insert(container.id, *container);
            }
            Fact::Posted(post) => {
                self.saw(post.id);
                if let Some(container) = self.containers.get_mut(&post.container) {
                    container.published = Some(post.id);
                }
                self.published.push((post.user, post.parent.is_some(), post.at));
                self.posts.insert(post.id, *post);
            }
            Fact::ReplyHidden { id, is_hidden } => {
                if let Some(post) = self.posts.get_mut(&id) {
                    post.is_hidden = is_hidden;
                }
            }
            Fact::Deleted { id, at } => {
                let removed = self.posts.remove(&id);
                self.deleted.extend(removed.map(|post| (post.user, at)));
            }
        }
    }

    fn saw(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }
}
