//! Whose page token it is.

use domain::target::Refusal;
use serde_json::{Value, json};

use super::{
    errors,
    tokens::PageToken,
    wire::{Fans, Page},
};
use crate::{Account, AccountNumbers, Cx, Identity, failure, given, given::Given, stored, words};

/// What is read of a page.
pub(super) const FIELDS: &str = "id,name,username,category,picture.type(large)";

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, &["access_token"]);
    let access_token = fields.required("access_token").to_owned();
    fields.finish()?;
    let page = me(cx, &access_token).await?;
    identity(page, access_token, Vec::new())
}

/// A page and the token that publishes on it.
pub(super) fn identity(page: Page, access_token: String, scopes: Vec<String>) -> Result<Identity, Refusal> {
    let name = words::profile(page.name);
    let username = words::profile(page.username).unwrap_or_else(|| page.id.clone());
    Ok(Identity {
        realm: String::new(),
        profile_url: Some(format!("https://www.facebook.com/{}", page.id)),
        username,
        display_name: name,
        profile_image_url: words::link(page.picture.and_then(super::wire::Picture::url)),
        account_type: "page",
        scopes,
        facts: json!({"category": words::profile(page.category)}),
        tokens: stored::seal(&PageToken { access_token }, None)?,
        network_unique_id: page.id,
    })
}

/// Whether the token opens the page it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held: PageToken = stored::open(account)?;
    stored::same(account, &me(cx, &held.access_token).await?.id)
}

/// How many follow the page, now.
pub(super) async fn numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let held: PageToken = stored::open(account)?;
    let answer = super::get(cx, &super::id_of(account)?)
        .query("fields", "fan_count,followers_count")
        .bearer(&held.access_token)
        .call(cx)
        .await?;
    let is_told = |fans: &Fans| fans.followers_count.or(fans.fan_count).is_some();
    let Some(fans) = answer.success().filter(is_told) else { return Err(errors::failed(cx, &answer)) };
    Ok(AccountNumbers {
        followers: fans.followers_count.or(fans.fan_count),
        platform_specific: json!({"fan_count": fans.fan_count}),
        ..AccountNumbers::default()
    })
}

async fn me(cx: &Cx<'_>, access_token: &str) -> Result<Page, Refusal> {
    let answer = super::get(cx, "me").query("fields", FIELDS).bearer(access_token).call(cx).await?;
    match answer.success::<Page>() {
        Some(page) if words::is_id(&page.id) && page.category.is_some() => Ok(page),
        Some(page) if words::is_id(&page.id) => {
            Err(given::refusal("`access_token` is a person's; it must be the access token of a page"))
        }
        Some(_) => Err(failure::not_understood(&answer, "Facebook named the page in a form that is not understood")),
        None => Err(errors::failed(cx, &answer)),
    }
}
