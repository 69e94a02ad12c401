//! An account whose tokens its network no longer takes.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{account::Account, ids::ProjectId, transition::Error};
use uuid::Uuid;

use super::list;
use crate::{statement::statement, types::sql};

/// An account that has just become `needs_reconnect`.
pub(crate) struct HeldAccount {
    pub(crate) account: Account,
    pub(crate) project_id: Uuid,
    /// Its `event_seq`, moved on for the event that tells of it.
    pub(crate) seq: i64,
}

statement! {
    HoldAccount { id: Uuid as sql::Uuid, code: String as sql::Text, message: String as sql::Text }
        -> (sql::Uuid, sql::BigInt) {
        "UPDATE social_accounts SET status = 'needs_reconnect', error_code = $2, error_message = $3, \
           event_seq = event_seq + 1, updated_at = clock_timestamp() \
         WHERE id = $1 AND status = 'active' RETURNING project_id, event_seq"
    }
}

/// Marks an account that was active; `None` when it was not, so that each episode is told once.
pub(crate) async fn hold(
    connection: &mut AsyncPgConnection,
    account: Uuid,
    error: &Error,
) -> QueryResult<Option<HeldAccount>> {
    let message = error.message.chars().filter(|character| *character != '\0').take(2_000).collect();
    let rows: Vec<(Uuid, i64)> =
        HoldAccount { id: account, code: error.code.word().to_owned(), message }.load(connection).await?;
    let Some((project_id, seq)) = rows.into_iter().next() else { return Ok(None) };
    let known = list::load(connection, ProjectId(project_id), vec![account]).await?;
    Ok(known.into_iter().next().map(|known| HeldAccount { account: known.account, project_id, seq }))
}
