//! What the holder of an account's refresh lane reads and writes.
//!
//! Renewed tokens are guarded by the version they were renewed from, and not by the fence as well: at a network whose
//! refresh tokens work once they are all that is left of the grant, so a holder that lost its lane meanwhile still stores
//! them where nobody else has. To hold the account it takes both: that verdict can be had again.

use diesel::{QueryResult, result::Error as DieselError};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    account::AccountStatus,
    envelope::Subject,
    event::EventType,
    ids::{AccountId, NetworkId, ProjectId},
    job::{Kind, Queue},
    platform::Platform,
    policy::Mode,
    target::ErrorCode,
    transition::Error,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Holding, hold, list, tokens, told};
use crate::{
    Database, StoreError,
    lanes::{self, Held, Wake},
    outbox,
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time, word},
};

/// An account whose tokens may be due for renewal.
#[derive(Debug, Clone)]
pub struct Renewable {
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
    /// The app it was connected through, where it was one of the project's.
    pub social_network_id: Option<NetworkId>,
    /// Where it was one of the operator's, which.
    pub app_variant: Option<String>,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// The tokens as they are stored.
    pub sealed_tokens: Vec<u8>,
    /// Their version, which every write names.
    pub version: i64,
    /// When they were stored, by the database's clock.
    pub stored_at: Timestamp,
    /// When they run out, as the network says.
    pub expires_at: Option<Timestamp>,
    /// Whether callers have been told that they will.
    pub is_expiry_told: bool,
    /// Whether a target waits for other tokens since its network refused these.
    pub is_wanted: bool,
    /// Whether a target waits that was refused with the tokens before these.
    pub is_waiting: bool,
    /// The database's clock.
    pub now: Timestamp,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is done.
    Done,
    /// The tokens were replaced meanwhile, the account cannot be used any more, or the lane is somebody else's: nothing
    /// was changed.
    Changed,
}

/// Reads the account of a refresh lane; `None` when it is gone or has no tokens.
///
/// # Errors
/// [`StoreError`].
pub async fn find_renewable(database: &Database, held: &Held) -> Result<Option<Renewable>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<Row> = LoadRenewable { id: held.key }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("read an account's tokens"))?;
    let Some((account, tokens)) = rows.into_iter().next() else { return Ok(None) };
    let (project_id, mode, platform, network_unique_id, username, facts, social_network_id, app_variant, status) =
        account;
    let (sealed_tokens, version, stored_at, expires_at, is_expiry_told, is_wanted, is_waiting, now) = tokens;
    Ok(Some(Renewable {
        id: AccountId(held.key),
        project_id: ProjectId(project_id),
        mode: word(&mode)?,
        platform: word(&platform)?,
        network_unique_id,
        username,
        facts,
        social_network_id: social_network_id.map(NetworkId),
        app_variant,
        status: word(&status)?,
        sealed_tokens,
        version,
        stored_at: time(stored_at),
        expires_at: expires_at.map(time),
        is_expiry_told,
        is_wanted,
        is_waiting,
        now: time(now),
    }))
}

/// Stores renewed tokens, and lets the targets that waited for them go at once.
///
/// # Errors
/// [`StoreError`]; the tokens may or may not be stored when a commit's outcome is unknown, and storing them again is
/// [`Written::Changed`] then.
pub async fn replace_tokens(
    database: &Database,
    held: &Held,
    of: &Renewable,
    sealed: &[u8],
    expires_at: Option<Timestamp>,
) -> Result<Written, StoreError> {
    let mut connection = database.connection().await?;
    let written = connection
        .transaction(async |connection| {
            if lock(connection, of).await? != Some(AccountStatus::Active)
                || !tokens::replace(connection, of.id.0, of.version, sealed.to_vec()).await?
            {
                return Ok(Written::Changed);
            }
            SetExpiry { id: of.id.0, expires_at: stamp_opt(expires_at) }.execute(connection).await?;
            let now = wake(connection, held, of, None).await?;
            MoveWaiting { account: of.id.0, at: stamp(now) }.execute(connection).await?;
            Ok(Written::Done)
        })
        .await
        .map_err(StoreError::from_diesel("store renewed tokens"))?;
    database.doorbell().ring();
    Ok(written)
}

/// Lets the targets that wait for other tokens go at once: there are other tokens by now.
///
/// # Errors
/// [`StoreError`].
pub async fn release_waiting(database: &Database, held: &Held, of: &Renewable) -> Result<(), StoreError> {
    move_waiting(database, held, of, None).await?;
    database.doorbell().ring();
    Ok(())
}

