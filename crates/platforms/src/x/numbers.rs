//! A user's numbers (fact sheet part 1, 1.5: `users/me`; 75 calls in a quarter of an hour).

use domain::target::Refusal;

use super::{connect, tokens::XTokens};
use crate::{
    Account, AccountNumbers, Cx,
    numbers::{count, named},
    stored,
};

/// What is liked, seen and passed on is told of single posts only; `like_count` of a user is of likes given.
pub(super) async fn account_numbers(cx: &Cx<'_>, account: &Account<'_>) -> Result<AccountNumbers, Refusal> {
    let held: XTokens = stored::open(account)?;
    let user = connect::me(cx, &held.access_token, "public_metrics").await?;
    stored::same(account, &user.id)?;
    let told = user.public_metrics;
    Ok(AccountNumbers {
        followers: count(&told["followers_count"]),
        following: count(&told["following_count"]),
        posts: count(&told["tweet_count"]),
        platform_specific: named(&told, &["listed_count", "like_count", "media_count"]),
        ..AccountNumbers::default()
    })
}
