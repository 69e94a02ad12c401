//! An account's numbers, read while somebody waits.

use async_trait::async_trait;
use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Account, Cx};

/// What a network tells of an account. `None` is what it does not tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountNumbers {
    /// Who follows it.
    pub followers: Option<u64>,
    /// Whom it follows.
    pub following: Option<u64>,
    /// What it has posted.
    pub posts: Option<u64>,
    /// How often its posts were seen, in the period.
    pub views: Option<u64>,
    /// Likes of them.
    pub likes: Option<u64>,
    /// Comments on them.
    pub comments: Option<u64>,
    /// Shares of them.
    pub shares: Option<u64>,
    /// What else the network tells: a JSON object under its own names.
    pub platform_specific: Value,
}

/// Reading an account's numbers.
#[async_trait]
pub trait Numbers: Send + Sync {
    /// The account's numbers. The period bounds what is counted where the network takes one; totals are as of now.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal>;
}
