//! API keys. The key itself is never stored, only its SHA-256.

use diesel::result::Error;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::ids::{KeyId, ProjectId};
use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    audit::{self, Actor},
    idempotency::{self, Answer, Once},
    projects::Project,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time},
};

/// A key as its project's callers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// `key_...`
    pub id: KeyId,
    /// The caller's own words.
    pub name: String,
    /// The key's first characters, to recognise it by.
    pub key_head: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The only owner it may act for, if it is bound to one.
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer taken.
    pub expires_at: Option<Timestamp>,
}

type KeyRow = (Uuid, String, String, Vec<String>, Option<String>, Stamp, Option<Stamp>);

type SqlKey = (sql::Uuid, sql::Text, sql::Text, Array<sql::Text>, Nullable<sql::Text>, SqlStamp, Nullable<SqlStamp>);

impl From<KeyRow> for Key {
    fn from((id, name, key_head, scopes, external_id, created_at, expires_at): KeyRow) -> Self {
        Self {
            id: id.into(),
            name,
            key_head,
            scopes,
            external_id,
            created_at: time(created_at),
            expires_at: expires_at.map(time),
        }
    }
}

/// The key with this hash and its project, unless it was revoked or has run out.
///
/// # Errors
/// [`StoreError`].
pub async fn find(database: &Database, hash: &[u8]) -> Result<Option<(Key, Project)>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<(KeyRow, crate::projects::ProjectRow)> =
        FindKey { hash: hash.to_vec() }.load(&mut connection).await.map_err(StoreError::from_diesel("find a key"))?;
    rows.into_iter().next().map(|(key, project)| Ok((key.into(), Project::of(project)?))).transpose()
}

/// Adds a key.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(
    database: &Database,
    actor: Actor,
    key: Key,
    hash: Vec<u8>,
    once: Option<Once>,
) -> Result<Answer<Key>, StoreError> {
    let done = idempotency::once(database, once, "insert a key", move |connection| {
        async move {
            InsertKey {
                id: key.id.0,
                project: actor.project_id.0,
                name: key.name.clone(),
                hash,
                head: key.key_head.clone(),
                scopes: key.scopes.clone(),
                external_id: key.external_id.clone(),
                created_at: stamp(key.created_at),
                expires_at: stamp_opt(key.expires_at),
            }
            .execute(connection)
            .await?;
            let details = json!({"name": key.name, "scopes": key.scopes, "external_id": key.external_id});
            audit::insert(connection, &actor, "key.created", Some(key.id.0), details).await?;
            Ok(Some(key))
        }
        .boxed()
    })
    .await?;
    done.ok_or_else(|| StoreError::Corrupt("a key that was inserted is not there".to_owned()))
}

/// A project's keys that are not revoked, newest first, from the one after `after` on. `owner` narrows them to keys
/// that are bound to that owner.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    project: ProjectId,
    owner: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Key>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<KeyRow> = ListKeys { project: project.0, owner: owner.map(str::to_owned), after, limit }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list keys"))?;
    Ok(rows.into_iter().map(Key::from).collect())
}

/// Revokes a key at once. `false` when there is no such key.
///
/// # Errors
/// [`StoreError`].
pub async fn revoke(database: &Database, actor: &Actor, owner: Option<&str>, id: KeyId) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction::<_, Error, _>(async |connection| {
            let owner = owner.map(str::to_owned);
            let revoked = RevokeKey { project: actor.project_id.0, id: id.0, owner, at: stamp(actor.at) }
                .execute(connection)
                .await?;
            if revoked == 1 {
                audit::insert(connection, actor, "key.revoked", Some(id.0), json!({})).await?;
            }
            Ok(revoked == 1)
        })
        .await
        .map_err(StoreError::from_diesel("revoke a key"))
}

statement! {
    FindKey { hash: Vec<u8> as sql::Binary } -> (SqlKey, crate::projects::SqlProject) {
        "SELECT k.id, k.name, k.key_head, k.scopes, k.external_id, k.created_at, k.expires_at, \
           p.id, p.name, p.mode, p.redirect_uris, p.cors_origins, p.on_unconfirmed, p.on_auth_failure, \
           p.max_lateness_seconds, p.dialects \
         FROM api_keys k JOIN projects p ON p.id = k.project_id \
         WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"
    }
}

statement! {
    InsertKey {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        name: String as sql::Text,
        hash: Vec<u8> as sql::Binary,
        head: String as sql::Text,
        scopes: Vec<String> as Array<sql::Text>,
        external_id: Option<String> as Nullable<sql::Text>,
        created_at: Stamp as SqlStamp,
        expires_at: Option<Stamp> as Nullable<SqlStamp>,
    } {
        "INSERT INTO api_keys (id, project_id, name, key_hash, key_head, scopes, external_id, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    }
}

statement! {
    ListKeys {
        project: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        after: Option<Uuid> as Nullable<sql::Uuid>,
        limit: i64 as sql::BigInt,
    } -> SqlKey {
        "SELECT id, name, key_head, scopes, external_id, created_at, expires_at FROM api_keys \
         WHERE project_id = $1 AND revoked_at IS NULL AND ($2::text IS NULL OR external_id = $2) \
           AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
    }
}

statement! {
    RevokeKey {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } {
        "UPDATE api_keys SET revoked_at = $4 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL \
           AND ($3::text IS NULL OR external_id = $3)"
    }
}
