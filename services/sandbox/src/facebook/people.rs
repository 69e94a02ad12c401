//! Persons, their pages, and the tokens of both.

use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use serde_json::json;
use serde_json::value::RawValue;

use super::fact::{End, Fact, Grant, Linked};
use super::state::State;
use super::{APPS, Facebook, show};
use crate::call::Speaks;
use crate::graph::secret;
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 50;
/// A person's token, exchanged for a long one (section 2.4). As it comes from a code it lives an hour or two.
pub(super) const LONG_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
pub(super) const SHORT_LIFE: SignedDuration = SignedDuration::from_mins(85);

/// Everything that can be asked for (section 2.2, and 3.1 for Instagram accounts that belong to a page).
pub(super) const SCOPES: [&str; 15] = [
    "public_profile",
    "email",
    "pages_show_list",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_manage_engagement",
    "pages_read_user_content",
    "pages_manage_metadata",
    "read_insights",
    "business_management",
    "publish_video",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_insights",
];

impl Speaks for Facebook {
    const PLATFORM: Platform = Platform::Facebook;
    const PROCESSES_MEDIA: bool = false;
}

/// Names are those of people and of pages alike.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// The token of a page, as the person's token gives it: without an end if that is a long one.
pub(super) fn page_grant(page: u64, person: &Grant, now: Timestamp) -> Grant {
    let expires_at = if person.is_long { None } else { person.expires_at };
    Grant { page: Some(page), issued_at: now, expires_at, ..person.clone() }
}

/// Whether a person's grant covers a page: one that the person runs and has not left out.
pub(super) fn covers(grant: &Grant, page: u64, state: &State) -> bool {
    let runs = state.users.get(&grant.user).is_some_and(|user| user.pages.contains(&page));
    runs && grant.pages.as_ref().is_none_or(|pages| pages.contains(&page))
}

impl Facebook {
    /// A page and a person who may do everything on it, made where they are missing.
    pub(crate) fn page_of(&self, username: &str, person: Option<&str>) -> Result<(u64, u64, bool), String> {
        let person = person.unwrap_or(username);
        if !is_name(username) || !is_name(person) {
            return Err(format!("username, person: 1 to {LONGEST_NAME} of A-Z a-z 0-9 . _ -"));
        }
        let mut state = locked(&self.state);
        let known = state.page_named(username);
        let page = known.unwrap_or_else(|| {
            let id = state.next_id();
            self.keep(&mut state, Fact::PageMade { id, username: username.to_owned() });
            id
        });
        let user = self.person(&mut state, person);
        let joined = state.users.get(&user).is_some_and(|user| user.pages.contains(&page));
        if !joined {
            self.keep(&mut state, Fact::PageJoined { user, page });
        }
        Ok((page, user, known.is_none()))
    }

    fn person(&self, state: &mut State, name: &str) -> u64 {
        state.user_named(name).unwrap_or_else(|| {
            let id = state.next_id();
            self.keep(state, Fact::UserMade { id, name: name.to_owned() });
            id
        })
    }

    /// The Instagram account that belongs to a page from then on.
    pub(crate) fn link_instagram(&self, page: u64, id: u64, username: &str) {
        let account = Linked { id, username: username.to_owned() };
        self.keep(&mut locked(&self.state), Fact::InstagramLinked { page, account });
    }

    /// A long token of a person for an app, with every scope.
    pub(crate) fn person_token(&self, user: u64, client_id: &str) -> String {
        let now = self.core.now();
        let grant = Grant {
            user,
            page: None,
            client_id: client_id.to_owned(),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            pages: None,
            is_long: true,
            issued_at: now,
            expires_at: now.checked_add(LONG_LIFE).ok(),
        };
        self.issue(&mut locked(&self.state), grant)
    }

    /// The page's token that a person's grant gives: the one it gave before, or a fresh one.
    pub(super) fn page_token(&self, state: &mut State, page: u64, person: &Grant) -> String {
        let now = self.core.now();
        match state.page_token(page, person, now) {
            Some(token) => token,
            None => self.issue(state, page_grant(page, person, now)),
        }
    }

    /// A fresh token.
    pub(super) fn issue(&self, state: &mut State, grant: Grant) -> String {
        let token = secret::token("EAA");
        self.keep(state, Fact::TokenIssued { token: token.clone(), grant });
        token
    }
}

impl Network for Facebook {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&["person"])?;
        let made_up = format!("page.{:08x}", rand::rng().next_u32());
        let username = wanted.username.as_deref().unwrap_or(&made_up).trim_start_matches('@').to_owned();
        let (page, user, created) = self.page_of(&username, wanted.person.as_deref())?;
        let person = self.person_token(user, APPS[0].client_id);
        let now = self.core.now();
        let mut state = locked(&self.state);
        let grant = state.grant(&person, now).map_err(|_| "the clock is at its end")?.clone();
        let token = self.issue(&mut state, page_grant(page, &grant, now));
        let credentials = json!({"access_token": token});
        Ok(NewAccount { account: page.to_string(), username, credentials, created })
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    fn expire_tokens(&self, account: &str, at: Timestamp) {
        if let Ok(owner) = account.parse() {
            self.keep(&mut locked(&self.state), Fact::TokensExpired { owner, at });
        }
    }

    /// Whoever an app has the page from changes the password, which ends all their tokens and those of all their pages.
    fn revoke_tokens(&self, account: &str) {
        let Ok(owner) = account.parse() else {
            return;
        };
        let mut state = locked(&self.state);
        for user in state.behind(owner) {
            self.keep(&mut state, Fact::TokensEnded { user, client_id: None, end: End::PasswordChanged });
        }
    }
}
