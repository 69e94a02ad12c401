//! What LinkedIn knows.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fact::{Comment, Fact, MediaKind, Post, Tokens, Upload};
use super::urn;

/// How long an author may not post the same again.
const DUPLICATE_WINDOW: SignedDuration = SignedDuration::from_hours(24);

#[derive(Default)]
pub(super) struct State {
    last_id: u64,
    pub(super) members: BTreeMap<String, Member>,
    pub(super) organizations: BTreeMap<u64, Organization>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    pub(super) uploads: HashMap<String, Uploading>,
    pub(super) posts: BTreeMap<u64, Post>,
    /// The post of each author, commentary and content, also when it is deleted.
    said: HashMap<(String, String), (Timestamp, String)>,
    pub(super) comments: BTreeMap<u64, Comment>,
}

pub(super) struct Member {
    pub(super) id: String,
    pub(super) name: String,
}

pub(super) struct Organization {
    pub(super) id: u64,
    pub(super) name: String,
    /// Ids of members.
    pub(super) admins: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Access {
    pub(super) member: String,
    pub(super) scopes: Vec<String>,
    pub(super) client_id: Option<String>,
    pub(super) expires_at: Timestamp,
    pub(super) is_revoked: bool,
}

#[derive(Clone)]
pub(super) struct Refresh {
    pub(super) member: String,
    pub(super) scopes: Vec<String>,
    pub(super) client_id: Option<String>,
    pub(super) expires_at: Timestamp,
}

/// An upload with what came of it.
pub(super) struct Uploading {
    pub(super) upload: Upload,
    /// Length and `ETag` by first byte.
    pub(super) parts: BTreeMap<u64, (u64, String)>,
    pub(super) mime_type: Option<String>,
    pub(super) ready_at: Option<Timestamp>,
}

impl Uploading {
    pub(super) fn size(&self) -> u64 {
        self.parts.values().map(|(size, _)| size).sum()
    }

    /// The word that answers say.
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match self.ready_at {
            None => "WAITING_UPLOAD",
            Some(ready) if ready > now => "PROCESSING",
            Some(_) => "AVAILABLE",
        }
    }
}

impl Post {
    /// Its public name: posts with a video have another kind than the rest.
    pub(super) fn urn(&self) -> String {
        let is_video = self.media.iter().any(|each| urn::part(&each.urn, "video").is_some());
        format!("urn:li:{}:{}", if is_video { "ugcPost" } else { "share" }, self.id)
    }
}

impl State {
    /// The next id: milliseconds and a counter, growing.
    pub(super) fn next_id(&self, now: Timestamp) -> u64 {
        let by_time = u64::try_from(now.as_millisecond()).unwrap_or(0) << 22;
        by_time.max(self.last_id + 1)
    }

