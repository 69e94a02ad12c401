//! Rows of accounts and apps that nobody posts through any more.

use diesel_async::RunQueryDsl;

use crate::{Database, StoreError, statement::statement, types::sql};

statement! {
    /// A week after the last grant nothing is kept for a project either, see `ListShares`. Rows in use are left alone.
    ForgetBudgets { limit: i64 as sql::BigInt } {
        "DELETE FROM rate_budgets b USING (\
           SELECT scope, subject, name FROM rate_budgets WHERE updated_at < now() - interval '8 days' \
             AND window_end < now() AND coalesce(blocked_until < now(), true) LIMIT $1 FOR UPDATE SKIP LOCKED) AS old \
         WHERE b.scope = old.scope AND b.subject = old.subject AND b.name = old.name"
    }
}

/// Forgets up to `limit` budgets whose windows ended long ago, and says how many it were.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(database: &Database, limit: i64) -> Result<usize, StoreError> {
    let mut connection = database.connection().await?;
    ForgetBudgets { limit }
        .execute(&mut connection)
        .await
        .map_err(StoreError::from_diesel("forget budgets that nobody uses"))
}
