//! What X knows.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::fact::{Category, Fact, Finish, Post, Tokens, Upload};

/// The first millisecond of X's ids.
const EPOCH_MS: i64 = 1_288_834_974_657;
/// How long a text may not be posted again.
pub(super) const DUPLICATE_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// How long an upload can be used.
pub(super) const MEDIA_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long an unused refresh token lives.
const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 183);

#[derive(Default)]
pub(super) struct State {
    last_id: u64,
    pub(super) users: HashMap<u64, User>,
    by_name: HashMap<String, u64>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    pub(super) uploads: HashMap<u64, Uploading>,
    pub(super) posts: BTreeMap<u64, Post>,
    /// Direct replies, also deleted ones.
    replies: HashMap<u64, Vec<u64>>,
    /// The newest post of each text.
    texts: HashMap<(u64, String), u64>,
}

pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) made_at: Timestamp,
    /// Oldest first, also deleted ones.
    pub(super) posts: Vec<u64>,
}

#[derive(Clone)]
pub(super) struct Access {
    pub(super) user: u64,
    pub(super) scopes: String,
    expires_at: Timestamp,
}

#[derive(Clone)]
pub(super) struct Refresh {
    pub(super) user: u64,
    pub(super) scopes: String,
    pub(super) client_id: Option<String>,
    issued_at: Timestamp,
}

/// An upload with what came of it.
pub(super) struct Uploading {
    pub(super) upload: Upload,
    /// Sizes by segment index.
    pub(super) segments: BTreeMap<u16, u64>,
    pub(super) finish: Option<Finish>,
    pub(super) alt_text: Option<String>,
}

impl Uploading {
    pub(super) fn alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.upload.at) < MEDIA_LIFE
    }

    /// Uploaded whole and processed.
    pub(super) fn usable(&self, now: Timestamp) -> bool {
        let ready = |finish: &Finish| finish.ready_at.is_none_or(|ready| ready <= now);
        self.alive(now) && self.finish.as_ref().is_some_and(ready)
    }

    /// The id with the kind of media in front.
    pub(super) fn media_key(&self) -> String {
        media_key(self.upload.category, self.upload.id)
    }
}

pub(super) fn media_key(category: Category, id: u64) -> String {
    let kind = match category {
        Category::TweetImage => 3,
        Category::TweetGif => 16,
        Category::TweetVideo => 7,
        Category::AmplifyVideo => 13,
    };
    format!("{kind}_{id}")
}

impl State {
    /// The next id: a snowflake, growing.
    pub(super) fn next_id(&self, now: Timestamp) -> u64 {
        let by_time = u64::try_from(now.as_millisecond() - EPOCH_MS).unwrap_or(0) << 22;
        by_time.max(self.last_id + 1)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&User> {
        self.users.get(self.by_name.get(&name.to_lowercase())?)
    }

    /// A token that is good now.
    pub(super) fn access(&self, token: &str, now: Timestamp) -> Option<&Access> {
        self.access.get(token).filter(|access| access.expires_at > now)
    }

    /// A refresh token that was neither used nor revoked nor left lying.
    pub(super) fn refresh(&self, token: &str, now: Timestamp) -> Option<&Refresh> {
        self.refresh.get(token).filter(|refresh| now.duration_since(refresh.issued_at) < REFRESH_LIFE)
    }

    /// Whether the user has said exactly this within the window, in a post that is still there.
    pub(super) fn said(&self, user: u64, text: &str, now: Timestamp) -> bool {
        let newest = self.texts.get(&(user, text.to_owned())).and_then(|id| self.posts.get(id));
        newest.is_some_and(|post| now.duration_since(post.at) < DUPLICATE_WINDOW)
    }

    pub(super) fn reply_count(&self, id: u64) -> usize {
        self.replies.get(&id).map_or(0, |replies| replies.iter().filter(|id| self.posts.contains_key(id)).count())
    }

    /// The first post of a conversation, as far as it is still there.
    pub(super) fn conversation(&self, post: &Post) -> u64 {
        let (mut root, mut above) = (post.id, post.parent);
        while let Some(id) = above {
            root = id;
            above = self.posts.get(&id).and_then(|parent| parent.parent);
        }
        root
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::UserMade { id, username, at } => {
                self.last_id = self.last_id.max(id);
                self.by_name.insert(username.to_lowercase(), id);
                self.users.insert(id, User { id, username, made_at: at, posts: Vec::new() });
            }
            Fact::TokensIssued(tokens) => self.issue(tokens),
            Fact::TokensRotated { spent, tokens } => {
                self.refresh.remove(&spent);
                self.issue(tokens);
            }
            Fact::AccessExpired { user, at } => {
                for access in self.access.values_mut().filter(|access| access.user == user) {
                    access.expires_at = access.expires_at.min(at);
                }
            }
            Fact::GrantRevoked { user } => {
                self.access.retain(|_, access| access.user != user);
                self.refresh.retain(|_, refresh| refresh.user != user);
            }
            Fact::TokenRevoked { token } => {
                self.access.remove(&token);
                self.refresh.remove(&token);
            }
            Fact::UploadOpened(upload) => {
                self.last_id = self.last_id.max(upload.id);
                let uploading = Uploading { upload, segments: BTreeMap::new(), finish: None, alt_text: None };
                self.uploads.insert(uploading.upload.id, uploading);
            }
            Fact::SegmentStored { id, index, size } => {
                self.with(id, |uploading| {
                    uploading.segments.insert(index, size);
                });
            }
            Fact::UploadFinished { id, finish } => self.with(id, |uploading| uploading.finish = Some(finish)),
            Fact::AltTextSet { id, alt_text } => self.with(id, |uploading| uploading.alt_text = Some(alt_text)),
            Fact::Posted(post) => self.post(post),
            Fact::Deleted { id } => {
                self.posts.remove(&id);
            }
        }
    }

    fn issue(&mut self, tokens: Tokens) {
        let Tokens { user, access, refresh, scopes, client_id, issued_at, expires_at } = tokens;
        self.access.insert(access, Access { user, scopes: scopes.clone(), expires_at });
        if let Some(refresh) = refresh {
            self.refresh.insert(refresh, Refresh { user, scopes, client_id, issued_at });
        }
    }

    fn with(&mut self, upload: u64, change: impl FnOnce(&mut Uploading)) {
        if let Some(uploading) = self.uploads.get_mut(&upload) {
            change(uploading);
        }
    }

    fn post(&mut self, post: Post) {
        self.last_id = self.last_id.max(post.id);
        if let Some(parent) = post.parent {
            self.replies.entry(parent).or_default().push(post.id);
        }
        if !post.text.is_empty() {
            self.texts.insert((post.user, post.text.clone()), post.id);
        }
        if let Some(user) = self.users.get_mut(&post.user) {
            user.posts.push(post.id);
        }
        self.posts.insert(post.id, post);
    }
}
