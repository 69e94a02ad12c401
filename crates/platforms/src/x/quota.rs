//! What X says of budgets with an answer to a post (fact sheet part 1, 1.11 and 1.12).

use super::spec::{APP_POSTS_24H, POSTS_15M, POSTS_24H};
use crate::{
    Cx,
    exchange::Answer,
    failure,
    readings::{Headers, note as note_one},
};

/// The names of the three budgets' headers; each ends in `-limit`, `-remaining` and `-reset` (epoch seconds).
const BUDGETS: [(&domain::budget::BudgetRule, &str); 3] =
    [(&POSTS_15M, "x-rate-limit"), (&POSTS_24H, "x-user-limit-24hour"), (&APP_POSTS_24H, "x-app-limit-24hour")];

pub(super) fn note(cx: &Cx<'_>, answer: &Answer) {
    for (rule, name) in BUDGETS {
        let headers = Headers { limit: &format!("{name}-limit"), remaining: &format!("{name}-remaining") };
        note_one(cx, answer, rule, &headers, failure::unix_reset(answer, &format!("{name}-reset")));
    }
}
