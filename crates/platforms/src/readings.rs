//! What a network's answer said of budgets, on its way to whoever made the call.

use std::sync::{Mutex, PoisonError};

use domain::budget::{BudgetRule, Reading};
use jiff::{SignedDuration, Timestamp};

use crate::{Cx, exchange::Answer};

/// No more is noted of one call; an answer has a handful of limits at most.
const MOST: usize = 8;
/// A network's clock and ours differ by less.
pub(crate) const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

/// Notes of one call.
#[derive(Debug, Default)]
pub struct Readings(Mutex<Vec<Reading>>);

impl Readings {
    /// Notes one.
    pub fn note(&self, reading: Reading) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < MOST {
            noted.push(reading);
        }
    }

    /// What was noted.
    pub fn take(&self) -> Vec<Reading> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A budget's headers, by their names.
pub(crate) struct Headers<'a> {
    pub(crate) limit: &'a str,
    pub(crate) remaining: &'a str,
}

/// Notes what an answer says of a budget, if it does. A reset that is past, or further ahead than a window is long, is a
/// mistake or malice and is left out; so is a number that is none.
pub(crate) fn note(cx: &Cx<'_>, answer: &Answer, rule: &BudgetRule, headers: &Headers<'_>, reset: Option<Timestamp>) {
    let (Some(readings), Some(remaining)) = (cx.readings, number(answer, headers.remaining)) else { return };
    let limit = number(answer, headers.limit).filter(|limit| *limit > 0 && *limit >= remaining);
    let reset = reset.filter(|reset| *reset > cx.now && reset.duration_since(cx.now) <= rule.window + CLOCKS);
    readings.note(Reading { scope: rule.scope, name: rule.name, limit, remaining, reset });
}

/// A header that holds a number that is not negative.
pub(crate) fn number(answer: &Answer, name: &str) -> Option<i32> {
    answer.header(name)?.trim().parse().ok().filter(|number| *number >= 0)
}
