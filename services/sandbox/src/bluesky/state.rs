//! What the PDS knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fact::{Commit, Fact, Written};
use super::{POST, cid, oauth, tid};

/// How long an uploaded blob waits to be used in a record.
const BLOB_WAITS: SignedDuration = SignedDuration::from_hours(1);

#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: HashMap<String, Account>,
    by_handle: HashMap<String, String>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    /// Replies to a post, by its at-uri: at-uris, also of replies deleted since.
    replies: HashMap<String, BTreeSet<String>>,
    pub(super) grants: oauth::Grants,
}

pub(super) struct Account {
    pub(super) did: String,
    pub(super) handle: String,
    /// Signs the account's tokens.
    pub(super) key: Vec<u8>,
    pub(super) made_at: Timestamp,
    app_passwords: Vec<String>,
    /// Tokens of an earlier generation are expired ...
    pub(super) generation: u32,
    /// ... and before this one they are revoked.
    pub(super) revoked_before: u32,
    pub(super) blobs: HashMap<String, Blob>,
    /// Posts by record key.
    pub(super) posts: BTreeMap<String, Post>,
    pub(super) head: Commit,
}

pub(super) struct RefreshToken {
    pub(super) did: String,
    pub(super) usable_until: Timestamp,
    pub(super) successor: Option<String>,
}

pub(super) struct Blob {
    pub(super) mime_type: String,
    pub(super) size: u64,
    uploaded_at: Timestamp,
    used: bool,
}

impl Blob {
    /// An unused blob is swept away after a while.
    pub(super) fn alive(&self, now: Timestamp) -> bool {
        self.used || now.duration_since(self.uploaded_at) < BLOB_WAITS
    }
}

pub(super) struct Post {
    pub(super) cid: String,
    pub(super) value: Value,
    pub(super) at: Timestamp,
}

impl Post {
    pub(super) fn text(&self) -> &str {
        self.value["text"].as_str().unwrap_or_default()
    }

    /// The at-uri of the post that this one answers.
    pub(super) fn parent(&self) -> Option<&str> {
        self.value["reply"]["parent"]["uri"].as_str()
    }

    /// The at-uri of the first post of the conversation.
    pub(super) fn root(&self) -> Option<&str> {
        self.value["reply"]["root"]["uri"].as_str()
    }
}

pub(super) fn uri(did: &str, rkey: &str) -> String {
    format!("at://{did}/{POST}/{rkey}")
}

impl Account {
    pub(super) fn has_password(&self, password: &str) -> bool {
        self.app_passwords.iter().any(|each| each == password)
    }

    /// The head after a write of `what` at this moment: revisions only grow.
    pub(super) fn next_commit(&self, now: Timestamp, what: &str) -> Commit {
        let mut rev = tid::at(now, 0);
        let mut clock_id = 0;
        while rev <= self.head.rev && clock_id < 1023 {
            clock_id += 1;
            rev = tid::at(now, clock_id);
        }
        let content = Value::from(vec![self.head.cid.as_str(), rev.as_str(), what]);
        // Strings always encode.
        Commit { cid: cid::of_record(&content).unwrap_or_default(), rev }
    }
}

impl State {
    /// An account by DID or handle.
    pub(super) fn account(&self, identifier: &str) -> Option<&Account> {
        let did = self.by_handle.get(&identifier.to_lowercase()).map_or(identifier, String::as_str);
        self.accounts.get(did)
    }

    /// A post by its at-uri.
    pub(super) fn post(&self, uri: &str) -> Option<(&Account, &str, &Post)> {
        let mut parts = uri.strip_prefix("at://")?.split('/');
        let (did, collection, rkey) = (parts.next()?, parts.next()?, parts.next()?);
        let account = (collection == POST && parts.next().is_none()).then(|| self.account(did))??;
        let (rkey, post) = account.posts.get_key_value(rkey)?;
        Some((account, rkey, post))
    }

