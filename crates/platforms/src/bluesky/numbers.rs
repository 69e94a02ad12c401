//! An account's numbers (fact sheet part 2, 4.2: `getProfile`).

use domain::target::Refusal;
use serde_json::json;

use super::{access::Access, errors, wire::Profile};
use crate::{Account, AccountNumbers, Cx, exchange::Ask, failure, numbers::count, stored};

/// Likes, reposts and replies are told of single posts only, views of none.
pub(super) async fn account_numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let mut access = Access::open(account)?;
    let ask = Ask::get(&access.pds, "/xrpc/app.bsky.actor.getProfile").query("actor", &access.did);
    let answer = access.call(cx, ask).await?;
    // A profile is public: unlike elsewhere it says nothing of the token that it is read with.
    let Some(profile) = answer.success::<Profile>().filter(|profile| profile.did == access.did) else {
        return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
    };
    stored::same(account, &profile.did)?;
    Ok(AccountNumbers {
        followers: count(&profile.followers_count),
        following: count(&profile.follows_count),
        posts: count(&profile.posts_count),
        platform_specific: json!({}),
        ..AccountNumbers::default()
    })
}
