//! Changing an account by its caller's word: its name, its owner while it has none, and its end.

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    account::Account,
    event::EventType,
    ids::AccountId,
    job::{Kind, Queue},
    target::ErrorCode,
};
use serde_json::json;
use uuid::Uuid;

use super::{event, list};
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    lanes::{self, Wake},
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, stamp},
};

/// What of an account is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The name people see; `Some(None)` takes it away.
    pub display_name: Option<Option<String>>,
    /// The owner, taken only while there is none.
    pub external_id: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountChanged {
    /// The account as it is now.
    Done(Box<Account>),
    /// It is not there.
    NotFound,
    /// It has another owner, and keeps it.
    Owned,
}

/// Renames an account, or names the owner of one that has none.
///
/// # Errors
/// [`StoreError`].
pub async fn update(
    database: &Database,
    actor: Actor,
    id: AccountId,
    change: AccountChange,
    trace: Option<String>,
) -> Result<AccountChanged, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let rows: Vec<(Option<String>,)> =
                LockAccount { project: actor.project_id.0, id: id.0 }.load(connection).await?;
            let Some((owner,)) = rows.into_iter().next() else { return Ok(AccountChanged::NotFound) };
            let adopted = match (&owner, &change.external_id) {
                (Some(owner), Some(wanted)) if owner != wanted => return Ok(AccountChanged::Owned),
                (None, Some(_)) => true,
                _ => false,
            };
            UpdateAccount {
                id: id.0,
                renamed: change.display_name.is_some(),
                display_name: change.display_name.clone().flatten(),
                external_id: change.external_id.clone(),
                at: stamp(actor.at),
            }
            .execute(connection)
            .await?;
            let action = if adopted { "account.adopted" } else { "account.updated" };
            let details = json!({"display_name": change.display_name, "external_id": change.external_id});
            let account = tell(connection, &actor, id, EventType::AccountUpdated, trace).await?;
            audit::insert(connection, &actor, action, Some(id.0), details).await?;
            Ok(AccountChanged::Done(Box::new(account)))
        })
        .await
        .inspect(|_| database.doorbell().ring())
        .map_err(StoreError::from_diesel("change an account"))
}

/// Disconnects an account: its tokens are destroyed here and now, its history stays. Its lane is woken, and what waits
/// to be sent fails there as it comes up. An account that is disconnected already is left as it is. `None` when it is
/// not there.
///
/// # Errors
/// [`StoreError`].
pub async fn disconnect(
    database: &Database,
    actor: Actor,
    id: AccountId,
    trace: Option<String>,
) -> Result<Option<Account>, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let locked: Vec<(Option<String>,)> =
                LockAccount { project: actor.project_id.0, id: id.0 }.load(connection).await?;
            if locked.is_empty() {
                return Ok(None);
            }
            if !end(connection, &actor, id).await? {
                return list::load(connection, actor.project_id, vec![id.0])
                    .await
                    .map(|mut known| known.pop().map(|known| known.account));
            }
            let account = follow(connection, &actor, id, trace).await?;
            audit::insert(connection, &actor, "account.disconnected", Some(id.0), json!({})).await?;
            Ok(Some(account))
        })
        .await
        .inspect(|_| database.doorbell().ring())
        .map_err(StoreError::from_diesel("disconnect an account"))
}

/// Disconnects an account and forgets the profile, so that it may be connected anew for anybody. Where posts were made
/// for it a row without any of the profile's data stays behind, because they do. `false` when it is not there.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(
    database: &Database,
    actor: Actor,
    id: AccountId,
    trace: Option<String>,
) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let locked: Vec<(Option<String>,)> =
                LockAccount { project: actor.project_id.0, id: id.0 }.load(connection).await?;
            if locked.is_empty() {
                return Ok(false);
            }
            if end(connection, &actor, id).await? {
                // Told while there still is something to tell.
                follow(connection, &actor, id, trace).await?;
            }
            let gone = DeleteUnused { id: id.0 }.execute(connection).await?;
            if gone == 0 {
                ForgetProfile { id: id.0, at: stamp(actor.at) }.execute(connection).await?;
            }
            audit::insert(connection, &actor, "account.purged", Some(id.0), json!({})).await?;
            Ok(true)
        })
        .await
        .inspect(|_| database.doorbell().ring())
        .map_err(StoreError::from_diesel("purge an account"))
}

/// `false` when it had been disconnected before.
async fn end(connection: &mut AsyncPgConnection, actor: &Actor, id: AccountId) -> QueryResult<bool> {
    let ended = Disconnect { id: id.0, code: ErrorCode::AccountNotFound.word(), at: stamp(actor.at) }
        .execute(connection)
        .await?;
    DestroyTokens { id: id.0 }.execute(connection).await?;
    Ok(ended == 1)
}

