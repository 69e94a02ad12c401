//! An account's numbers (fact sheet part 2, 5.2: `verify_credentials`).

use domain::target::Refusal;
use serde_json::json;

use super::{connect, tokens::MastodonTokens};
use crate::{Account, AccountNumbers, Cx, numbers::count, stored};

/// Likes, boosts and replies are told of single posts only, views of none.
pub(super) async fn account_numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let held = MastodonTokens::open(account)?;
    let profile = connect::profile(cx, &held.base, &held.access_token).await?;
    stored::same(account, &profile.id)?;
    Ok(AccountNumbers {
        followers: count(&profile.followers_count),
        following: count(&profile.following_count),
        posts: count(&profile.statuses_count),
        platform_specific: json!({}),
        ..AccountNumbers::default()
    })
}
