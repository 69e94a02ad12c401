//! Rate budgets: what a send draws on, what it has to wait for, and what networks said of them.
//!
//! A budget is spent in the transaction that commits the intent, so it holds across processes and restarts, and a flush
//! that is rolled back has spent nothing. Rows are locked last, in the order of their keys.

mod forecast;
mod forget;
mod hear;
mod keys;
mod short;
mod take;

pub use forecast::{Planned, Shortage, forecast};
pub use forget::forget;
pub use hear::Heard;
pub(crate) use hear::hear;
pub(crate) use keys::{app_subject, throttle_of};
pub use take::Balance;
pub(crate) use take::{Ask, take};

use domain::budget::{BudgetRule, Scope};
use jiff::Timestamp;
use uuid::Uuid;

/// A budget that a send draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// As the network documents it.
    pub rule: BudgetRule,
    /// The account, or the app.
    pub subject: Uuid,
    /// What is taken for the limit until the network names a lower one.
    pub limit: i32,
    /// Whether other projects may draw on it too: then each is kept a part of it.
    pub is_shared: bool,
}

/// Why nothing is sent for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttle {
    /// Until then.
    pub until: Timestamp,
    /// Whose budget it is.
    pub scope: Scope,
    /// For people: the network's words, or ours.
    pub because: String,
}
