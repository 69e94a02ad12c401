//! Users.

use actix_web::HttpResponse;
use jiff::Timestamp;
use rand::RngCore;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fact::Fact;
use super::posts::Fields;
use super::state::{State, User};
use super::{X, auth, error, oauth, quota, show};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 15;
const USER_FIELDS: [&str; 14] = [
    "created_at",
    "description",
    "id",
    "location",
    "name",
    "pinned_tweet_id",
    "profile_image_url",
    "protected",
    "public_metrics",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_type",
];

impl Speaks for X {
    const PLATFORM: Platform = Platform::X;
    const PROCESSES_MEDIA: bool = true;
}

impl X {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }
}

fn is_username(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Network for X {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&[])?;
        let made_up = format!("user_{:08x}", rand::rng().next_u32());
        let username = wanted.username.as_deref().unwrap_or(&made_up).trim_start_matches('@').to_owned();
        if !is_username(&username) {
            return Err(format!("username: 1 to {LONGEST_NAME} of A-Z a-z 0-9 _"));
        }
        let now = self.core.now();
        let mut state = locked(&self.state);
        let known = state.by_name(&username).map(|user| user.id);
        let id = known.unwrap_or_else(|| {
            let id = state.next_id(now);
            self.keep(&mut state, Fact::UserMade { id, username: username.clone(), at: now });
            id
        });
        let tokens = oauth::tokens(id, auth::SCOPES.join(" "), None, now);
        self.keep(&mut state, Fact::TokensIssued(tokens.clone()));
        let credentials = json!({
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_at": tokens.expires_at,
            "scopes": auth::SCOPES,
        });
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
            self.keep(&mut locked(&self.state), Fact::AccessExpired { user, at });
        }
    }

    fn revoke_tokens(&self, account: &str) {
        if let Ok(user) = account.parse() {
            self.keep(&mut locked(&self.state), Fact::GrantRevoked { user });
        }
    }
}

/// A User with the fields asked for.
pub(super) fn view(user: &User, state: &State, fields: &Fields) -> Value {
    let mut view = json!({"id": user.id.to_string(), "name": user.username, "username": user.username});
    let mut add = |name: &str, value: Value| {
        if fields.has(name) {
            view[name] = value;
        }
    };
    add("created_at", user.made_at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into());
    add("description", "".into());
    add("protected", false.into());
    add("verified", false.into());
    add("verified_type", "none".into());
    add("subscription_type", "None".into());
    add("profile_image_url", "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png".into());
    let posts = user.posts.iter().filter(|id| state.posts.contains_key(id)).count();
    add(
        "public_metrics",
        json!({"followers_count": 0, "following_count": 0, "tweet_count": posts, "listed_count": 0, "like_count": 0}),
    );
    view
}

pub(super) async fn me(call: Call<X>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &["tweet.read", "users.read"], &quota::ME)?;
    call.before(Operation::Identity, Some(&user.to_string()), None).await?;
    let query = super::posts::Query::read(&call, &["user.fields", "expansions", "tweet.fields"])?;
    let fields = query.fields("user.fields", &USER_FIELDS)?;
    let state = locked(&call.state);
    let user = state.users.get(&user).ok_or_else(error::unauthorized)?;
    Ok(HttpResponse::Ok().json(json!({"data": view(user, &state, &fields)})))
}