/// Keeps the targets that wait for other tokens until then: sent with the ones there are, they would be refused again,
/// and for good.
///
/// # Errors
/// [`StoreError`].
pub async fn defer_waiting(
    database: &Database,
    held: &Held,
    of: &Renewable,
    until: Timestamp,
) -> Result<(), StoreError> {
    move_waiting(database, held, of, Some(until)).await
}

/// Marks an account whose grant its network does not renew any more, and tells of it. The targets that waited for other
/// tokens are held or fail now, not when the wait they were given is over.
///
/// # Errors
/// [`StoreError`].
pub async fn hold_account(
    database: &Database,
    held: &Held,
    of: &Renewable,
    error: &Error,
) -> Result<Written, StoreError> {
    let mut connection = database.connection().await?;
    let written = connection
        .transaction(async |connection| {
            lock(connection, of).await?;
            // Before the refresh lane: lanes are locked in the order of their kinds.
            let now = wake(connection, held, of, None).await?;
            let is_mine: Vec<(i64,)> =
                LockLane { kind: held.kind.number(), key: held.key, fence: held.fence }.load(connection).await?;
            if is_mine.is_empty() || !tokens::are(connection, of.id.0, of.version).await? {
                return Ok(Written::Changed);
            }
            let Holding::Held(account) = hold(connection, of.id.0, of.version, error).await? else {
                return Ok(Written::Changed);
            };
            let kind = match error.code {
                ErrorCode::TokenExpired => EventType::AccountTokenExpired,
                _ => EventType::AccountReauthRequired,
            };
            let (subject, trace) = (Subject::Account(&account.account), held.trace.clone());
            let event = told::about(of.project_id, kind, &account.account, subject, account.seq, of.now, trace.clone());
            let listeners = outbox::wake_listeners(connection, vec![account.project_id], &[kind], trace).await?;
            MoveWaiting { account: of.id.0, at: stamp(now) }.execute(connection).await?;
            outbox::record(connection, &[event], &listeners).await?;
            Ok(Written::Done)
        })
        .await
        .map_err(StoreError::from_diesel("hold an account"))?;
    database.doorbell().ring();
    Ok(written)
}

/// Tells that an account's tokens run out soon and that nothing renews them, once for each token.
///
/// # Errors
/// [`StoreError`].
pub async fn tell_expiring(database: &Database, held: &Held, of: &Renewable) -> Result<Written, StoreError> {
    let mut connection = database.connection().await?;
    let written = connection
        .transaction(async |connection| {
            if lock(connection, of).await? != Some(AccountStatus::Active)
                || !tokens::tell_expiry(connection, of.id.0, of.version).await?
            {
                return Ok(Written::Changed);
            }
            let (seq,): (i64,) = NextEvent { id: of.id.0 }.get_result(connection).await?;
            let known = list::load(connection, of.project_id, vec![of.id.0]).await?.pop();
            let account = known.map(|known| known.account).ok_or(DieselError::NotFound)?;
            let (kind, trace) = (EventType::AccountTokenExpiring, held.trace.clone());
            let listeners = outbox::wake_listeners(connection, vec![of.project_id.0], &[kind], trace.clone()).await?;
            let event = told::about(of.project_id, kind, &account, Subject::Account(&account), seq, of.now, trace);
            outbox::record(connection, &[event], &listeners).await?;
            Ok(Written::Done)
        })
        .await
        .map_err(StoreError::from_diesel("tell of expiring tokens"))?;
    database.doorbell().ring();
    Ok(written)
}

async fn move_waiting(
    database: &Database,
    held: &Held,
    of: &Renewable,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let at = wake(connection, held, of, until).await?;
            MoveWaiting { account: of.id.0, at: stamp(at) }.execute(connection).await.map(drop)
        })
        .await
        .map_err(StoreError::from_diesel("move the targets that wait for tokens"))
}

/// Locks the account and says how it is now; `None` when it is gone.
async fn lock(connection: &mut AsyncPgConnection, of: &Renewable) -> QueryResult<Option<AccountStatus>> {
    let rows: Vec<(String,)> = LockStatus { id: of.id.0 }.load(connection).await?;
    rows.into_iter()
        .next()
        .map(|(status,)| word(&status))
        .transpose()
        .map_err(|error| DieselError::DeserializationError(Box::new(error)))
}

/// Wakes the account's publish lane, `None` for now, which locks it: whoever moves targets has to. Returns the time.
async fn wake(
    connection: &mut AsyncPgConnection,
    held: &Held,
    of: &Renewable,
    at: Option<Timestamp>,
) -> QueryResult<Timestamp> {
    let (now,): (Stamp,) = Now {}.get_result(connection).await?;
    let at = at.unwrap_or(time(now));
    let wake = Wake {
        kind: Kind::Publish,
        key: of.id.0,
        project_id: of.project_id.0,
        queue: Queue::Publish(of.platform),
        at,
        items: 0,
        trace: held.trace.clone(),
    };
    lanes::wake(connection, &[wake]).await?;
    Ok(at)
}

