//! An account as somebody asks its network about it, while a caller waits.

use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::{
    account::AccountStatus,
    ids::{AccountId, ProjectId},
    job::{Kind, Queue},
    platform::Platform,
    policy::Mode,
    target::ErrorCode,
    transition::Error,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    lanes::{self, Wake},
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, time, word},
};

/// An account and what opens it.
#[derive(Debug, Clone)]
pub struct Askable {
    /// `acc_...`
    pub id: AccountId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The tenant's half.
    pub mode: Mode,
    /// The network.
    pub platform: Platform,
    /// The network's id of the profile.
    pub network_unique_id: String,
    /// The handle.
    pub username: String,
    /// What was learned on connecting.
    pub facts: Value,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Why not.
    pub error: Option<Error>,
    /// The tokens as they are stored, and their version.
    pub tokens: Option<(Vec<u8>, i64)>,
}

/// Reads an account; `None` when it is not there, or another project's.
///
/// # Errors
/// [`StoreError`].
pub async fn find_askable(
    database: &Database,
    project: ProjectId,
    id: AccountId,
) -> Result<Option<Askable>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<Row> = FindAskable { project: project.0, id: id.0 }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("read an account and its tokens"))?;
    let Some((profile, state)) = rows.into_iter().next() else { return Ok(None) };
    let (mode, platform, network_unique_id, username, facts) = profile;
    let (status, code, message, sealed, version) = state;
    let code: Option<ErrorCode> = code.as_deref().map(word).transpose()?;
    Ok(Some(Askable {
        id,
        project_id: project,
        mode: word(&mode)?,
        platform: word(&platform)?,
        network_unique_id,
        username,
        facts,
        status: word(&status)?,
        error: code.map(|code| Error { code, message: message.unwrap_or_default() }),
        tokens: sealed.zip(version),
    }))
}

/// Notes that the network takes these tokens no more: from now on they have run out, and whoever renews them looks at
/// once. Nothing happens when there are others by now, or the account is held already.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_tokens(database: &Database, of: &Askable, trace: Option<String>) -> Result<(), StoreError> {
    let Some((_, version)) = of.tokens else { return Ok(()) };
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let rows: Vec<(Stamp,)> = ExpireTokens { id: of.id.0, version }.load(connection).await?;
            let Some((now,)) = rows.into_iter().next() else { return Ok(()) };
            let wake = Wake {
                kind: Kind::Refresh,
                key: of.id.0,
                project_id: of.project_id.0,
                queue: Queue::Refresh,
                at: time(now),
                items: 0,
                trace: trace.clone(),
            };
            lanes::wake(connection, &[wake]).await.map(drop)
        })
        .await
        .map_err(StoreError::from_diesel("note that an account's tokens have run out"))?;
    database.doorbell().ring();
    Ok(())
}

type Row =
    ((String, String, String, String, Value), (String, Option<String>, Option<String>, Option<Vec<u8>>, Option<i64>));

statement! {
    FindAskable { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (
        (sql::Text, sql::Text, sql::Text, sql::Text, sql::Jsonb),
        (sql::Text, Nullable<sql::Text>, Nullable<sql::Text>, Nullable<sql::Binary>, Nullable<sql::BigInt>)
    ) {
        "SELECT p.mode, a.platform, a.network_unique_id, a.username, a.facts, \
           a.status, a.error_code, a.error_message, k.sealed, k.version \
         FROM social_accounts a JOIN projects p ON p.id = a.project_id \
         LEFT JOIN account_tokens k ON k.account_id = a.id \
         WHERE a.project_id = $1 AND a.id = $2 AND a.network_unique_id NOT LIKE 'purged:%'"
    }
}

statement! {
    ExpireTokens { id: Uuid as sql::Uuid, version: i64 as sql::BigInt } -> (SqlStamp,) {
        "UPDATE social_accounts a SET token_expires_at = clock_timestamp(), \
           updated_at = greatest(clock_timestamp(), a.updated_at) \
         FROM account_tokens k WHERE a.id = $1 AND k.account_id = a.id AND k.version = $2 AND a.status = 'active' \
           AND (a.token_expires_at IS NULL OR a.token_expires_at > clock_timestamp()) \
         RETURNING clock_timestamp()"
    }
}
