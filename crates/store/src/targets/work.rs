//! Reading what a lane's holder has to do.

use std::{collections::HashMap, time::Duration};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    account::AccountStatus,
    ids::{AccountId, ContainerId, PostId, ProjectId, TargetId},
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
    post::{MediaRef, Role},
    transition::{Error, Target},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::stored::{Stored, corrupt, joined, target_json};
use crate::{
    Database, StoreError,
    budgets::{Throttle, app_subject, throttle_of},
    identity::LastHold,
    lanes::{Held, LOOK_AHEAD},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time, word},
    writer::Batch,
};

/// Items read at once; the rest waits in the queue and in the mailbox.
const ITEMS: i32 = 16;
/// Items due later than this are not read yet: lanes are given back before.
const NEAR: Duration = LOOK_AHEAD.saturating_mul(2);

/// A lane with its account and its next items.
#[derive(Debug, Clone)]
pub struct LaneWork {
    /// The hold that every write names.
    pub held: Held,
    /// The account.
    pub account: AccountWork,
    /// In the order they are due.
    pub items: Vec<Work>,
    /// When the first item that was not read is due.
    pub more_at: Option<Timestamp>,
}

/// The account a lane belongs to.
#[derive(Debug, Clone)]
pub struct AccountWork {
    /// `acc_...`
    pub id: AccountId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The network.
    pub platform: Platform,
    /// The instance's host where ids are only unique per instance, else empty.
    pub realm: String,
    /// The network's id of the profile.
    pub network_unique_id: String,
    /// The handle.
    pub username: String,
    /// What was learned on connecting.
    pub facts: Value,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Why it cannot.
    pub error: Option<Error>,
    /// The tokens as they are stored; none once disconnected.
    pub sealed_tokens: Option<Vec<u8>>,
    /// Their version; 0 for none.
    pub token_version: i64,
    /// The tenant's half.
    pub mode: Mode,
    /// The tenant's choice.
    pub on_unconfirmed: OnUnconfirmed,
    /// The tenant's choice.
    pub on_auth_failure: OnAuthFailure,
    /// The key of the OAuth app it is connected through, as far as it is known.
    pub app: Uuid,
    /// Whether accounts of other projects may be connected through that app.
    pub app_is_shared: bool,
    /// What it has to wait for before anything is sent.
    pub throttle: Option<Throttle>,
    /// The last time publishing was held, if ever.
    pub last_hold: Option<LastHold>,
}

/// One target with all that is needed to go on with it.
#[derive(Debug, Clone)]
pub struct Work {
    /// `tgt_...`
    pub target_id: TargetId,
    /// `post_...`
    pub post_id: PostId,
    /// Bumped by every edit and cancel.
    pub rev: i32,
    /// When something is to be done.
    pub due_at: Timestamp,
    /// When it was due for the first time.
    pub first_due_at: Timestamp,
    /// Its place among items due at the same time.
    pub seq: i64,
    /// Where it stands.
    pub state: Target,
    /// What its parts say, as many as `state.parts`.
    pub parts: Vec<PartWork>,
    /// The network's options.
    pub options: Value,
    /// What was done already.
    pub checkpoints: Vec<Checkpoint>,
    /// W3C `traceparent` of the call that made it.
    pub trace: Option<String>,
}

/// What one part says.
#[derive(Debug, Clone, Deserialize)]
pub struct PartWork {
    /// The container.
    pub container_id: ContainerId,
    /// Main, first comment or thread.
    pub role: Role,
    /// Text.
    pub content: String,
    /// Files.
    pub media: Vec<MediaRef>,
    /// When its last intent was committed.
    pub sent_at: Option<Timestamp>,
    /// What that intent would send.
    pub composed: Option<Value>,
}

/// A repeatable step that was done.
#[derive(Debug, Clone, Deserialize)]
pub struct Checkpoint {
    /// The part.
    pub position: i16,
    /// Its name, `media:0`.
    pub step: String,
    /// The revision it was done for.
    pub rev: i32,
    /// What came of it.
    pub value: Value,
    /// When.
    pub created_at: Timestamp,
}

pub(crate) struct Load;

