//! What an instance says of budgets with an answer to a new status: the one of the requests or the one of the statuses,
//! whichever it counted last, without saying which.

use domain::budget::BudgetRule;

use super::{errors, spec::BUDGETS};
use crate::{
    Cx,
    exchange::Answer,
    readings::{CLOCKS, Headers, note as note_one},
};

const HEADERS: Headers<'static> = Headers { limit: "x-ratelimit-limit", remaining: "x-ratelimit-remaining" };

pub(super) fn note(cx: &Cx<'_>, answer: &Answer) {
    let reset = errors::reset(answer);
    let left = reset.map(|reset| reset.duration_since(cx.now));
    // The shortest window that can end as late as that: near its end the longer one is taken for the shorter, which then
    // ends at the same moment.
    let rule: Option<&BudgetRule> = BUDGETS.iter().find(|rule| left.is_some_and(|left| left <= rule.window + CLOCKS));
    if let Some(rule) = rule {
        note_one(cx, answer, rule, &HEADERS, reset);
    }
}
