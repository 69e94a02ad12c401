//! A profile's numbers (fact sheet part 1, 4.15).

use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::json;

use super::{errors, tokens::ThreadsTokens, wire::Insight};
use crate::{
    Account, AccountNumbers, Cx,
    graph::{self, List},
    stored,
};

/// Threads counts nothing from before then.
const EARLIEST: i64 = 1_712_991_600;

pub(super) async fn account_numbers(
    cx: &Cx<'_>,
    account: &Account<'_>,
    (since, until): (Timestamp, Timestamp),
) -> Result<AccountNumbers, Refusal> {
    let tokens: ThreadsTokens = stored::open(account)?;
    let since = since.max(Timestamp::from_second(EARLIEST).unwrap_or(since));
    // Followers are told as of now, and take no period.
    let now = insights(cx, &tokens, "followers_count", None).await?;
    let counted = match since < until {
        true => insights(cx, &tokens, "views,likes,replies,reposts,quotes", Some((since, until))).await?,
        false => Vec::new(),
    };
    let followers = now.iter().find(|insight| insight.name == "followers_count").and_then(total);
    if followers.is_none() && counted.iter().all(|insight| total(insight).is_none()) {
        let message = "Threads told no number of the profile".to_owned();
        return Err(Refusal::NotNow { message, http_status: None, after: None });
    }
    let of = |name| counted.iter().find(|insight| insight.name == name).and_then(total);
    let (reposts, quotes) = (of("reposts"), of("quotes"));
    Ok(AccountNumbers {
        followers,
        views: of("views"),
        likes: of("likes"),
        comments: of("replies"),
        shares: reposts.or(quotes).map(|_| reposts.unwrap_or_default().saturating_add(quotes.unwrap_or_default())),
        platform_specific: json!({"reposts": reposts, "quotes": quotes}),
        ..AccountNumbers::default()
    })
}

async fn insights(
    cx: &Cx<'_>,
    tokens: &ThreadsTokens,
    metric: &str,
    period: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<Insight>, Refusal> {
    let mut ask = super::get(cx, "me/threads_insights").query("metric", metric);
    if let Some((since, until)) = period {
        ask = ask.query("since", &graph::unix_time(since)).query("until", &graph::unix_time(until));
    }
    let answer = ask.bearer(&tokens.access_token).call(cx).await?;
    answer.success::<List<Insight>>().map(|list| list.data).ok_or_else(|| errors::failed(cx, &answer))
}

/// A total, or the sum of its days.
fn total(insight: &Insight) -> Option<u64> {
    if let Some(total) = &insight.total_value {
        return total.value;
    }
    let days = insight.values.iter().filter_map(|day| day.value);
    days.reduce(u64::saturating_add)
}