impl Batch for Load {
    type Request = Vec<Held>;
    type Answer = Vec<LaneWork>;
    const ATTEMPT: &'static str = "read a lane's work";

    fn rows(request: &Vec<Held>) -> usize {
        // What is read weighs like what is written: items of a batch are in memory together.
        request.len() * usize::try_from(ITEMS).unwrap_or(1)
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Vec<Held>],
        _seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Vec<LaneWork>>>> {
        async move {
            let keys: Vec<Uuid> = requests.iter().flatten().map(|held| held.key).collect();
            let mut accounts = load_accounts(connection, keys.clone()).await?;
            let mut items = load_items(connection, keys).await?;
            let mut lane = |held: &Held| {
                let account = accounts.remove(&held.key)?;
                let Items { near, more_at } = items.remove(&held.key).unwrap_or_default();
                Some(LaneWork { held: held.clone(), account, items: near, more_at })
            };
            Ok(requests.iter().map(|request| request.iter().filter_map(&mut lane).collect()).collect())
        }
        .boxed()
    }
}

statement! {
    LoadAccounts { ids: Vec<Uuid> as Array<sql::Uuid> } -> (
        (sql::Uuid, sql::Uuid, sql::Text, sql::Text, sql::Text, sql::Text, sql::Jsonb),
        (sql::Text, Nullable<sql::Text>, Nullable<sql::Text>, Nullable<sql::Bytea>, sql::BigInt, sql::Text, sql::Text, sql::Text),
        (sql::Uuid, sql::Bool, Nullable<sql::Text>, Nullable<SqlStamp>, Nullable<sql::Text>),
        (Nullable<SqlStamp>, Nullable<SqlStamp>, Nullable<sql::Text>)
    ) {
        concat!("SELECT a.id, a.project_id, a.platform, a.realm, a.network_unique_id, a.username, a.facts, \
           a.status, a.error_code, a.error_message, k.sealed, coalesce(k.version, 0), p.mode, p.on_unconfirmed, p.on_auth_failure, \
           app.id, a.social_network_id IS NULL AND a.facts ->> 'app' IS NOT NULL, w.scope, w.until, w.because, \
           i.held_at, i.released_at, i.held_because \
         FROM social_accounts a JOIN projects p ON p.id = a.project_id LEFT JOIN instance_identity i ON i.one \
         LEFT JOIN account_tokens k ON k.account_id = a.id CROSS JOIN LATERAL (SELECT ", app_subject!(), " AS id) AS app ",
         throttle_of!(), " WHERE a.id = ANY($1)")
    }
}

type AccountRow = (
    (Uuid, Uuid, String, String, String, String, Value),
    (String, Option<String>, Option<String>, Option<Vec<u8>>, i64, String, String, String),
    (Uuid, bool, Option<String>, Option<Stamp>, Option<String>),
    (Option<Stamp>, Option<Stamp>, Option<String>),
);

async fn load_accounts(connection: &mut AsyncPgConnection, ids: Vec<Uuid>) -> QueryResult<HashMap<Uuid, AccountWork>> {
    let rows: Vec<AccountRow> = LoadAccounts { ids }.load(connection).await?;
    rows.into_iter().map(|row| Ok((row.0.0, account(row).map_err(corrupt)?))).collect()
}

fn account(row: AccountRow) -> Result<AccountWork, StoreError> {
    let ((id, project_id, platform, realm, network_unique_id, username, facts), rest, budgets, hold) = row;
    let (app, app_is_shared, scope, until, because) = budgets;
    let (held_at, released_at, held_because) = hold;
    let (status, code, message, sealed_tokens, token_version, mode, on_unconfirmed, on_auth_failure) = rest;
    Ok(AccountWork {
        id: AccountId(id),
        project_id: ProjectId(project_id),
        platform: word(&platform)?,
        realm,
        network_unique_id,
        username,
        facts,
        status: word(&status)?,
        error: error(code.as_deref(), message)?,
        sealed_tokens,
        token_version,
        mode: word(&mode)?,
        on_unconfirmed: word(&on_unconfirmed)?,
        on_auth_failure: word(&on_auth_failure)?,
        app,
        app_is_shared,
        throttle: throttle(scope, until, because)?,
        last_hold: held_at.map(|from| LastHold {
            from: time(from),
            until: released_at.map(time),
            because: held_because.unwrap_or_default(),
        }),
    })
}