    pub(super) fn member_named(&self, name: &str) -> Option<&Member> {
        self.members.values().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn organization_named(&self, name: &str) -> Option<&Organization> {
        self.organizations.values().find(|organization| organization.name.eq_ignore_ascii_case(name))
    }

    /// The name of a member or organization.
    pub(super) fn name(&self, of: &str) -> Option<&str> {
        let member = urn::part(of, "person").and_then(|id| self.members.get(id)).map(|member| member.name.as_str());
        let organization = || urn::number(of, "organization").and_then(|id| self.organizations.get(&id));
        member.or_else(|| organization().map(|organization| organization.name.as_str()))
    }

    /// Who acts for an account: the member itself, or an organization's administrators.
    pub(super) fn members_for(&self, account: &str) -> Vec<String> {
        let organization = urn::number(account, "organization").and_then(|id| self.organizations.get(&id));
        match organization {
            Some(organization) => organization.admins.clone(),
            None => urn::part(account, "person").map(str::to_owned).into_iter().collect(),
        }
    }

    pub(super) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    /// A refresh token that is good now.
    pub(super) fn refresh(&self, token: &str, now: Timestamp) -> Option<&Refresh> {
        self.refresh.get(token).filter(|refresh| refresh.expires_at > now)
    }

    /// A post by its `share`, `ugcPost` or `activity` name.
    pub(super) fn post(&self, name: &str) -> Option<&Post> {
        if let Some(activity) = urn::number(name, "activity") {
            return self.posts.values().find(|post| post.activity == activity);
        }
        let id = urn::number(name, "share").or_else(|| urn::number(name, "ugcPost"))?;
        self.posts.get(&id).filter(|post| post.urn() == name)
    }

    /// The name of the post by which this author said exactly this within the window. It may be deleted since: LinkedIn
    /// still names it (section 5.13).
    pub(super) fn said(&self, author: &str, commentary: &str, content: &Value, now: Timestamp) -> Option<&str> {
        let (at, name) = self.said.get(&(author.to_owned(), fingerprint(commentary, content)))?;
        (now.duration_since(*at) < DUPLICATE_WINDOW).then_some(name)
    }

    pub(super) fn comments_on(&self, post: u64) -> impl Iterator<Item = &Comment> {
        self.comments.values().filter(move |comment| comment.post == post)
    }

    pub(super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::MemberMade { id, name, at: _ } => {
                self.members.insert(id.clone(), Member { id, name });
            }
            Fact::OrganizationMade { id, name, at: _ } => {
                self.organizations.insert(id, Organization { id, name, admins: Vec::new() });
            }
            Fact::AdminMade { organization, member } => {
                if let Some(organization) = self.organizations.get_mut(&organization) {
                    organization.admins.push(member);
                }
            }
            Fact::TokensIssued(tokens) => self.issue(tokens),
            Fact::AccessIssued { access, refresh, expires_at } => {
                if let Some(Refresh { member, scopes, client_id, .. }) = self.refresh.get(&refresh).cloned() {
                    let fresh = Access { member, scopes, client_id, expires_at, is_revoked: false };
                    self.access.insert(access, fresh);
                }
            }
            Fact::AccessExpired { members, at } => {
                for access in self.access.values_mut().filter(|access| members.contains(&access.member)) {
                    access.expires_at = access.expires_at.min(at);
                }
            }
            Fact::GrantsRevoked { members } => {
                for access in self.access.values_mut().filter(|access| members.contains(&access.member)) {
                    access.is_revoked = true;
                }
                self.refresh.retain(|_, refresh| !members.contains(&refresh.member));
            }
            Fact::UploadOpened(upload) => {
                let opened = Uploading { parts: BTreeMap::new(), mime_type: None, ready_at: None, upload };
                self.uploads.insert(opened.upload.urn.clone(), opened);
            }
            Fact::PartStored { urn, first, size, etag, mime_type } => {
                if let Some(uploading) = self.uploads.get_mut(&urn) {
                    uploading.parts.insert(first, (size, etag));
                    uploading.mime_type = mime_type.or(uploading.mime_type.take());
                }
            }
            Fact::UploadFinished { urn, ready_at } => {
                if let Some(uploading) = self.uploads.get_mut(&urn) {
                    uploading.ready_at = Some(ready_at);
                }
            }
            Fact::Posted(post) => {
                self.last_id = self.last_id.max(post.activity);
                let key = (post.author.clone(), fingerprint(&post.commentary, &post.content));
                self.said.insert(key, (post.at, post.urn()));
                self.posts.insert(post.id, *post);
            }
            Fact::Deleted { id } => {
                self.posts.remove(&id);
                self.comments.retain(|_, comment| comment.post != id);
            }
            Fact::Commented(comment) => {
                self.last_id = self.last_id.max(comment.id);
                self.comments.insert(comment.id, comment);
            }
            Fact::CommentDeleted { id } => {
                self.comments.remove(&id);
            }
        }
    }

    fn issue(&mut self, tokens: Tokens) {
        let Tokens { member, access, refresh, scopes, client_id, expires_at, refresh_expires_at, .. } = tokens;
        let fresh = Access {
            member: member.clone(),
            scopes: scopes.clone(),
            client_id: client_id.clone(),
            expires_at,
            is_revoked: false,
        };
        self.access.insert(access, fresh);
        self.refresh.insert(refresh, Refresh { member, scopes, client_id, expires_at: refresh_expires_at });
    }
}

fn fingerprint(commentary: &str, content: &Value) -> String {
    format!("{commentary}\n{content}")
}

impl MediaKind {
    /// The word in URNs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Document => "document",
        }
    }
}
