//! An organisation's followers. LinkedIn tells nothing of a member's (fact sheet part 1, 5.15).

use domain::target::Refusal;
use egress::Method;
use serde_json::Value;

use super::{
    ask::{self, rest},
    author::Author,
    tokens::LinkedinTokens,
    urn,
    wire::{Elements, NetworkSize},
};
use crate::{Account, AccountNumbers, Cx, stored};

pub(super) async fn account_numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let tokens: LinkedinTokens = stored::open(account)?;
    let author = Author::of(account)?;
    if matches!(author, Author::Person(_)) {
        return Ok(AccountNumbers::default());
    }
    let followers = followers(cx, &tokens, &author.urn()).await?;
    let totals = share_statistics(cx, &tokens, &author.urn()).await?;
    Ok(AccountNumbers { followers: Some(followers), platform_specific: totals, ..AccountNumbers::default() })
}

/// `networkSizes` is what is left of the follower statistics' totals (learn.microsoft.com, "Organization Follower
/// Statistics").
async fn followers(cx: &Cx<'_>, tokens: &LinkedinTokens, organization: &str) -> Result<u64, Refusal> {
    let path = format!("/networkSizes/{}", urn::encoded(organization));
    let ask = rest(cx, Method::GET, &path, tokens).query("edgeType", "COMPANY_FOLLOWED_BY_MEMBER");
    let answer = ask.call(cx).await?;
    match answer.success::<NetworkSize>().and_then(|size| size.first_degree_size) {
        Some(size) => Ok(size),
        None => Err(ask::failed(cx, tokens, &answer)),
    }
}

/// What LinkedIn counted of all posts so far, under its own names: these totals have no period.
async fn share_statistics(cx: &Cx<'_>, tokens: &LinkedinTokens, organization: &str) -> Result<Value, Refusal> {
    let answer = rest(cx, Method::GET, "/organizationalEntityShareStatistics", tokens)
        .query("q", "organizationalEntity")
        .query("organizationalEntity", organization)
        .call(cx)
        .await?;
    let Some(page) = answer.success::<Elements<Value>>() else { return Err(ask::failed(cx, tokens, &answer)) };
    let totals = page.elements.first().and_then(|first| first["totalShareStatistics"].as_object());
    let numbers = totals.into_iter().flatten().filter(|(name, value)| name.len() <= 64 && value.is_number()).take(50);
    let numbers = numbers.map(|(name, value)| (name.clone(), value.clone()));
    Ok(Value::Object(numbers.collect()))
}
