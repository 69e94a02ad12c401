//! Whose token it is.

use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    errors,
    tokens::{Held, InstagramTokens, Login, below},
    wire::{Counts, Linked, Me},
};
use crate::{
    Account, AccountNumbers, Cx, Identity, Tokens,
    exchange::Ask,
    failure,
    given::{self, Given},
    graph, stored, words,
};

const FIELDS: &[&str] = &["access_token", "login", "user_id", "expires_at"];

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, FIELDS);
    let access_token = fields.required("access_token").to_owned();
    let login = fields.optional("login").map(Login::of);
    let user_id = fields.optional("user_id").map(str::to_owned);
    let expires_at = fields.optional("expires_at").map(str::parse::<Timestamp>);
    if matches!(login, Some(None)) {
        fields.fault("login", "must be `instagram` or `facebook`");
    }
    if matches!(expires_at, Some(Err(_))) {
        fields.fault("expires_at", "must be a time like 2026-12-01T15:00:00Z");
    }
    if user_id.as_deref().is_some_and(|id| !words::is_id(id)) {
        fields.fault("user_id", "must be the id of an Instagram account");
    }
    let login = login.flatten().unwrap_or_default();
    if login == Login::Facebook && user_id.is_none() {
        fields.fault("user_id", "is needed with the login `facebook`");
    }
    fields.finish()?;

    let who = match (login, &user_id) {
        (Login::Facebook, Some(id)) => linked(cx, &access_token, id).await?,
        _ => me(cx, &access_token).await?,
    };
    if let Some(id) = user_id.filter(|id| *id != who.id) {
        return Err(given::refusal(format!("`user_id` is {id}, and the token opens {}", who.id)));
    }
    let tokens = InstagramTokens { login, access_token, page_token: None };
    identity(who, login, Vec::new(), stored::seal(&tokens, expires_at.and_then(Result::ok))?)
}

/// An account, however it was found.
pub(super) struct Who {
    pub(super) id: String,
    username: String,
    name: Option<String>,
    picture: Option<String>,
    account_type: Option<String>,
}

impl Who {
    /// `None` where the names are in a form that is not understood.
    pub(super) fn of_linked(linked: Linked) -> Option<Self> {
        let Linked { id, username, name, profile_picture_url } = linked;
        Self { id, username, name, picture: profile_picture_url, account_type: None }.sound()
    }

    fn sound(self) -> Option<Self> {
        let is_name = |name: &str| {
            (1..=50).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        };
        (words::is_id(&self.id) && is_name(&self.username)).then_some(self)
    }
}

pub(super) fn identity(who: Who, login: Login, scopes: Vec<String>, tokens: Tokens) -> Result<Identity, Refusal> {
    Ok(Identity {
        realm: String::new(),
        profile_url: Some(format!("https://www.instagram.com/{}/", who.username)),
        network_unique_id: who.id,
        username: who.username,
        display_name: words::profile(who.name),
        profile_image_url: words::link(who.picture),
        account_type: match who.account_type.as_deref() {
            Some("MEDIA_CREATOR" | "CREATOR") => "creator",
            _ => "business",
        },
        scopes,
        facts: json!({"login": login.word()}),
        tokens,
    })
}

/// The account of a token of Instagram's own login.
pub(super) async fn me(cx: &Cx<'_>, access_token: &str) -> Result<Who, Refusal> {
    let answer = Ask::get(Login::Instagram.base(cx.bases), &below("me"))
        .query("fields", "user_id,username,name,account_type,profile_picture_url")
        .bearer(access_token)
        .call(cx)
        .await?;
    let Some(me) = answer.success::<Me>() else { return Err(errors::failed(cx, &answer)) };
    let id = me.user_id.as_ref().and_then(graph::text_of).unwrap_or_default();
    let Me { username, name, account_type, profile_picture_url: picture, .. } = me;
    let who = Who { id, username, name, picture, account_type }.sound();
    who.ok_or_else(|| failure::not_understood(&answer, "Instagram named the account in a form that is not understood"))
}

/// An account by its id, through Facebook.
async fn linked(cx: &Cx<'_>, access_token: &str, id: &str) -> Result<Who, Refusal> {
    let answer = Ask::get(Login::Facebook.base(cx.bases), &below(id))
        .query("fields", "id,username,name,profile_picture_url")
        .bearer(access_token)
        .call(cx)
        .await?;
    let Some(linked) = answer.success::<Linked>() else { return Err(errors::failed(cx, &answer)) };
    let who = Who::of_linked(linked).filter(|who| who.id == id);
    who.ok_or_else(|| failure::not_understood(&answer, "Instagram named the account in a form that is not understood"))
}

/// Whether the token opens the account it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held = Held::open(account)?;
    let who = match held.tokens.login {
        Login::Instagram => me(cx, &held.tokens.access_token).await?,
        Login::Facebook => linked(cx, &held.tokens.access_token, &held.id).await?,
    };
    stored::same(account, &who.id)
}

/// What the account's page shows, now.
pub(super) async fn numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let held = Held::open(account)?;
    let ask = held.get(cx, &held.id).query("fields", "followers_count,follows_count,media_count");
    let answer = ask.call(cx).await?;
    let is_told = |counts: &Counts| counts.followers_count.or(counts.follows_count).or(counts.media_count).is_some();
    let Some(counts) = answer.success().filter(is_told) else { return Err(errors::failed(cx, &answer)) };
    Ok(AccountNumbers {
        followers: counts.followers_count,
        following: counts.follows_count,
        posts: counts.media_count,
        platform_specific: json!({}),
        ..AccountNumbers::default()
    })
}
