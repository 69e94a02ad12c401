//! What the instance knows.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::fact::{App, Fact, Grant, Media, Status, Visibility};

/// How long an `Idempotency-Key` is remembered.
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long an upload waits to be attached.
const MEDIA_WAITS: SignedDuration = SignedDuration::from_hours(24);

#[derive(Default)]
pub(super) struct State {
    last_id: u64,
    pub(super) accounts: HashMap<u64, Account>,
    by_name: HashMap<String, u64>,
    pub(super) apps: HashMap<String, App>,
    pub(super) grants: HashMap<String, Grant>,
    pub(super) media: HashMap<u64, Media>,
    pub(super) statuses: BTreeMap<u64, Status>,
    /// Direct replies, also deleted ones.
    replies: HashMap<u64, Vec<u64>>,
    keys: HashMap<(u64, String), (u64, Timestamp)>,
}

pub(super) struct Account {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) made_at: Timestamp,
    /// Oldest first, also deleted ones.
    pub(super) statuses: Vec<u64>,
    /// How many of them are still there: every answer tells, so it is counted along.
    pub(super) live: usize,
}

impl Status {
    /// Whether everybody may read it.
    pub(super) fn open(&self) -> bool {
        matches!(self.visibility, Visibility::Public | Visibility::Unlisted)
    }

    /// Whether this reader may. There are no followers and no addressees here, so what is not open is its author's own.
    pub(super) fn visible_to(&self, reader: Option<u64>) -> bool {
        self.open() || reader == Some(self.account)
    }
}

impl Media {
    pub(super) fn ready(&self, now: Timestamp) -> bool {
        self.ready_at <= now
    }

    /// An unattached upload is cleaned up after a day.
    pub(super) fn alive(&self, now: Timestamp) -> bool {
        self.status.is_some() || now.duration_since(self.uploaded_at) < MEDIA_WAITS
    }
}

impl State {
    /// The next id: milliseconds and a counter, growing, as Mastodon's snowflakes.
    pub(super) fn next_id(&self, now: Timestamp) -> u64 {
        let by_time = u64::try_from(now.as_millisecond()).unwrap_or(0) << 16;
        by_time.max(self.last_id + 1)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Account> {
        self.accounts.get(self.by_name.get(&name.to_lowercase())?)
    }

    pub(super) fn status(&self, id: u64, reader: Option<u64>) -> Option<&Status> {
        self.statuses.get(&id).filter(|status| status.visible_to(reader))
    }

    /// The status that this key has made within the hour, which may be deleted since.
    pub(super) fn by_key(&self, account: u64, key: &str, now: Timestamp) -> Option<u64> {
        let (status, at) = self.keys.get(&(account, key.to_owned()))?;
        (now.duration_since(*at) < KEY_LIFE).then_some(*status)
    }

    /// Replies that are still there, oldest first.
    pub(super) fn replies(&self, id: u64) -> impl Iterator<Item = &Status> {
        self.replies.get(&id).into_iter().flatten().filter_map(|reply| self.statuses.get(reply))
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::AccountMade { id, username, at } => {
                self.last_id = self.last_id.max(id);
                self.by_name.insert(username.to_lowercase(), id);
                self.accounts.insert(id, Account { id, username, made_at: at, statuses: Vec::new(), live: 0 });
            }
            Fact::AppRegistered(app) => {
                self.last_id = self.last_id.max(app.id);
                self.apps.insert(app.client_id.clone(), app);
            }
            Fact::TokenIssued { token, grant } => {
                self.grants.insert(token, grant);
            }
            Fact::TokenRevoked { token } => {
                if let Some(grant) = self.grants.get_mut(&token) {
                    grant.end = Some(super::fact::End::Revoked);
                }
            }
            Fact::TokensEnded { account, end } => {
                for grant in self.grants.values_mut().filter(|grant| grant.account == Some(account)) {
                    grant.end.get_or_insert(end);
                }
            }
            Fact::MediaUploaded(media) => {
                self.last_id = self.last_id.max(media.id);
                self.media.insert(media.id, media);
            }
            Fact::MediaDescribed { id, description, focus } => {
                if let Some(media) = self.media.get_mut(&id) {
                    media.description = description;
                    media.focus = focus;
                }
            }
            Fact::MediaDropped { id } => {
                self.media.remove(&id);
            }
            Fact::StatusPosted { status, key } => self.post(*status, key),
            Fact::StatusDeleted { id } => {
                let author = self.statuses.remove(&id).map(|status| status.account);
                if let Some(account) = author.and_then(|author| self.accounts.get_mut(&author)) {
                    account.live = account.live.saturating_sub(1);
                }
            }
        }
    }

    fn post(&mut self, status: Status, key: Option<String>) {
        self.last_id = self.last_id.max(status.id).max(status.poll.as_ref().map_or(0, |poll| poll.id));
        if let Some(key) = key {
            self.keys.insert((status.account, key), (status.id, status.at));
        }
        for id in &status.media {
            if let Some(media) = self.media.get_mut(id) {
                media.status = Some(status.id);
            }
        }
        if let Some(parent) = status.in_reply_to {
            self.replies.entry(parent).or_default().push(status.id);
        }
        if let Some(account) = self.accounts.get_mut(&status.account) {
            account.statuses.push(status.id);
            account.live += 1;
        }
        self.statuses.insert(status.id, status);
    }
}
