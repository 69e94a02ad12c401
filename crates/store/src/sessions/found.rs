//! What became of an attempt after the browser came back: profiles were found, or not.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::ids::AccountId;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Database, StoreError,
    audit::{self, Actor},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt, time},
};

/// Most profiles of one attempt; what a network names beyond is left out.
pub const MOST_CHOICES: usize = 1_000;

/// A profile that may be connected.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The account it becomes: what [`crate::accounts::find_profile`] said, or a new one.
    pub account_id: AccountId,
    /// See [`crate::accounts::NewAccount`], as all that follow.
    pub realm: String,
    /// The network's id; unique among the choices of an attempt.
    pub network_unique_id: String,
    /// The handle.
    pub username: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// The picture.
    pub profile_image_url: Option<String>,
    /// The profile's page.
    pub profile_url: Option<String>,
    /// `person`, `page`, ...
    pub account_type: String,
    /// What the token may do.
    pub scopes: Vec<String>,
    /// What the network said of it that is no secret.
    pub facts: Value,
    /// When the token runs out.
    pub token_expires_at: Option<Timestamp>,
    /// When the token is to be renewed, where it can be.
    pub refresh_at: Option<Timestamp>,
    /// Sealed to `account_tokens.sealed`, row `account_id`.
    pub sealed_tokens: Vec<u8>,
}

/// Keeps what an attempt found for an hour: when that is over. A profile that is named twice is kept once. `None` when
/// the attempt is not being exchanged any more.
///
/// # Errors
/// [`StoreError`].
pub async fn found(
    database: &Database,
    session: Uuid,
    session_hash: &[u8],
    choices: &[Choice],
) -> Result<Option<Timestamp>, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let rows: Vec<(Uuid, Stamp)> =
                Found { id: session, session_hash: session_hash.to_vec() }.load(connection).await?;
            let Some((project, expires_at)) = rows.into_iter().next() else { return Ok(None) };
            let mut seen = HashSet::new();
            let distinct = choices.iter().filter(|choice| seen.insert(choice.network_unique_id.as_str()));
            for (position, choice) in (0i16..).zip(distinct.take(MOST_CHOICES)) {
                insert(connection, (session, project), position, choice.clone()).await?;
            }
            Ok(Some(time(expires_at)))
        })
        .await
        .map_err(StoreError::from_diesel("keep what may be connected"))
}

async fn insert(
    connection: &mut AsyncPgConnection,
    (session, project): (Uuid, Uuid),
    position: i16,
    choice: Choice,
) -> QueryResult<()> {
    InsertChoice {
        session,
        position,
        project,
        account: choice.account_id.0,
        realm: choice.realm,
        network_unique_id: choice.network_unique_id,
        username: choice.username,
        display_name: choice.display_name,
        image: choice.profile_image_url,
        page: choice.profile_url,
        account_type: choice.account_type,
        scopes: choice.scopes,
        facts: choice.facts,
        expires_at: stamp_opt(choice.token_expires_at),
        refresh_at: stamp_opt(choice.refresh_at),
        sealed: choice.sealed_tokens,
    }
    .execute(connection)
    .await
    .map(drop)
}

/// Ends an attempt that connects nothing: what it kept and found is destroyed. `code` is the word that the browser takes
/// back. `false` when it had ended before.
///
/// # Errors
/// [`StoreError`].
pub async fn fail(database: &Database, actor: &Actor, session: Uuid, code: &str) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let rows: Vec<(String, Option<String>)> =
                Fail { project: actor.project_id.0, id: session }.load(connection).await?;
            let Some((platform, external_id)) = rows.into_iter().next() else { return Ok(false) };
            Destroy { session }.execute(connection).await?;
            let details = json!({"code": code, "platform": platform, "external_id": external_id});
            audit::insert(connection, actor, "connect.failed", Some(session), details).await?;
            Ok(true)
        })
        .await
        .map_err(StoreError::from_diesel("end an attempt to connect"))
}

statement! {
    Found { id: Uuid as sql::Uuid, session_hash: Vec<u8> as sql::Bytea } -> (sql::Uuid, SqlStamp) {
        "UPDATE connect_sessions SET status = 'pending', session_hash = $2, sealed = NULL, \
           expires_at = clock_timestamp() + interval '1 hour' \
         WHERE id = $1 AND status = 'exchanging' RETURNING project_id, expires_at"
    }
}

statement! {
    InsertChoice {
        session: Uuid as sql::Uuid,
        position: i16 as sql::SmallInt,
        project: Uuid as sql::Uuid,
        account: Uuid as sql::Uuid,
        realm: String as sql::Text,
        network_unique_id: String as sql::Text,
        username: String as sql::Text,
        display_name: Option<String> as Nullable<sql::Text>,
        image: Option<String> as Nullable<sql::Text>,
        page: Option<String> as Nullable<sql::Text>,
        account_type: String as sql::Text,
        scopes: Vec<String> as Array<sql::Text>,
        facts: Value as sql::Jsonb,
        expires_at: Option<Stamp> as Nullable<SqlStamp>,
        refresh_at: Option<Stamp> as Nullable<SqlStamp>,
        sealed: Vec<u8> as sql::Bytea,
    } {
        "INSERT INTO pending_accounts (session_id, position, project_id, account_id, realm, network_unique_id, \
           username, display_name, profile_image_url, profile_url, account_type, scopes, facts, token_expires_at, \
           refresh_at, sealed_tokens) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    }
}

statement! {
    Fail { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (sql::Text, Nullable<sql::Text>) {
        "UPDATE connect_sessions SET status = 'failed', state_hash = NULL, sealed = NULL \
         WHERE project_id = $1 AND id = $2 AND status IN ('begun', 'exchanging', 'pending') \
         RETURNING platform, external_id"
    }
}

statement! {
    Destroy { session: Uuid as sql::Uuid } {
        "DELETE FROM pending_accounts WHERE session_id = $1"
    }
}
