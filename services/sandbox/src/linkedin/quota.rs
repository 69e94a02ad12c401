//! Limits for each member and UTC day. Answers say nothing of them (section 5.12).

use super::{LinkedIn, auth, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::quotas::Rule;

const fn a_day(name: &'static str, limit: u64) -> Rule {
    Rule { name, limit, window_s: 86_400 }
}

pub(super) const POSTS: Rule = a_day("posts", 150);
pub(super) const COMMENTS: Rule = a_day("comments", 500);
pub(super) const UPLOADS: Rule = a_day("uploads", 1_000);
pub(super) const READS: Rule = a_day("reads", 5_000);

/// Counts a request of a member. The day is part of the name that is counted by, so that it ends at midnight and not
/// a day after the first request.
pub(super) fn count(call: &Call<LinkedIn>, member: &str, rule: &Rule) -> Result<(), Refusal> {
    let who = format!("{member} on {}", auth::day(call.now()));
    let meter = call.core.quotas.spend(LinkedIn::PLATFORM, rule, &who, 1, call.now());
    if meter.exceeded { Err(error::throttled()) } else { Ok(()) }
}
