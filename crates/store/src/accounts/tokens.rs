//! An account's tokens, sealed: the store keeps bytes it cannot open.
//!
//! Whoever writes them holds the lock of the account's row. A version is never used twice, also not across a disconnect,
//! so that a refresh that was under way while somebody reconnected cannot overwrite the newer grant.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{statement::statement, types::sql};

/// Stores the tokens of a new grant in place of whatever was there.
pub(super) async fn put(
    connection: &mut AsyncPgConnection,
    project: Uuid,
    account: Uuid,
    sealed: Vec<u8>,
) -> QueryResult<()> {
    PutTokens { account, project, sealed }.execute(connection).await.map(drop)
}

/// Stores renewed tokens of the grant that is there. `false` when it is another one, or none, by now.
pub(super) async fn replace(
    connection: &mut AsyncPgConnection,
    account: Uuid,
    version: i64,
    sealed: Vec<u8>,
) -> QueryResult<bool> {
    let replaced = ReplaceTokens { account, version, sealed }.execute(connection).await?;
    Ok(replaced == 1)
}

/// Whether the tokens are still those that were read.
pub(super) async fn are(connection: &mut AsyncPgConnection, account: Uuid, version: i64) -> QueryResult<bool> {
    let rows: Vec<(i64,)> = Version { account }.load(connection).await?;
    Ok(rows == [(version,)])
}

/// Notes that their end was told of. `false` when it had been, or they are others by now.
pub(super) async fn tell_expiry(connection: &mut AsyncPgConnection, account: Uuid, version: i64) -> QueryResult<bool> {
    Ok(TellExpiry { account, version }.execute(connection).await? == 1)
}

statement! {
    TellExpiry { account: Uuid as sql::Uuid, version: i64 as sql::BigInt } {
        "UPDATE account_tokens SET is_expiry_told = true WHERE account_id = $1 AND version = $2 AND NOT is_expiry_told"
    }
}

statement! {
    PutTokens { account: Uuid as sql::Uuid, project: Uuid as sql::Uuid, sealed: Vec<u8> as sql::Bytea } {
        "INSERT INTO account_tokens (account_id, project_id, sealed, version, updated_at) \
         VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp()) \
         ON CONFLICT (account_id) DO UPDATE SET sealed = EXCLUDED.sealed, version = account_tokens.version + 1, \
           updated_at = EXCLUDED.updated_at, is_expiry_told = false"
    }
}

statement! {
    ReplaceTokens { account: Uuid as sql::Uuid, version: i64 as sql::BigInt, sealed: Vec<u8> as sql::Bytea } {
        "UPDATE account_tokens SET sealed = $3, version = version + 1, updated_at = clock_timestamp(), \
           is_expiry_told = false \
         WHERE account_id = $1 AND version = $2"
    }
}

statement! {
    Version { account: Uuid as sql::Uuid } -> (sql::BigInt,) {
        "SELECT version FROM account_tokens WHERE account_id = $1"
    }
}
