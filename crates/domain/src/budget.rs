//! What a network lets an account or an OAuth app do in a window of time, and how what is left is dealt.

mod share;

pub use share::{Left, Want, deal};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::target::words;

words! {
    /// Whose budget it is.
    Scope {
        /// The connected account's own.
        Account,
        /// The OAuth app's, whoever posts through it.
        App,
    }
}

/// The limit of a budget that nobody has named. Some are only known once the network has told.
pub const UNLIMITED: i32 = 1_000_000_000;

/// A budget as a network documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetRule {
    /// Whose.
    pub scope: Scope,
    /// Unique among the network's budgets of that scope; stored, so it never changes its meaning.
    pub name: &'static str,
    /// Units of a window.
    pub limit: i32,
    /// How long a window is.
    pub window: SignedDuration,
    /// Units of one call that makes something public.
    pub cost: i32,
}

/// What a network said of a budget with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Whose.
    pub scope: Scope,
    /// The rule's name.
    pub name: &'static str,
    /// Units of a window, where it was said.
    pub limit: Option<i32>,
    /// Units that are left.
    pub remaining: i32,
    /// When all of them are there again, where it was said.
    pub reset: Option<Timestamp>,
}

impl Reading {
    /// Whether it is worth writing down that the network leaves `remaining` where we know of `left`: less than we know
    /// of, and little. What is said while most is left would cost every call a write.
    pub fn tells(&self, rule: &BudgetRule, left: i32) -> bool {
        let whole = self.limit.unwrap_or(rule.limit);
        self.remaining < left && i64::from(self.remaining) * 2 < i64::from(whole)
    }
}

/// The next time something can go out that waits behind others, by what is known now.
///
/// `ahead` sends wait in front of it. Of the window that ends at `window_end` there is room for `free` more; every window
/// after it has room for `per_window`, and lasts `window`. `None` when it fits into the window at hand.
pub fn next_slot(
    ahead: i64,
    free: i64,
    per_window: i64,
    window_end: Timestamp,
    window: SignedDuration,
) -> Option<Timestamp> {
    let behind = ahead.saturating_sub(free);
    if behind < 0 {
        return None;
    }
    let windows = i32::try_from(behind / per_window.max(1)).unwrap_or(i32::MAX);
    let wait = window.checked_mul(windows)?;
    window_end.checked_add(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: BudgetRule = BudgetRule {
        scope: Scope::Account,
        name: "posts_15m",
        limit: 100,
        window: SignedDuration::from_mins(15),
        cost: 1,
    };

    fn reading(limit: Option<i32>, remaining: i32) -> Reading {
        Reading { scope: Scope::Account, name: "posts_15m", limit, remaining, reset: None }
    }

    #[test]
    fn only_little_that_is_less_than_we_know_of_tells_something() {
        assert!(reading(Some(100), 10).tells(&RULE, 40));
        assert!(reading(None, 10).tells(&RULE, 40));
        assert!(!reading(Some(100), 40).tells(&RULE, 40), "we knew");
        assert!(!reading(Some(100), 60).tells(&RULE, 99), "most is left");
        assert!(!reading(Some(20), 20).tells(&RULE, 99), "nothing was counted");
        assert!(reading(Some(20), 9).tells(&RULE, 99));
    }

    #[test]
    fn a_slot_is_in_the_first_window_with_room_for_all_ahead() {
        let end = Timestamp::from_second(1_000).unwrap();
        let slot = |ahead, free| next_slot(ahead, free, 10, end, SignedDuration::from_secs(60));
        assert_eq!(slot(0, 1), None);
        assert_eq!(slot(4, 5), None);
        assert_eq!(slot(0, 0), Some(end));
        assert_eq!(slot(14, 5), Some(end));
        assert_eq!(slot(15, 5).map(|at| at.as_second()), Some(1_060));
        assert_eq!(slot(34, 5).map(|at| at.as_second()), Some(1_120));
    }
}
