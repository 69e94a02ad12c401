//! Idempotency keys of every call but creating a post: a call's answer is kept for a day and given again.
//!
//! Where all that a call does is in the database, its answer is written in the same transaction ([`once`]): a second
//! call with the key waits for the first one's row and reads it. A call with an effect outside leases the key instead
//! ([`start`], [`finish`], [`abandon`]), and a second one is told that the first is still running.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::ids::ProjectId;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Database, StoreError, statement::statement, types::sql};

/// An answer is kept this long.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Stands in `status` while the call that leased the key still runs.
const RUNNING: i16 = 0;

/// One call under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The tenant; keys are its own.
    pub project_id: ProjectId,
    /// The caller's key.
    pub key: String,
    /// Of method, path and body: the same key for another call is a mistake.
    pub fingerprint: Vec<u8>,
    /// The status of the answer when all goes well.
    pub status: i16,
}

/// What an earlier call with the same key was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// HTTP status.
    pub status: i16,
    /// JSON body, without what was a secret.
    pub body: Value,
}

/// What came of a call under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// It was done now.
    Done(T),
    /// It was done before.
    Replayed(Saved),
    /// The key belongs to another call.
    KeyReused,
    /// An earlier call with the key has not ended.
    InProgress,
}

enum Claim {
    Mine,
    Replayed(Saved),
    KeyReused,
    InProgress,
}

/// Does `work` in a transaction, once per key. `None` when the work found nothing to do: nothing is written then, the
/// key included.
pub(crate) async fn once<T: Serialize + Send>(
    database: &Database,
    once: Option<Once>,
    attempt: &'static str,
    work: impl for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, QueryResult<Option<T>>> + Send,
) -> Result<Option<Answer<T>>, StoreError> {
    let mut connection = database.connection().await?;
    let done = connection
        .transaction(async |connection| {
            if let Some(once) = &once {
                match claim(connection, once, KEPT_FOR).await? {
                    Claim::Mine => {}
                    Claim::Replayed(saved) => return Ok(Answer::Replayed(saved)),
                    Claim::KeyReused => return Ok(Answer::KeyReused),
                    Claim::InProgress => return Ok(Answer::InProgress),
                }
            }
            let value = work(connection).await?.ok_or(diesel::result::Error::NotFound)?;
            if let Some(once) = &once {
                let body = serde_json::to_value(&value)
                    .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
                settle(connection, once, once.status, body).await?;
            }
            Ok(Answer::Done(value))
        })
        .await;
    match done {
        Ok(answer) => Ok(Some(answer)),
        Err(diesel::result::Error::NotFound) => Ok(None),
        Err(error) => Err(StoreError::from_diesel(attempt)(error)),
    }
}

/// Leases a key for a call with an effect outside the database, for as long as that may take at most.
///
/// # Errors
/// [`StoreError`].
pub async fn start(database: &Database, once: &Once, lease: Duration) -> Result<Answer<()>, StoreError> {
    let mut connection = database.connection().await?;
    let running = Once { status: RUNNING, ..once.clone() };
    let claim =
        claim(&mut connection, &running, lease).await.map_err(StoreError::from_diesel("lease an idempotency key"))?;
    Ok(match claim {
        Claim::Mine => Answer::Done(()),
        Claim::Replayed(saved) => Answer::Replayed(saved),
        Claim::KeyReused => Answer::KeyReused,
        Claim::InProgress => Answer::InProgress,
    })
}

/// Keeps the answer of a call that leased its key. `body` must hold no secret.
///
/// # Errors
/// [`StoreError`].
pub async fn finish(database: &Database, once: &Once, status: i16, body: Value) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    settle(&mut connection, once, status, body).await.map_err(StoreError::from_diesel("keep an answer"))
}

/// Gives back the key of a call that did nothing, so that it can be tried again.
///
/// # Errors
/// [`StoreError`].
pub async fn abandon(database: &Database, once: &Once) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    Abandon { project: once.project_id.0, key: once.key.clone() }
        .execute(&mut connection)
        .await
        .map(drop)
        .map_err(StoreError::from_diesel("give back an idempotency key"))
}

/// Deletes up to `limit` keys whose day is over; how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn expire(database: &Database, limit: i64) -> Result<usize, StoreError> {
    let mut connection = database.connection().await?;
    Expire { limit }
        .execute(&mut connection)
        .await
        .map_err(StoreError::from_diesel("delete idempotency keys that are over"))
}

async fn claim(connection: &mut AsyncPgConnection, once: &Once, keep: Duration) -> QueryResult<Claim> {
    let claimed = ClaimKey {
        project: once.project_id.0,
        key: once.key.clone(),
        fingerprint: once.fingerprint.clone(),
        status: once.status,
        keep: keep.as_secs_f64(),
    }
    .execute(connection)
    .await?;
    if claimed == 1 {
        return Ok(Claim::Mine);
    }
    let rows: Vec<(Vec<u8>, i16, Value)> =
        ReadKey { project: once.project_id.0, key: once.key.clone() }.load(connection).await?;
    Ok(match rows.into_iter().next() {
        Some((fingerprint, _, _)) if fingerprint != once.fingerprint => Claim::KeyReused,
        Some((_, RUNNING, _)) => Claim::InProgress,
        Some((_, status, body)) => Claim::Replayed(Saved { status, body }),
        // It was abandoned between the two statements.
        None => Claim::InProgress,
    })
}

async fn settle(connection: &mut AsyncPgConnection, once: &Once, status: i16, body: Value) -> QueryResult<()> {
    let keep = KEPT_FOR.as_secs_f64();
    SettleKey { project: once.project_id.0, key: once.key.clone(), status, body, keep }
        .execute(connection)
        .await
        .map(drop)
}

statement! {
    ClaimKey {
        project: Uuid as sql::Uuid,
        key: String as sql::Text,
        fingerprint: Vec<u8> as sql::Binary,
        status: i16 as sql::SmallInt,
        keep: f64 as sql::Double,
    } {
        "INSERT INTO idempotency_keys AS k (project_id, key, fingerprint, status, body, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, 'null', clock_timestamp(), clock_timestamp() + make_interval(secs => $5)) \
         ON CONFLICT (project_id, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, \
           body = EXCLUDED.body, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at \
           WHERE k.expires_at <= clock_timestamp()"
    }
}

statement! {
    ReadKey { project: Uuid as sql::Uuid, key: String as sql::Text } -> (sql::Binary, sql::SmallInt, sql::Jsonb) {
        "SELECT fingerprint, status, body FROM idempotency_keys WHERE project_id = $1 AND key = $2"
    }
}

statement! {
    SettleKey {
        project: Uuid as sql::Uuid,
        key: String as sql::Text,
        status: i16 as sql::SmallInt,
        body: Value as sql::Jsonb,
        keep: f64 as sql::Double,
    } {
        "UPDATE idempotency_keys SET status = $3, body = $4, \
           expires_at = clock_timestamp() + make_interval(secs => $5) WHERE project_id = $1 AND key = $2"
    }
}

statement! {
    Abandon { project: Uuid as sql::Uuid, key: String as sql::Text } {
        "DELETE FROM idempotency_keys WHERE project_id = $1 AND key = $2 AND status = 0"
    }
}

statement! {
    Expire { limit: i64 as sql::BigInt } {
        "DELETE FROM idempotency_keys WHERE (project_id, key) IN (\
           SELECT project_id, key FROM idempotency_keys WHERE expires_at <= clock_timestamp() \
           ORDER BY project_id, key LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)"
    }
}
