//! Bringing, changing and taking away apps.

use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::{ids::NetworkId, platform::Platform};
use futures::FutureExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AppRow, SocialNetwork, SqlApp, app, columns};
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    error::is_contention,
    idempotency::{self, Answer, Once},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp},
};

/// Tries while other transactions are in the way.
const TRIES: usize = 4;

/// An app that a caller brings.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNetwork {
    /// What [`super::find_app`] said, or a new one: the secret is sealed to it.
    pub id: NetworkId,
    /// See [`SocialNetwork`], as all that follow.
    pub platform: Platform,
    /// See [`SocialNetwork`].
    pub variant: String,
    /// See [`SocialNetwork`].
    pub display_name: Option<String>,
    /// See [`SocialNetwork`].
    pub client_id: String,
    /// See [`super::App`].
    pub sealed_secret: Option<Vec<u8>>,
    /// See [`SocialNetwork`].
    pub scopes: Vec<String>,
    /// See [`SocialNetwork`].
    pub extra: Value,
}

/// What became of an app that was brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Upserted {
    /// It is there, in the place of what may have been there before.
    Done(Answer<SocialNetwork>),
    /// The variant has another app than the secret was sealed to, made or deleted since it was looked up. Nothing was
    /// changed: look it up and seal again.
    Raced,
}

/// Brings an app, or replaces all that was said of it but whether it is enabled. It keeps its id, and accounts that were
/// connected through it stay with it.
///
/// # Errors
/// [`StoreError`].
pub async fn upsert(
    database: &Database,
    actor: Actor,
    new: NewNetwork,
    once: Option<Once>,
) -> Result<Upserted, StoreError> {
    let done = idempotency::once(database, once, "bring an app", move |connection| {
        async move {
            let details = json!({"platform": new.platform, "variant": new.variant, "client_id": new.client_id});
            let upsert = Upsert {
                id: new.id.0,
                project: actor.project_id.0,
                platform: new.platform.name(),
                variant: new.variant,
                display_name: new.display_name,
                client_id: new.client_id,
                secret: new.sealed_secret,
                scopes: new.scopes,
                extra: new.extra,
                at: stamp(actor.at),
            };
            let rows: Vec<AppRow> = upsert.load(connection).await?;
            let Some(row) = rows.into_iter().next() else { return Ok(None) };
            audit::insert(connection, &actor, "network.upserted", Some(new.id.0), details).await?;
            let app = app(row).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
            Ok(Some(app.network))
        }
        .boxed()
    })
    .await?;
    Ok(done.map_or(Upserted::Raced, Upserted::Done))
}

/// Keeps an app that a network handed out, unless the variant has one by now; use what [`super::find_app`] says then.
/// `false` when it had.
///
/// # Errors
/// [`StoreError`].
pub async fn insert_registered(database: &Database, actor: &Actor, new: NewNetwork) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let details = json!({"platform": new.platform, "variant": new.variant, "client_id": new.client_id});
            let register = Register {
                id: new.id.0,
                project: actor.project_id.0,
                platform: new.platform.name(),
                variant: new.variant.clone(),
                client_id: new.client_id.clone(),
                secret: new.sealed_secret.clone(),
                scopes: new.scopes.clone(),
                extra: new.extra.clone(),
                at: stamp(actor.at),
            };
            if register.execute(connection).await? == 0 {
                return Ok(false);
            }
            audit::insert(connection, actor, "network.registered", Some(new.id.0), details).await?;
            Ok(true)
        })
        .await
        .map_err(StoreError::from_diesel("keep an app that a network handed out"))
}

/// What of an app is to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkChange {
    /// `Some(None)` takes it away.
    pub display_name: Option<Option<String>>,
    /// See [`SocialNetwork`].
    pub client_id: Option<String>,
    /// See [`super::App`]; `Some(None)` takes it away.
    pub sealed_secret: Option<Option<Vec<u8>>>,
    /// See [`SocialNetwork`].
    pub scopes: Option<Vec<String>>,
    /// Replaces all of it.
    pub extra: Option<Value>,
    /// See [`SocialNetwork`].
    pub is_enabled: Option<bool>,
}