    /// Replies that are still there.
    pub(super) fn reply_count(&self, uri: &str) -> usize {
        self.replies.get(uri).map_or(0, |replies| replies.iter().filter(|reply| self.post(reply).is_some()).count())
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::AccountMade { did, handle, key, at } => self.make_account(did, handle, &key, at),
            Fact::AppPasswordMade { did, password } => {
                self.with(&did, |account| account.app_passwords.push(password));
            }
            Fact::SessionOpened { did, refresh_id, expires_at } => {
                let token = RefreshToken { did, usable_until: expires_at, successor: None };
                self.refresh_tokens.insert(refresh_id, token);
            }
            Fact::SessionRefreshed { did, used, usable_until, successor, expires_at } => {
                if let Some(token) = self.refresh_tokens.get_mut(&used) {
                    token.usable_until = usable_until;
                    token.successor = Some(successor.clone());
                }
                let fresh = RefreshToken { did, usable_until: expires_at, successor: None };
                self.refresh_tokens.entry(successor).or_insert(fresh);
            }
            Fact::SessionClosed { refresh_id } => {
                self.refresh_tokens.remove(&refresh_id);
            }
            Fact::AccessExpired { did } => self.with(&did, |account| account.generation += 1),
            Fact::GrantRevoked { did } => {
                self.refresh_tokens.retain(|_, token| token.did != did);
                self.grants.revoke(&did);
                self.with(&did, |account| {
                    account.generation += 1;
                    account.revoked_before = account.generation;
                    account.app_passwords.clear();
                });
            }
            Fact::BlobUploaded { did, cid, mime_type, size, at } => self.with(&did, |account| {
                let blob = Blob { mime_type, size, uploaded_at: at, used: false };
                let used = account.blobs.get(&cid).is_some_and(|known| known.used);
                account.blobs.insert(cid, Blob { used, ..blob });
            }),
            Fact::RecordWritten(written) => self.write(written),
            Fact::OAuth(fact) => self.grants.apply(fact),
            Fact::RecordDeleted { did, rkey, commit } => self.with(&did, |account| {
                account.posts.remove(&rkey);
                account.head = commit;
            }),
        }
    }

    fn with(&mut self, did: &str, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.accounts.get_mut(did) {
            change(account);
        }
    }

    fn make_account(&mut self, did: String, handle: String, key: &str, at: Timestamp) {
        self.by_handle.insert(handle.clone(), did.clone());
        let account = Account {
            did: did.clone(),
            handle,
            key: key.as_bytes().to_vec(),
            made_at: at,
            app_passwords: Vec::new(),
            generation: 0,
            revoked_before: 0,
            blobs: HashMap::new(),
            posts: BTreeMap::new(),
            head: Commit { cid: cid::of_blob(did.as_bytes()), rev: tid::at(at, 0) },
        };
        self.accounts.insert(did, account);
    }

    fn write(&mut self, written: Written) {
        let Written { did, rkey, cid, value, at, commit } = written;
        let post = Post { cid, value, at };
        if let Some(parent) = post.parent() {
            self.replies.entry(parent.to_owned()).or_default().insert(uri(&did, &rkey));
        }
        let blobs = blob_links(&post.value);
        self.with(&did, |account| {
            for cid in blobs {
                if let Some(blob) = account.blobs.get_mut(&cid) {
                    blob.used = true;
                }
            }
            account.posts.insert(rkey, post);
            account.head = commit;
        });
    }
}

/// The CIDs of all blobs in a record.
pub(super) fn blob_links(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) if map.get("$type").and_then(Value::as_str) == Some("blob") => {
            map.get("ref").and_then(|link| link["$link"].as_str()).map(str::to_owned).into_iter().collect()
        }
        Value::Object(map) => map.values().flat_map(blob_links).collect(),
        Value::Array(items) => items.iter().flat_map(blob_links).collect(),
        _ => Vec::new(),
    }
}
