//! Whose token it is.

use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use super::{errors, tokens::ThreadsTokens, wire::Profile};
use crate::{Account, Cx, Identity, Tokens, failure, given::Given, graph, stored, words};

const FIELDS: &str = "id,username,name,threads_profile_picture_url,threads_biography,is_verified";

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, &["access_token", "expires_at"]);
    let access_token = fields.required("access_token").to_owned();
    let expires_at = fields.optional("expires_at").map(str::parse::<Timestamp>);
    if matches!(expires_at, Some(Err(_))) {
        fields.fault("expires_at", "must be a time like 2026-12-01T15:00:00Z");
    }
    fields.finish()?;
    let me = me(cx, &access_token).await?;
    let tokens = stored::seal(&ThreadsTokens { access_token }, expires_at.and_then(Result::ok))?;
    Ok(me.identity(Vec::new(), tokens))
}

/// Whether the token opens the profile it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held: ThreadsTokens = stored::open(account)?;
    stored::same(account, &me(cx, &held.access_token).await?.id)
}

/// A profile.
pub(super) struct Me {
    pub(super) id: String,
    profile: Profile,
}

impl Me {
    pub(super) fn identity(self, scopes: Vec<String>, tokens: Tokens) -> Identity {
        let Profile { username, name, threads_profile_picture_url, .. } = self.profile;
        Identity {
            realm: String::new(),
            network_unique_id: self.id,
            profile_url: Some(format!("https://www.threads.net/@{username}")),
            username,
            display_name: words::profile(name),
            profile_image_url: words::link(threads_profile_picture_url),
            account_type: "person",
            scopes,
            facts: Value::Null,
            tokens,
        }
    }
}

pub(super) async fn me(cx: &Cx<'_>, access_token: &str) -> Result<Me, Refusal> {
    let answer = super::get(cx, "me").query("fields", FIELDS).bearer(access_token).call(cx).await?;
    let Some(profile) = answer.success::<Profile>() else { return Err(errors::failed(cx, &answer)) };
    match graph::text_of(&profile.id).filter(|id| super::is_id(id) && is_username(&profile.username)) {
        Some(id) => Ok(Me { id, profile }),
        None => Err(failure::not_understood(&answer, "Threads named the profile in a form that is not understood")),
    }
}

fn is_username(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}
