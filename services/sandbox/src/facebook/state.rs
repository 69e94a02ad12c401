//! What Facebook knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::fact::{Comment, End, Fact, Grant, Linked, Photo, Post};
use crate::graph::problem::BadToken;

/// The number before the first id: all have fifteen digits, which Instagram's ids never have.
const FIRST_ID: u64 = 122_100_000_000_000;

pub(super) struct State {
    last_id: u64,
    pub(super) users: BTreeMap<u64, User>,
    pub(super) pages: BTreeMap<u64, Page>,
    grants: HashMap<String, Kept>,
    pub(super) photos: HashMap<u64, Photo>,
    pub(super) posts: BTreeMap<u64, Post>,
    pub(super) comments: BTreeMap<u64, Comment>,
    declined: HashMap<(u64, String), Vec<String>>,
    /// Photos that a post has.
    pub(super) used: BTreeSet<u64>,
}

pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) pages: Vec<u64>,
}

pub(super) struct Page {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) instagram: Option<Linked>,
}

struct Kept {
    grant: Grant,
    end: Option<End>,
}

/// A thing with an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    User(u64),
    Page(u64),
    Photo(u64),
    Post(u64),
    Comment(u64),
}

impl Default for State {
    fn default() -> Self {
        Self {
            last_id: FIRST_ID,
            users: BTreeMap::new(),
            pages: BTreeMap::new(),
            grants: HashMap::new(),
            photos: HashMap::new(),
            posts: BTreeMap::new(),
            comments: BTreeMap::new(),
            declined: HashMap::new(),
            used: BTreeSet::new(),
        }
    }
}

impl Grant {
    /// The page whose token it is, or else the person.
    pub(super) fn owner(&self) -> u64 {
        self.page.unwrap_or(self.user)
    }
}

impl Post {
    /// `{page}_{post}`.
    pub(super) fn full_id(&self) -> String {
        format!("{}_{}", self.page, self.id)
    }
}

impl Comment {
    /// `{post}_{comment}`.
    pub(super) fn full_id(&self) -> String {
        format!("{}_{}", self.post, self.id)
    }
}

impl State {
    pub(super) fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    pub(super) fn user_named(&self, name: &str) -> Option<u64> {
        self.users.values().find(|user| user.name.eq_ignore_ascii_case(name)).map(|user| user.id)
    }

    pub(super) fn page_named(&self, name: &str) -> Option<u64> {
        self.pages.values().find(|page| page.username.eq_ignore_ascii_case(name)).map(|page| page.id)
    }

    /// Whose id this is.
    pub(super) fn node(&self, id: &str) -> Option<Node> {
        let Some((owner, own)) = id.split_once('_') else {
            let id = id.parse().ok()?;
            return match () {
                () if self.users.contains_key(&id) => Some(Node::User(id)),
                () if self.pages.contains_key(&id) => Some(Node::Page(id)),
                () if self.photos.contains_key(&id) => Some(Node::Photo(id)),
                () => None,
            };
        };
        let (owner, own): (u64, u64) = (owner.parse().ok()?, own.parse().ok()?);
        let post = self.posts.get(&own).filter(|post| post.page == owner).map(|post| Node::Post(post.id));
        let comment = || self.comments.get(&own).filter(|comment| comment.post == owner);
        post.or_else(|| comment().map(|comment| Node::Comment(comment.id)))
    }

    /// What a token allows now. One of a page dies with its person's.
    pub(super) fn grant(&self, token: &str, now: Timestamp) -> Result<&Grant, BadToken> {
        let kept = self.grants.get(token).ok_or(BadToken::Unknown)?;
        match (kept.end, kept.grant.expires_at) {
            (Some(End::PasswordChanged), _) => Err(BadToken::Ended),
            (Some(End::AppRemoved), _) => Err(BadToken::Removed),
            (None, Some(at)) if at <= now => Err(BadToken::Expired(at)),
            (None, _) => Ok(&kept.grant),
        }
    }

    /// A token, however it ended.
    pub(super) fn any_grant(&self, token: &str) -> Option<&Grant> {
        self.grants.get(token).map(|kept| &kept.grant)
    }

