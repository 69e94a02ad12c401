//! Tokens of Instagram and Threads: short ones of an hour, and long ones of 60 days that renew themselves (fact sheet
//! part 1, sections 3.4 and 4.4). There is no refresh token.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::problem::BadToken;

const SHORT_LIFE: SignedDuration = SignedDuration::from_hours(1);
pub(crate) const LONG_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How old a long token has to be before it can be renewed.
const YOUNGEST: SignedDuration = SignedDuration::from_hours(24);

/// What a token allows.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) user: u64,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) is_long: bool,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Grant {
    pub(crate) fn short(user: u64, client_id: &str, scopes: Vec<String>, now: Timestamp) -> Self {
        Self::new(user, client_id, scopes, now, false)
    }

    pub(crate) fn long(user: u64, client_id: &str, scopes: Vec<String>, now: Timestamp) -> Self {
        Self::new(user, client_id, scopes, now, true)
    }

    fn new(user: u64, client_id: &str, scopes: Vec<String>, now: Timestamp, is_long: bool) -> Self {
        let life = if is_long { LONG_LIFE } else { SHORT_LIFE };
        let expires_at = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        Self { user, client_id: client_id.to_owned(), scopes, is_long, issued_at: now, expires_at }
    }

    pub(crate) fn allows(&self, scope: &str) -> bool {
        self.scopes.iter().any(|each| each == scope)
    }

    /// Whether it is a long token of at least a day.
    pub(crate) fn can_be_renewed(&self, now: Timestamp) -> bool {
        self.is_long && now.duration_since(self.issued_at) >= YOUNGEST
    }
}

/// A change of the tokens, as it is journalled.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Issued {
        token: String,
        grant: Grant,
    },
    /// The user's tokens are expired from then on.
    Expired {
        user: u64,
        at: Timestamp,
    },
    /// The user's tokens stop working.
    Ended {
        user: u64,
    },
}

struct Kept {
    grant: Grant,
    is_ended: bool,
}

#[derive(Default)]
pub(crate) struct Grants(HashMap<String, Kept>);

impl Grants {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Issued { token, grant } => drop(self.0.insert(token, Kept { grant, is_ended: false })),
            Change::Expired { user, at } => {
                for kept in self.of(user) {
                    kept.grant.expires_at = kept.grant.expires_at.min(at);
                }
            }
            Change::Ended { user } => self.of(user).for_each(|kept| kept.is_ended = true),
        }
    }

    fn of(&mut self, user: u64) -> impl Iterator<Item = &mut Kept> {
        self.0.values_mut().filter(move |kept| kept.grant.user == user)
    }

    /// What a token allows now.
    pub(crate) fn find(&self, token: &str, now: Timestamp) -> Result<&Grant, BadToken> {
        let kept = self.0.get(token).ok_or(BadToken::Unknown)?;
        match () {
            () if kept.is_ended => Err(BadToken::Ended),
            () if kept.grant.expires_at <= now => Err(BadToken::Expired(kept.grant.expires_at)),
            () => Ok(&kept.grant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_token_is_renewed_between_its_first_day_and_its_last() {
        let start = Timestamp::UNIX_EPOCH;
        let after = |hours| start + SignedDuration::from_hours(hours);
        let mut grants = Grants::default();
        for (token, grant) in
            [("s", Grant::short(1, "app", Vec::new(), start)), ("l", Grant::long(1, "app", Vec::new(), start))]
        {
            grants.apply(Change::Issued { token: token.to_owned(), grant });
        }
        assert_eq!(grants.find("s", after(1)).err(), Some(BadToken::Expired(after(1))));
        let long = grants.find("l", after(24 * 60 - 1)).expect("good");
        assert!(long.can_be_renewed(after(24)) && !long.can_be_renewed(after(23)));
        grants.apply(Change::Ended { user: 2 });
        assert!(grants.find("l", after(1)).is_ok());
        grants.apply(Change::Ended { user: 1 });
        assert_eq!(grants.find("l", after(1)).err(), Some(BadToken::Ended));
    }
}