fn throttle(
    scope: Option<String>,
    until: Option<Stamp>,
    because: Option<String>,
) -> Result<Option<Throttle>, StoreError> {
    let (Some(scope), Some(until)) = (scope, until) else { return Ok(None) };
    Ok(Some(Throttle { until: time(until), scope: word(&scope)?, because: because.unwrap_or_default() }))
}

statement! {
    /// Of those that are due soon one more than is handed out, and of the others when the first is due: reading what a
    /// holder will not get to costs as much as sending.
    LoadItems { accounts: Vec<Uuid> as Array<sql::Uuid>, limit: i32 as sql::Integer, ahead: f64 as sql::Double }
        -> (sql::Uuid, SqlStamp, SqlStamp, sql::BigInt, Nullable<sql::Text>) {
        concat!("WITH near AS MATERIALIZED (SELECT statement_timestamp() + make_interval(secs => $3) AS until) \
         SELECT q.account_id, q.due_at, q.first_due_at, q.seq, CASE WHEN q.due_at <= near.until THEN ", target_json!(), " END \
         FROM near CROSS JOIN unnest($1) AS lane(account) CROSS JOIN LATERAL (\
             (SELECT * FROM publish_queue WHERE account_id = lane.account AND due_at <= near.until \
               ORDER BY account_id, due_at, seq LIMIT $2) \
             UNION ALL \
             (SELECT * FROM publish_queue WHERE account_id = lane.account AND due_at > near.until \
               ORDER BY account_id, due_at, seq LIMIT 1)) q \
         JOIN post_targets t ON t.id = q.subject_id JOIN posts p ON p.id = t.post_id \
         ORDER BY q.account_id, q.due_at, q.seq")
    }
}

/// What is due soon of a lane, and when the first that is not read is due.
#[derive(Default)]
struct Items {
    near: Vec<Work>,
    more_at: Option<Timestamp>,
}

async fn load_items(connection: &mut AsyncPgConnection, accounts: Vec<Uuid>) -> QueryResult<HashMap<Uuid, Items>> {
    let rows: Vec<(Uuid, Stamp, Stamp, i64, Option<String>)> =
        LoadItems { accounts, limit: ITEMS + 1, ahead: NEAR.as_secs_f64() }.load(connection).await?;
    let most = usize::try_from(ITEMS).unwrap_or_default();
    let mut lanes: HashMap<Uuid, Items> = HashMap::new();
    for (account, due_at, first_due_at, seq, json) in rows {
        let items = lanes.entry(account).or_default();
        match json {
            Some(json) if items.near.len() < most => {
                let stored: Stored = serde_json::from_str(&json).map_err(corrupt)?;
                items.near.push(stored.work(time(due_at), time(first_due_at), seq));
            }
            _ => items.more_at = items.more_at.or(Some(time(due_at))),
        }
    }
    Ok(lanes)
}

fn error(code: Option<&str>, message: Option<String>) -> Result<Option<Error>, StoreError> {
    Ok(joined(code.map(word).transpose()?, message))
}

statement! {
    OpenByPlatform {} -> (sql::Text, sql::BigInt) {
        "SELECT t.platform, count(*) FROM publish_queue q JOIN post_targets t ON t.id = q.subject_id GROUP BY t.platform"
    }
}

pub(super) async fn open_by_platform(database: &Database) -> Result<Vec<(String, i64)>, StoreError> {
    let mut connection = database.connection().await?;
    OpenByPlatform {}.load(&mut connection).await.map_err(StoreError::from_diesel("count open targets"))
}

statement! {
    Now {} -> (SqlStamp,) { "SELECT clock_timestamp()" }
}

pub(super) async fn now(database: &Database) -> Result<Timestamp, StoreError> {
    let mut connection = database.connection().await?;
    let (now,): (Stamp,) =
        Now {}.get_result(&mut connection).await.map_err(StoreError::from_diesel("read the database's clock"))?;
    Ok(time(now))
}
