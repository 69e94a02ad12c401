//! Whose token it is, and what the instance allows.

use domain::target::Refusal;
use serde_json::{Value, json};
use url::Url;

use super::{
    errors,
    facts::{self, Facts},
    tokens::MastodonTokens,
    wire::{NodeInfo, NodeInfoLinks, Profile},
};
use crate::{
    Account, Cx, Identity,
    exchange::Ask,
    failure,
    given::Given,
    origin::{self, Origin},
    stored, words,
};

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, &["instance", "access_token"]);
    let instance = fields.required("instance");
    let access_token = fields.required("access_token").to_owned();
    fields.finish()?;
    let instance = origin::parse(cx.door, "instance", instance)?;

    // Mastodon tells no one what a token may do.
    whose(cx, &instance, access_token, Vec::new()).await
}

/// The profile that a token opens, as it is connected, however the token came.
pub(super) async fn whose(
    cx: &Cx<'_>,
    instance: &Origin,
    access_token: String,
    scopes: Vec<String>,
) -> Result<Identity, Refusal> {
    let profile = profile(cx, instance.base(), &access_token).await?;
    let facts = read_facts(cx, instance).await?;
    let tokens = MastodonTokens { base: instance.base().to_owned(), access_token };
    Ok(Identity {
        realm: instance.realm(),
        network_unique_id: profile.id,
        username: profile.username,
        display_name: words::profile(profile.display_name),
        profile_image_url: words::link(profile.avatar),
        profile_url: words::link(profile.url),
        account_type: match (profile.group, profile.bot) {
            (true, _) => "group",
            (false, true) => "bot",
            (false, false) => "person",
        },
        scopes,
        facts: json!(facts),
        tokens: stored::seal(&tokens, None)?,
    })
}

/// Whether the token opens the account it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held: MastodonTokens = stored::open(account)?;
    stored::same(account, &profile(cx, &held.base, &held.access_token).await?.id)
}

pub(super) async fn profile(cx: &Cx<'_>, base: &str, access_token: &str) -> Result<Profile, Refusal> {
    let answer = Ask::get(base, "/api/v1/accounts/verify_credentials").bearer(access_token).call(cx).await?;
    match answer.success::<Profile>() {
        Some(profile) if words::is_id(&profile.id) && is_username(&profile.username) => Ok(profile),
        _ => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}

/// Other servers allow more than Mastodon's letters, digits and underscores.
fn is_username(name: &str) -> bool {
    (1..=200).contains(&name.len()) && !name.chars().any(|letter| letter.is_control() || letter.is_whitespace())
}

async fn read_facts(cx: &Cx<'_>, instance: &Origin) -> Result<Facts, Refusal> {
    let mut answer = Ask::get(instance.base(), "/api/v2/instance").call(cx).await?;
    if !answer.is_success() && answer.status < 500 {
        // Before Mastodon 4.0, and on others.
        answer = Ask::get(instance.base(), "/api/v1/instance").call(cx).await?;
    }
    let Some(told) = answer.success::<Value>().filter(Value::is_object) else {
        return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
    };
    let software = software(cx, instance).await;
    let genuine = facts::is_genuine(software.as_deref(), &told);
    Ok(Facts { software, genuine, ..Facts::of_instance(instance.base(), &told) })
}

/// What nodeinfo calls the software. `None` when it does not say: then the version has to do.
async fn software(cx: &Cx<'_>, instance: &Origin) -> Option<String> {
    let links: NodeInfoLinks = Ask::get(instance.base(), "/.well-known/nodeinfo").call(cx).await.ok()?.success()?;
    let link = links.links.iter().find(|link| link.rel.contains("nodeinfo.diaspora.software/ns/schema/2."))?;
    // An instance may only speak for itself.
    let href = Url::parse(&link.href).ok().filter(|href| instance.shares_host_with(href))?;
    let info: NodeInfo = Ask::get(href.as_str(), "").call(cx).await.ok()?.success()?;
    words::profile(Some(info.software.name)).filter(|name| name.len() <= 100)
}