/// A part that its network took and has not finished is asked for, whenever it was sent.
macro_rules! is_followed {
    () => {
        "EXISTS (SELECT 1 FROM target_parts r WHERE r.target_id = t.id AND r.status = 'processing')"
    };
}

/// A target waits for tokens when its network refused those it was tried or asked for with and it has been promised
/// others.
macro_rules! waits {
    () => {
        concat!(
            "q.op = 'publish' AND t.id = q.subject_id AND t.refreshed \
               AND t.error_code IN ('token_expired', 'token_revoked') \
               AND (t.state = 'queued' OR t.state = 'publishing' AND ",
            is_followed!(),
            ")"
        )
    };
}

type Row = (
    (Uuid, String, String, String, String, Value, Option<Uuid>, Option<String>, String),
    (Vec<u8>, i64, Stamp, Option<Stamp>, bool, bool, bool, Stamp),
);

statement! {
    LoadRenewable { id: Uuid as sql::Uuid } -> (
        (
            sql::Uuid, sql::Text, sql::Text, sql::Text, sql::Text, sql::Jsonb, Nullable<sql::Uuid>,
            Nullable<sql::Text>, sql::Text
        ),
        (sql::Bytea, sql::BigInt, SqlStamp, Nullable<SqlStamp>, sql::Bool, sql::Bool, sql::Bool, SqlStamp)
    ) {
        concat!("SELECT a.project_id, p.mode, a.platform, a.network_unique_id, a.username, a.facts, \
           a.social_network_id, a.app_variant, a.status, \
           k.sealed, k.version, k.updated_at, a.token_expires_at, k.is_expiry_told, \
           EXISTS (SELECT 1 FROM publish_queue q, post_targets t WHERE q.account_id = a.id AND ", waits!(), " \
             AND t.updated_at > k.updated_at AND (", is_followed!(), " OR NOT EXISTS (SELECT 1 FROM target_parts r \
               WHERE r.target_id = t.id AND r.attempt = t.attempt AND r.sent_at <= k.updated_at))), \
           EXISTS (SELECT 1 FROM publish_queue q, post_targets t WHERE q.account_id = a.id AND ", waits!(), " \
             AND t.updated_at > k.updated_at), clock_timestamp() \
         FROM social_accounts a JOIN projects p ON p.id = a.project_id JOIN account_tokens k ON k.account_id = a.id \
         WHERE a.id = $1")
    }
}

statement! {
    LockStatus { id: Uuid as sql::Uuid } -> (sql::Text,) {
        "SELECT status FROM social_accounts WHERE id = $1 FOR NO KEY UPDATE"
    }
}

statement! {
    NextEvent { id: Uuid as sql::Uuid } -> (sql::BigInt,) {
        "UPDATE social_accounts SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq"
    }
}

statement! {
    LockLane { kind: i16 as sql::SmallInt, key: Uuid as sql::Uuid, fence: i64 as sql::BigInt } -> (sql::BigInt,) {
        "SELECT fence FROM jobs WHERE kind = $1 AND key = $2 AND fence = $3 FOR NO KEY UPDATE"
    }
}

statement! {
    SetExpiry { id: Uuid as sql::Uuid, expires_at: Option<Stamp> as Nullable<SqlStamp> } {
        "UPDATE social_accounts SET token_expires_at = $2, updated_at = greatest(clock_timestamp(), updated_at) \
         WHERE id = $1"
    }
}

statement! {
    Now {} -> (SqlStamp,) { "SELECT clock_timestamp()" }
}

statement! {
    /// In the order they were due at first where that is `at` or before, and never past their expiry, so that it always
    /// has a wake-up. The targets are locked before their items.
    MoveWaiting { account: Uuid as sql::Uuid, at: Stamp as SqlStamp } {
        concat!("WITH moved AS (\
           UPDATE post_targets t SET next_at = least($2, t.expire_at) FROM publish_queue q \
           WHERE q.account_id = $1 AND ", waits!(), " RETURNING t.id) \
         UPDATE publish_queue q SET due_at = CASE WHEN $2 <= clock_timestamp() THEN least(q.first_due_at, $2) \
           ELSE least($2, q.expire_at) END FROM moved WHERE q.op = 'publish' AND q.subject_id = moved.id")
    }
}
