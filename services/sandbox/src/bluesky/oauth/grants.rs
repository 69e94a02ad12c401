//! What the authorization server knows: requests pushed to it, and sessions.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CHALLENGE_MEMORY, SESSION_LIFE};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Fact {
    Pushed(Box<Pushed>),
    /// The person has answered: a pushed request is good once.
    Answered {
        id: String,
    },
    Opened(Box<Session>),
    /// The old refresh token is spent, and known as such.
    Rotated {
        session: String,
        refresh: String,
        at: Timestamp,
    },
    Ended {
        session: String,
    },
}

/// A request, checked when it was pushed.
#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Pushed {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) state: String,
    pub(super) challenge: String,
    pub(super) login_hint: Option<String>,
    /// Thumbprint of the key that signed it.
    pub(super) key: String,
    pub(super) at: Timestamp,
    pub(super) expires_at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Session {
    pub(super) id: String,
    pub(super) did: String,
    pub(super) client_id: String,
    /// Thumbprint of the key that it is bound to.
    pub(super) key: String,
    pub(super) scopes: Vec<String>,
    /// The newest refresh token, and since when.
    pub(super) refresh: String,
    pub(super) refreshed_at: Timestamp,
    pub(super) opened_at: Timestamp,
}

impl Session {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.opened_at) >= SESSION_LIFE || now.duration_since(self.refreshed_at) >= SESSION_LIFE
    }
}

/// What a refresh token leads to.
pub(super) enum Found {
    Good(Session),
    /// It was used before.
    Replayed(Session),
}

#[derive(Default)]
pub(in super::super) struct Grants {
    pushed: HashMap<String, Pushed>,
    challenges: HashMap<String, Timestamp>,
    sessions: HashMap<String, Session>,
    /// Sessions by refresh token, spent ones too.
    by_refresh: HashMap<String, String>,
}

impl Grants {
    pub(super) fn pushed(&self, id: &str, now: Timestamp) -> Option<&Pushed> {
        self.pushed.get(id).filter(|pushed| pushed.expires_at > now)
    }

    /// Whether a challenge was used within the day.
    pub(super) fn knows_challenge(&self, challenge: &str, now: Timestamp) -> bool {
        self.challenges.get(challenge).is_some_and(|at| now.duration_since(*at) < CHALLENGE_MEMORY)
    }

    pub(super) fn session(&self, id: &str, now: Timestamp) -> Option<&Session> {
        self.sessions.get(id).filter(|session| !session.is_over(now))
    }

    pub(super) fn by_refresh(&self, token: &str, now: Timestamp) -> Option<Found> {
        let session = self.session(self.by_refresh.get(token)?, now)?.clone();
        Some(if session.refresh == token { Found::Good(session) } else { Found::Replayed(session) })
    }

    /// Ends every session of an account.
    pub(in super::super) fn revoke(&mut self, did: &str) {
        self.sessions.retain(|_, session| session.did != did);
    }

    pub(in super::super) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Pushed(pushed) => {
                let now = pushed.at;
                self.pushed.retain(|_, each| each.expires_at > now);
                self.challenges.retain(|_, at| now.duration_since(*at) < CHALLENGE_MEMORY);
                self.challenges.insert(pushed.challenge.clone(), now);
                self.pushed.insert(pushed.id.clone(), *pushed);
            }
            Fact::Answered { id } => {
                self.pushed.remove(&id);
            }
            Fact::Opened(session) => {
                self.by_refresh.insert(session.refresh.clone(), session.id.clone());
                self.sessions.insert(session.id.clone(), *session);
            }
            Fact::Rotated { session, refresh, at } => {
                self.by_refresh.insert(refresh.clone(), session.clone());
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.refresh = refresh;
                    session.refreshed_at = at;
                }
            }
            Fact::Ended { session } => {
                self.sessions.remove(&session);
            }
        }
    }
}