/// Changes an app. `None` when it is not there.
///
/// # Errors
/// [`StoreError`].
pub async fn update(
    database: &Database,
    actor: &Actor,
    id: NetworkId,
    change: NetworkChange,
) -> Result<Option<SocialNetwork>, StoreError> {
    let mut connection = database.connection().await?;
    let row = connection
        .transaction::<_, diesel::result::Error, _>(async |connection| {
            let details = json!({
                "client_id": change.client_id, "scopes": change.scopes, "is_enabled": change.is_enabled,
                "is_secret_new": change.sealed_secret.is_some(),
            });
            let update = Update {
                project: actor.project_id.0,
                id: id.0,
                renamed: change.display_name.is_some(),
                display_name: change.display_name.clone().flatten(),
                client_id: change.client_id.clone(),
                secret_changes: change.sealed_secret.is_some(),
                secret: change.sealed_secret.clone().flatten(),
                scopes: change.scopes.clone(),
                extra: change.extra.clone(),
                is_enabled: change.is_enabled,
                at: stamp(actor.at),
            };
            let rows: Vec<AppRow> = update.load(connection).await?;
            let Some(row) = rows.into_iter().next() else { return Ok(None) };
            audit::insert(connection, actor, "network.updated", Some(id.0), details).await?;
            Ok(Some(row))
        })
        .await
        .map_err(StoreError::from_diesel("change an app"))?;
    row.map(|row| app(row).map(|app| app.network)).transpose()
}

/// Takes an app away with its secret. Attempts to connect through it end; accounts that were connected stay, until their
/// tokens run out. `false` when it is not there.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(database: &Database, actor: &Actor, id: NetworkId) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let mut tries = 0;
    loop {
        tries += 1;
        let deleted = connection
            .transaction::<_, diesel::result::Error, _>(async |connection| {
                if (Delete { project: actor.project_id.0, id: id.0 }).execute(connection).await? == 0 {
                    return Ok(false);
                }
                audit::insert(connection, actor, "network.deleted", Some(id.0), json!({})).await?;
                Ok(true)
            })
            .await;
        match deleted {
            // Whoever finalizes a session of this app holds the session and waits for the app.
            Err(error) if tries < TRIES && is_contention(&error) => {}
            deleted => return deleted.map_err(StoreError::from_diesel("delete an app")),
        }
    }
}

statement! {
    Upsert {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        variant: String as sql::Text,
        display_name: Option<String> as Nullable<sql::Text>,
        client_id: String as sql::Text,
        secret: Option<Vec<u8>> as Nullable<sql::Bytea>,
        scopes: Vec<String> as Array<sql::Text>,
        extra: Value as sql::Jsonb,
        at: Stamp as SqlStamp,
    } -> SqlApp {
        concat!("INSERT INTO social_networks AS n (id, project_id, platform, variant, display_name, client_id, \
           sealed_secret, scopes, extra, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
         ON CONFLICT (project_id, platform, variant) DO UPDATE SET display_name = EXCLUDED.display_name, \
           client_id = EXCLUDED.client_id, sealed_secret = EXCLUDED.sealed_secret, scopes = EXCLUDED.scopes, \
           extra = EXCLUDED.extra, is_registered = false, updated_at = greatest(EXCLUDED.updated_at, n.updated_at) \
         WHERE n.id = EXCLUDED.id RETURNING ", columns!())
    }
}

statement! {
    Register {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        variant: String as sql::Text,
        client_id: String as sql::Text,
        secret: Option<Vec<u8>> as Nullable<sql::Bytea>,
        scopes: Vec<String> as Array<sql::Text>,
        extra: Value as sql::Jsonb,
        at: Stamp as SqlStamp,
    } {
        "INSERT INTO social_networks (id, project_id, platform, variant, client_id, sealed_secret, scopes, extra, \
           is_registered, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, $9) \
         ON CONFLICT (project_id, platform, variant) DO NOTHING"
    }
}

statement! {
    Update {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        renamed: bool as sql::Bool,
        display_name: Option<String> as Nullable<sql::Text>,
        client_id: Option<String> as Nullable<sql::Text>,
        secret_changes: bool as sql::Bool,
        secret: Option<Vec<u8>> as Nullable<sql::Bytea>,
        scopes: Option<Vec<String>> as Nullable<Array<sql::Text>>,
        extra: Option<Value> as Nullable<sql::Jsonb>,
        is_enabled: Option<bool> as Nullable<sql::Bool>,
        at: Stamp as SqlStamp,
    } -> SqlApp {
        concat!("UPDATE social_networks SET display_name = CASE WHEN $3 THEN $4 ELSE display_name END, \
           client_id = coalesce($5, client_id), sealed_secret = CASE WHEN $6 THEN $7 ELSE sealed_secret END, \
           scopes = coalesce($8, scopes), extra = coalesce($9, extra), is_enabled = coalesce($10, is_enabled), \
           updated_at = greatest($11, updated_at) WHERE project_id = $1 AND id = $2 RETURNING ", columns!())
    }
}

statement! {
    Delete { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } {
        "DELETE FROM social_networks WHERE project_id = $1 AND id = $2"
    }
}
