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
    /// Not by a refusal of tokens that have been replaced meanwhile.
    HoldAccount {
        id: Uuid as sql::Uuid,
        code: String as sql::Text,
        message: String as sql::Text,
        version: i64 as sql::BigInt,
    } -> (sql::Uuid, sql::BigInt) {
        "UPDATE social_accounts SET status = 'needs_reconnect', error_code = $2, error_message = $3, \
           event_seq = event_seq + 1, updated_at = clock_timestamp() \
         WHERE id = $1 AND status = 'active' \
           AND EXISTS (SELECT 1 FROM account_tokens WHERE account_id = $1 AND version = $4) \
         RETURNING project_id, event_seq"
    }
}

statement! {
    LockAccount { id: Uuid as sql::Uuid } -> (sql::Uuid,) {
        "SELECT id FROM social_accounts WHERE id = $1 FOR NO KEY UPDATE"
    }
}

statement! {
    HasNewerTokens { id: Uuid as sql::Uuid, version: i64 as sql::BigInt } -> (sql::Bool,) {
        "SELECT EXISTS (SELECT 1 FROM social_accounts a JOIN account_tokens k ON k.account_id = a.id \
         WHERE a.id = $1 AND a.status = 'active' AND k.version > $2)"
    }
}

/// What became of an attempt to hold an account.
pub(crate) enum Holding {
    /// It was active and is not any more; each episode is told once.
    Held(Box<HeldAccount>),
    /// It was held or disconnected already.
    Was,
    /// It has newer tokens than those that were refused.
    Renewed,
}

/// Marks an account whose tokens of this version were refused.
pub(crate) async fn hold(
    connection: &mut AsyncPgConnection,
    account: Uuid,
    version: i64,
    error: &Error,
) -> QueryResult<Holding> {
    // In a statement of its own: the next one's snapshot must see what whoever held the row has written.
    let _locked: Vec<(Uuid,)> = LockAccount { id: account }.load(connection).await?;
    let message = error.message.chars().filter(|character| *character != '\0').take(2_000).collect();
    let rows: Vec<(Uuid, i64)> =
        HoldAccount { id: account, code: error.code.word().to_owned(), message, version }.load(connection).await?;
    if let Some((project_id, seq)) = rows.into_iter().next() {
        let known = list::load(connection, ProjectId(project_id), vec![account]).await?;
        return Ok(known.into_iter().next().map_or(Holding::Was, |known| {
            Holding::Held(Box::new(HeldAccount { account: known.account, project_id, seq }))
        }));
    }
    let (renewed,): (bool,) = HasNewerTokens { id: account, version }.get_result(connection).await?;
    Ok(if renewed { Holding::Renewed } else { Holding::Was })
}
