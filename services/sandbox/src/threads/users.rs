//! Accounts and their tokens; who is calling.

use actix_web::HttpResponse;
use jiff::Timestamp;
use rand::RngCore;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fact::Fact;
use super::state::{State, User};
use super::{APPS, Threads, error, show};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::grants::{Change, Grant};
use crate::graph::usage::Case;
use crate::graph::{Fields, Granting, Visit, secret};
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 30;

/// Section 4.2.
pub(super) const SCOPES: [&str; 10] = [
    "threads_basic",
    "threads_content_publish",
    "threads_manage_replies",
    "threads_read_replies",
    "threads_manage_insights",
    "threads_delete",
    "threads_keyword_search",
    "threads_manage_mentions",
    "threads_location_tagging",
    "threads_profile_discovery",
];

impl Speaks for Threads {
    const PLATFORM: Platform = Platform::Threads;
    const PROCESSES_MEDIA: bool = true;
}

impl Granting for Threads {
    const CASE: Case = error::CASE;
    const ROOT: &'static str = "/threads";
    const VERSIONS: &'static [&'static str] = &["v1.0"];

    fn grant(call: &Call<Self>, token: &str) -> Result<Grant, Refusal> {
        Ok(locked(&call.state).grants.find(token, call.now())?.clone())
    }
}

impl Threads {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }

    /// A fresh token.
    pub(super) fn issue(&self, state: &mut State, grant: Grant) -> String {
        let token = secret::token("THAA");
        self.keep(state, Fact::Token(Change::Issued { token: token.clone(), grant }));
        token
    }
}

fn is_username(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

impl Network for Threads {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&[])?;
        let made_up = format!("user_{:08x}", rand::rng().next_u32());
        let username = wanted.username.as_deref().unwrap_or(&made_up).trim_start_matches('@').to_owned();
        if !is_username(&username) {
            return Err(format!("username: 1 to {LONGEST_NAME} of A-Z a-z 0-9 . _"));
        }
        let now = self.core.now();
        let mut state = locked(&self.state);
        let known = state.named(&username);
        let id = known.unwrap_or_else(|| {
            let id = state.next_id();
            self.keep(&mut state, Fact::UserMade { id, username: username.clone() });
            id
        });
        let grant = Grant::long(id, APPS[0].client_id, SCOPES.map(str::to_owned).to_vec(), now);
        let expires_at = grant.expires_at;
        let credentials = json!({"access_token": self.issue(&mut state, grant), "expires_at": expires_at});
        Ok(NewAccount { account: id.to_string(), username, credentials, created: known.is_none() })
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    fn expire_tokens(&self, account: &str, at: Timestamp) {
        if let Ok(user) = account.parse() {
            self.keep(&mut locked(&self.state), Fact::Token(Change::Expired { user, at }));
        }
    }

    fn revoke_tokens(&self, account: &str) {
        if let Ok(user) = account.parse() {
            self.keep(&mut locked(&self.state), Fact::Token(Change::Ended { user }));
        }
    }
}

/// A user with every field there is.
fn view(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "name": user.username,
        "threads_profile_picture_url": null,
        "threads_biography": "",
        "is_verified": false,
    })
}

/// `GET /me` and `GET /{user}`: only oneself.
pub(super) async fn get(visit: Visit<Threads>) -> Result<HttpResponse, Refusal> {
    let user = visit.own()?;
    visit.before(Operation::Identity, None).await?;
    visit.needs("threads_basic")?;
    visit.params.only(&[])?;
    let state = locked(&visit.call.state);
    let user = state.users.get(&user).ok_or_else(|| visit.missing())?;
    Ok(HttpResponse::Ok().json(Fields::of(&visit.params, "id")?.pick(&view(user), "ThreadsUser")?))
}
