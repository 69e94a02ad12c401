//! Whose token it is.

use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    errors,
    spec::{BASE, DEFAULT_BASE},
    tokens::XTokens,
    wire::{Envelope, User},
};
use crate::{Account, Cx, Identity, Tokens, exchange::Ask, failure, given::Given, stored, words};

const FIELDS: &[&str] = &["access_token", "refresh_token", "expires_at", "scopes", "client_id", "client_secret"];

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, FIELDS);
    let access_token = fields.required("access_token").to_owned();
    let refresh_token = fields.optional("refresh_token").map(str::to_owned);
    let client_id = fields.optional("client_id").map(str::to_owned);
    let client_secret = fields.optional("client_secret").map(str::to_owned);
    let scopes = fields.list("scopes");
    let expires_at = fields.optional("expires_at").map(str::parse::<Timestamp>);
    if matches!(expires_at, Some(Err(_))) {
        fields.fault("expires_at", "must be a time like 2026-12-01T15:00:00Z");
    }
    if client_secret.is_some() && client_id.is_none() {
        fields.fault("client_id", "is missing beside `client_secret`");
    }
    fields.finish()?;

    let client = client_id.as_deref().map(|id| Client { id, secret: client_secret.as_deref() });
    let user = whose(cx, &access_token).await?;
    let facts = facts(cx, &user, client.as_ref());
    let tokens = XTokens { access_token, refresh_token, client_id, client_secret };
    let tokens = stored::seal(&tokens, expires_at.and_then(Result::ok))?;
    Ok(identity(user, scopes, facts, tokens))
}

/// The app that tokens were given to.
pub(super) struct Client<'a> {
    pub(super) id: &'a str,
    /// Of a confidential client.
    pub(super) secret: Option<&'a str>,
}

/// What is kept of the profile and its app beside the account.
pub(super) fn facts(cx: &Cx<'_>, user: &User, client: Option<&Client<'_>>) -> Value {
    let mut facts = json!({"subscription_type": words::profile(user.subscription_type.clone())});
    if let Some(client) = client {
        // Everybody may know an app's id, so only who has its secret too shares its budget with whoever else has.
        let name = if client.secret.is_some() { "app" } else { "client" };
        facts[name] = fingerprint(cx, client).into();
    }
    facts
}

/// The profile as it is connected, however its tokens came.
pub(super) fn identity(user: User, scopes: Vec<String>, facts: Value, tokens: Tokens) -> Identity {
    Identity {
        realm: String::new(),
        profile_url: Some(format!("https://x.com/{}", user.username)),
        network_unique_id: user.id,
        username: user.username,
        display_name: words::profile(user.name),
        profile_image_url: words::link(user.profile_image_url),
        account_type: "person",
        scopes,
        facts,
        tokens,
    }
}

/// Tells apps apart whose budgets their accounts share, without showing which they are. The sandbox's apps are others
/// than the network's, whatever their ids.
fn fingerprint(cx: &Cx<'_>, client: &Client<'_>) -> String {
    let mut hash = Sha256::new();
    for text in [cx.bases.get(BASE, DEFAULT_BASE), client.id, client.secret.unwrap_or_default()] {
        hash.update(text);
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..16])
}

/// Whether the token opens the account it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held: XTokens = stored::open(account)?;
    stored::same(account, &me(cx, &held.access_token, "verified").await?.id)
}

/// The token's user with all that is kept of it.
pub(super) async fn whose(cx: &Cx<'_>, access_token: &str) -> Result<User, Refusal> {
    me(cx, access_token, "profile_image_url,verified,verified_type,subscription_type").await
}

/// The token's user, with these fields besides those that it always has.
pub(super) async fn me(cx: &Cx<'_>, access_token: &str, fields: &str) -> Result<User, Refusal> {
    let answer = Ask::get(cx.bases.get(BASE, DEFAULT_BASE), "/2/users/me")
        .query("user.fields", fields)
        .bearer(access_token)
        .call(cx)
        .await?;
    // A user that cannot be read comes as 200 with `errors` and without `data`.
    let user = answer.success::<Envelope<User>>().and_then(|envelope| envelope.data);
    match user {
        Some(user) if super::is_id(&user.id) && is_username(&user.username) => Ok(user),
        Some(_) => Err(failure::not_understood(&answer, "X named the user in a form that is not understood")),
        None => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}

fn is_username(name: &str) -> bool {
    (1..=50).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
