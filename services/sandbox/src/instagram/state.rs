//! What Instagram knows.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::fact::{Comment, Fact, Media};
use crate::graph::Container;
use crate::graph::grants::Grants;

/// The numbers before the first ids. All ids have seventeen digits and begin with 17, which Facebook's never do: a host
/// that both share tells them apart by that.
const FIRST_USER: u64 = 17_841_400_000_000_000;
const FIRST_ID: u64 = 17_900_000_000_000_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct State {
    last_id: u64,
    pub(super) users: BTreeMap<u64, String>,
    pub(super) grants: Grants,
    pub(super) containers: HashMap<u64, Container>,
    pub(super) media: BTreeMap<u64, Media>,
    pub(super) comments: BTreeMap<u64, Comment>,
    /// Each user's posts, oldest first.
    media_of: HashMap<u64, Vec<u64>>,
    /// Each post's comments, oldest first, also deleted ones.
    comments_on: HashMap<u64, Vec<u64>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last_id: FIRST_ID,
            users: BTreeMap::new(),
            grants: Grants::default(),
            containers: HashMap::new(),
            media: BTreeMap::new(),
            comments: BTreeMap::new(),
            media_of: HashMap::new(),
            comments_on: HashMap::new(),
        }
    }
}

impl State {
    pub(super) fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    pub(super) fn next_user(&self) -> u64 {
        self.users.keys().next_back().copied().unwrap_or(FIRST_USER) + 1
    }

    pub(super) fn named(&self, name: &str) -> Option<u64> {
        self.users.iter().find(|(_, username)| username.eq_ignore_ascii_case(name)).map(|(id, _)| *id)
    }

    pub(super) fn username(&self, id: u64) -> &str {
        self.users.get(&id).map_or("", String::as_str)
    }

    /// The user to whom a user's, container's, post's or comment's id belongs: of a comment, the one under whose post it
    /// stands.
    pub(super) fn owner(&self, id: u64) -> Option<u64> {
        let user = self.users.contains_key(&id).then_some(id);
        let container = || self.containers.get(&id).map(|container| container.user);
        let media = |id: u64| self.media.get(&id).map(|media| media.user);
        let comment = || self.comments.get(&id).and_then(|comment| media(comment.media));
        user.or_else(container).or_else(|| media(id)).or_else(comment)
    }

    /// How many posts a user has published in the last 24 hours.
    pub(super) fn published_lately(&self, user: u64, now: Timestamp) -> usize {
        self.own(user).take_while(|media| now.duration_since(media.at) < DAY).count()
    }

    /// Everything a user has published, newest first.
    fn own(&self, user: u64) -> impl Iterator<Item = &Media> {
        self.media_of.get(&user).into_iter().flatten().rev().filter_map(|id| self.media.get(id))
    }

    /// Everything that is said under a post, oldest first.
    pub(super) fn comments_on(&self, media: u64) -> impl Iterator<Item = &Comment> {
        self.comments_on.get(&media).into_iter().flatten().filter_map(|id| self.comments.get(id))
    }

    /// Posts of a profile, or its stories of the last day; newest first.
    pub(super) fn shown(&self, user: u64, stories: bool, now: Timestamp) -> impl Iterator<Item = &Media> {
        let is_shown = move |media: &&Media| !media.is_story || now.duration_since(media.at) < DAY;
        self.own(user).filter(move |media| media.is_story == stories).filter(is_shown)
    }

    /// Comments on a post, or replies to one of them, oldest first.
    pub(super) fn below(&self, media: u64, parent: Option<u64>) -> impl Iterator<Item = &Comment> {
        self.comments_on(media).filter(move |comment| comment.parent == parent)
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::UserMade { id, username } => drop(self.users.insert(id, username)),
            Fact::Token(change) => self.grants.apply(change),
            Fact::ContainerMade(container) => {
                self.saw(container.id);
                self.containers.insert(container.id, *container);
            }
            Fact::Uploaded { container, file, failure, ready_at } => {
                if let Some(container) = self.containers.get_mut(&container) {
                    container.awaits_upload = false;
                    container.file = file;
                    container.failure = failure;
                    container.ready_at = ready_at;
                }
            }
            Fact::Posted(media) => {
                self.saw(media.id);
                if let Some(container) = self.containers.get_mut(&media.container) {
                    container.published = Some(media.id);
                }
                self.media_of.entry(media.user).or_default().push(media.id);
                self.media.insert(media.id, *media);
            }
            Fact::CommentsSwitched { media, is_on } => {
                if let Some(media) = self.media.get_mut(&media) {
                    media.has_comments = is_on;
                }
            }
            Fact::Commented(comment) => {
                self.saw(comment.id);
                self.comments_on.entry(comment.media).or_default().push(comment.id);
                self.comments.insert(comment.id, comment);
            }
            Fact::CommentHidden { id, is_hidden } => {
                if let Some(comment) = self.comments.get_mut(&id) {
                    comment.is_hidden = is_hidden;
                }
            }
            Fact::CommentDeleted { id } => {
                self.comments.remove(&id);
            }
        }
    }

    fn saw(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }
}
