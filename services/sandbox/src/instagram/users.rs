//! Accounts, their two ways in, and who is calling (sections 3.1 and 3.5).

use std::any::Any;
use std::sync::Arc;

use actix_web::HttpResponse;
use jiff::Timestamp;
use rand::RngCore;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fact::Fact;
use super::state::State;
use super::{APPS, Instagram, error, show};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::facebook::Facebook;
use crate::faults::Operation;
use crate::graph::grants::{Change, Grant};
use crate::graph::usage::Case;
use crate::graph::visit::method;
use crate::graph::{Fields, Granting, Problem, Visit, secret};
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 30;
/// Between an account's id and the id that an app with Instagram Login sees besides it.
const SCOPED: u64 = 8_000_000_000_000_000;

pub(super) const SCOPES: [&str; 4] = [
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
    "instagram_business_manage_insights",
];
/// The same, as they are called where people sign in with Facebook.
const OF_FACEBOOK: [&str; 4] =
    ["instagram_basic", "instagram_content_publish", "instagram_manage_comments", "instagram_manage_insights"];

impl Speaks for Instagram {
    const PLATFORM: Platform = Platform::Instagram;
    const PROCESSES_MEDIA: bool = true;
}

/// Whether the call came to Facebook's host, where its tokens are good and Instagram's are not.
pub(super) fn is_behind_facebook(call: &Call<Instagram>) -> bool {
    call.request().path().starts_with("/facebook/")
}

impl Granting for Instagram {
    const CASE: Case = error::CASE;
    const ROOT: &'static str = "/instagram";
    const VERSIONS: &'static [&'static str] = &["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

    fn grant(call: &Call<Self>, token: &str) -> Result<Grant, Refusal> {
        if !is_behind_facebook(call) {
            return Ok(locked(&call.state).grants.find(token, call.now())?.clone());
        }
        let id = call.request().match_info().get("id").unwrap_or_default();
        let missing = || Refusal::from(Problem::missing(method(call), id));
        let owner = id.parse().ok().and_then(|id| locked(&call.state).owner(id));
        let facebook = call.facebook.get().ok_or_else(missing)?;
        let reach = facebook.reach(token, owner)?;
        let (user, reach) = owner.zip(reach).ok_or_else(missing)?;
        let own_name = |scope: &String| {
            let place = OF_FACEBOOK.iter().position(|each| each == scope)?;
            SCOPES.get(place).map(|scope| (*scope).to_owned())
        };
        let scopes = reach.scopes.iter().filter_map(own_name).collect();
        Ok(Grant::long(user, &reach.client_id, scopes, call.now()))
    }

    fn app_secret(call: &Call<Self>, client_id: &str) -> Option<String> {
        let platforms = [Platform::Instagram, Platform::Facebook];
        platforms.into_iter().find_map(|platform| call.core.apps.find(platform, client_id))?.client_secret
    }
}

impl Instagram {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }

    /// A fresh token.
    pub(super) fn issue(&self, state: &mut State, grant: Grant) -> String {
        let token = secret::token("IGAA");
        self.keep(state, Fact::Token(Change::Issued { token: token.clone(), grant }));
        token
    }

    /// The account's page on Facebook, made with it, and the token of the person who runs the page.
    fn person_token(&self, id: u64, username: &str, person: Option<&str>) -> Result<String, String> {
        let facebook = self.facebook.get().ok_or("login: Facebook is not open")?;
        let (page, user, _) = facebook.page_of(username, person)?;
        facebook.link_instagram(page, id, username);
        Ok(facebook.person_token(user, APPS[1].client_id))
    }
}

fn is_username(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

impl Network for Instagram {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        let by_facebook = match wanted.login.as_deref() {
            None | Some("instagram") => false,
            Some("facebook") => true,
            Some(_) => return Err("login: instagram or facebook".to_owned()),
        };
        wanted.only(if by_facebook { &["person", "login"] } else { &["login"] })?;
        let made_up = format!("user_{:08x}", rand::rng().next_u32());
        let username = wanted.username.as_deref().unwrap_or(&made_up).trim_start_matches('@').to_owned();
        if !is_username(&username) {
            return Err(format!("username: 1 to {LONGEST_NAME} of A-Z a-z 0-9 . _"));
        }
        let mut state = locked(&self.state);
        let known = state.named(&username);
        let id = known.unwrap_or_else(|| state.next_user());
        // Facebook may refuse the person's name, so that comes first.
        let by_person = by_facebook.then(|| self.person_token(id, &username, wanted.person.as_deref())).transpose()?;
        if known.is_none() {
            self.keep(&mut state, Fact::UserMade { id, username: username.clone() });
        }
        let access_token = by_person.unwrap_or_else(|| {
            let grant = Grant::long(id, APPS[0].client_id, SCOPES.map(str::to_owned).to_vec(), self.core.now());
            self.issue(&mut state, grant)
        });
        let login = if by_facebook { "facebook" } else { "instagram" };
        let credentials = json!({"access_token": access_token, "login": login, "user_id": id.to_string()});
        Ok(NewAccount { account: id.to_string(), username, credentials, created: known.is_none() })
    }

    fn meet(&self, other: Arc<dyn Network>) {
        let other: Arc<dyn Any + Send + Sync> = other;
        if let Ok(facebook) = other.downcast::<Facebook>() {
            // Each network is met once.
            let _ = self.facebook.set(facebook);
        }
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    /// Also the tokens of whoever reaches the account through Facebook.
    fn expire_tokens(&self, account: &str, at: Timestamp) {
        let Ok(user) = account.parse() else {
            return;
        };
        self.keep(&mut locked(&self.state), Fact::Token(Change::Expired { user, at }));
        for person in self.facebook.get().map(|facebook| facebook.runs(user)).unwrap_or_default() {
            self.facebook.get().into_iter().for_each(|facebook| facebook.expire_tokens(&person, at));
        }
    }

    fn revoke_tokens(&self, account: &str) {
        let Ok(user) = account.parse() else {
            return;
        };
        self.keep(&mut locked(&self.state), Fact::Token(Change::Ended { user }));
        for person in self.facebook.get().map(|facebook| facebook.runs(user)).unwrap_or_default() {
            self.facebook.get().into_iter().for_each(|facebook| facebook.revoke_tokens(&person));
        }
    }
}

/// The id that an app with Instagram Login sees as `id`; `user_id` is the one to publish with.
pub(super) fn scoped(user: u64) -> u64 {
    user + SCOPED
}

/// `GET /me` and `GET /{user}`: oneself.
pub(super) async fn get(visit: Visit<Instagram>) -> Result<HttpResponse, Refusal> {
    visit.before(Operation::Identity, None).await?;
    visit.needs(SCOPES[0])?;
    visit.params.only(&[])?;
    let (state, now, user) = (locked(&visit.call.state), visit.call.now(), visit.grant.user);
    let (username, count) = (state.username(user), state.shown(user, false, now).count());
    let mut whole: Value = json!({
        "id": user.to_string(),
        "username": username,
        "name": username,
        "profile_picture_url": null,
        "biography": "",
        "website": null,
        "followers_count": 0,
        "follows_count": 0,
        "media_count": count,
    });
    if !is_behind_facebook(&visit.call) {
        whole["id"] = scoped(user).to_string().into();
        whole["user_id"] = user.to_string().into();
        whole["account_type"] = "BUSINESS".into();
    }
    Ok(HttpResponse::Ok().json(Fields::of(&visit.params, "id")?.pick(&whole, "IGUser")?))
}