/// What follows from a disconnect: the account's lane is looked at now, and what it held until a reconnect with it.
async fn follow(
    connection: &mut AsyncPgConnection,
    actor: &Actor,
    id: AccountId,
    trace: Option<String>,
) -> QueryResult<Account> {
    let known = list::load(connection, actor.project_id, vec![id.0]).await?.pop();
    let platform = known.map(|known| known.account.platform).ok_or(diesel::result::Error::NotFound)?;
    let wake = Wake {
        kind: Kind::Publish,
        key: id.0,
        project_id: actor.project_id.0,
        queue: Queue::Publish(platform),
        at: actor.at,
        items: 0,
        trace: trace.clone(),
    };
    lanes::wake(connection, &[wake]).await?;
    let account = tell(connection, actor, id, EventType::AccountDisconnected, trace).await?;
    // Queues come after lanes, those of the listening endpoints included.
    BringForward { id: id.0, at: stamp(actor.at) }.execute(connection).await?;
    Ok(account)
}

/// Tells of an account as it is now; call it after whatever else locks lanes.
pub(super) async fn tell(
    connection: &mut AsyncPgConnection,
    actor: &Actor,
    id: AccountId,
    kind: EventType,
    trace: Option<String>,
) -> QueryResult<Account> {
    let (seq,): (i64,) = NextEvent { id: id.0 }.get_result(connection).await?;
    let known = list::load(connection, actor.project_id, vec![id.0]).await?.pop();
    let account = known.map(|known| known.account).ok_or(diesel::result::Error::NotFound)?;
    event::record(connection, actor.project_id, kind, &account, seq, trace).await?;
    Ok(account)
}

statement! {
    LockAccount { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (Nullable<sql::Text>,) {
        "SELECT external_id FROM social_accounts WHERE project_id = $1 AND id = $2 \
           AND network_unique_id NOT LIKE 'purged:%' FOR NO KEY UPDATE"
    }
}

statement! {
    UpdateAccount {
        id: Uuid as sql::Uuid,
        renamed: bool as sql::Bool,
        display_name: Option<String> as Nullable<sql::Text>,
        external_id: Option<String> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } {
        "UPDATE social_accounts SET display_name = CASE WHEN $2 THEN $3 ELSE display_name END, \
           external_id = coalesce(external_id, $4), \
           updated_at = greatest($5, updated_at) WHERE id = $1"
    }
}

statement! {
    Disconnect { id: Uuid as sql::Uuid, code: &'static str as sql::Text, at: Stamp as SqlStamp } {
        "UPDATE social_accounts SET status = 'disconnected', error_code = $2, \
           error_message = 'The account was disconnected', token_expires_at = NULL, \
           updated_at = greatest($3, updated_at) \
         WHERE id = $1 AND status <> 'disconnected'"
    }
}

statement! {
    DestroyTokens { id: Uuid as sql::Uuid } {
        "DELETE FROM account_tokens WHERE account_id = $1"
    }
}

statement! {
    NextEvent { id: Uuid as sql::Uuid } -> (sql::BigInt,) {
        "UPDATE social_accounts SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq"
    }
}

statement! {
    BringForward { id: Uuid as sql::Uuid, at: Stamp as SqlStamp } {
        "UPDATE publish_queue q SET due_at = least(q.due_at, $2) FROM post_targets t \
         WHERE q.account_id = $1 AND q.op = 'publish' AND t.id = q.subject_id \
           AND (t.state = 'needs_reconnect' OR t.state = 'publishing' AND EXISTS (\
             SELECT 1 FROM target_parts r WHERE r.target_id = t.id AND r.status = 'processing'))"
    }
}

statement! {
    DeleteUnused { id: Uuid as sql::Uuid } {
        "DELETE FROM social_accounts a WHERE a.id = $1 \
           AND NOT EXISTS (SELECT 1 FROM post_targets t WHERE t.account_id = a.id)"
    }
}

statement! {
    ForgetProfile { id: Uuid as sql::Uuid, at: Stamp as SqlStamp } {
        "UPDATE social_accounts SET network_unique_id = 'purged:' || id, realm = '', username = '', \
           display_name = NULL, profile_image_url = NULL, profile_url = NULL, external_id = NULL, scopes = '{}', \
           facts = 'null', last_synced_at = NULL, updated_at = greatest($2, updated_at) WHERE id = $1"
    }
}