    /// What the person has refused the app.
    pub(super) fn declined(&self, grant: &Grant) -> &[String] {
        self.declined.get(&(grant.user, grant.client_id.clone())).map_or(&[], Vec::as_slice)
    }

    /// The page's token that the same grant of the person has given before.
    pub(super) fn page_token(&self, page: u64, person: &Grant, now: Timestamp) -> Option<String> {
        let fits = |kept: &Kept| {
            let grant = &kept.grant;
            grant.page == Some(page)
                && grant.user == person.user
                && grant.client_id == person.client_id
                && grant.scopes == person.scopes
                && grant.is_long == person.is_long
        };
        let alive = |token: &&String| self.grant(token, now).is_ok();
        self.grants.iter().filter(|(_, kept)| fits(kept)).map(|(token, _)| token).find(alive).cloned()
    }

    /// Everybody through whom an app has a token of this page, or of this person.
    pub(super) fn behind(&self, owner: u64) -> BTreeSet<u64> {
        let owned = self.grants.values().filter(|kept| kept.grant.owner() == owner);
        owned.map(|kept| kept.grant.user).collect()
    }

    /// The page's posts that people see, newest first.
    pub(super) fn published(&self, page: u64) -> impl Iterator<Item = &Post> {
        self.posts.values().rev().filter(move |post| post.page == page && post.is_published)
    }

    /// Comments on a post or on one of its comments, oldest first.
    pub(super) fn replies(&self, post: u64, parent: Option<u64>) -> impl Iterator<Item = &Comment> {
        self.comments.values().filter(move |comment| comment.post == post && comment.parent == parent)
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::UserMade { id, name } => {
                self.saw(id);
                self.users.insert(id, User { id, name, pages: Vec::new() });
            }
            Fact::PageMade { id, username } => {
                self.saw(id);
                self.pages.insert(id, Page { id, username, instagram: None });
            }
            Fact::PageJoined { user, page } => {
                if let Some(user) = self.users.get_mut(&user) {
                    user.pages.push(page);
                }
            }
            Fact::InstagramLinked { page, account } => {
                if let Some(page) = self.pages.get_mut(&page) {
                    page.instagram = Some(account);
                }
            }
            Fact::TokenIssued { token, grant } => drop(self.grants.insert(token, Kept { grant, end: None })),
            Fact::TokensExpired { owner, at } => {
                for kept in self.grants.values_mut().filter(|kept| kept.grant.owner() == owner) {
                    kept.grant.expires_at = Some(kept.grant.expires_at.map_or(at, |usual| usual.min(at)));
                }
            }
            Fact::TokensEnded { user, client_id, end } => {
                let of_app = |grant: &Grant| client_id.as_ref().is_none_or(|only| grant.client_id == *only);
                let ended = self.grants.values_mut().filter(|kept| kept.grant.user == user && of_app(&kept.grant));
                ended.for_each(|kept| kept.end = kept.end.or(Some(end)));
            }
            Fact::ScopesDeclined { user, client_id, scopes } => drop(self.declined.insert((user, client_id), scopes)),
            Fact::PhotoStored(photo) => {
                self.saw(photo.id);
                self.photos.insert(photo.id, photo);
            }
            Fact::Posted(post) => {
                self.saw(post.id);
                self.used.extend(post.photos.iter().copied());
                self.posts.insert(post.id, *post);
            }
            Fact::Commented(comment) => {
                self.saw(comment.id);
                self.comments.insert(comment.id, comment);
            }
            Fact::CommentHidden { id, is_hidden } => {
                if let Some(comment) = self.comments.get_mut(&id) {
                    comment.is_hidden = is_hidden;
                }
            }
            Fact::Deleted { id } => self.delete(id),
        }
    }

    fn saw(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }

    /// What belonged to it goes with it.
    fn delete(&mut self, id: u64) {
        self.photos.remove(&id);
        if self.posts.remove(&id).is_some() {
            self.comments.retain(|_, comment| comment.post != id);
        }
        if self.comments.remove(&id).is_some() {
            self.comments.retain(|_, comment| comment.parent != Some(id));
        }
    }
}
