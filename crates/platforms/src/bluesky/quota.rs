//! What a PDS says of budgets with an answer to a write: the tightest of them, in the IETF draft's headers.

use domain::budget::BudgetRule;

use super::spec::BUDGETS;
use crate::{
    Cx,
    exchange::Answer,
    failure,
    readings::{Headers, note as note_one},
};

const HEADERS: Headers<'static> = Headers { limit: "ratelimit-limit", remaining: "ratelimit-remaining" };

pub(super) fn note(cx: &Cx<'_>, answer: &Answer) {
    let reset = failure::unix_reset(answer, "ratelimit-reset");
    if let Some(rule) = rule(answer) {
        note_one(cx, answer, rule, &HEADERS, reset);
    }
}

/// `RateLimit-Policy: 5000;w=3600` names the window in seconds. Without it nobody knows which budget is meant.
fn rule(answer: &Answer) -> Option<&'static BudgetRule> {
    let policy = answer.header("ratelimit-policy")?;
    let window = policy.split(';').find_map(|item| item.trim().strip_prefix("w="))?;
    let seconds: i64 = window.trim().parse().ok()?;
    BUDGETS.iter().find(|rule| rule.window.as_secs() == seconds)
}
