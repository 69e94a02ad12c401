//! Beginning an attempt.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time},
};

/// An attempt about to be begun. What is not said here is said at [`super::Session`].
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is Session's")]
pub struct NewSession {
    pub id: Uuid,
    pub project_id: ProjectId,
    pub platform: Platform,
    pub variant: String,
    pub social_network_id: Option<NetworkId>,
    /// [`super::hash`] of the state that comes back with the browser.
    pub state_hash: Vec<u8>,
    pub external_id: Option<String>,
    pub redirect_uri: String,
    pub caller_state: Option<String>,
    pub scopes: Vec<String>,
    pub auto_finalize: bool,
    pub platform_data: Value,
    pub dialect: Option<String>,
    pub sealed: Vec<u8>,
    pub trace: Option<String>,
    /// How long the browser may take.
    pub lifetime: Duration,
}

/// Begins an attempt: when it is over. `None` when its app is gone.
///
/// # Errors
/// [`StoreError`].
pub async fn begin(database: &Database, new: NewSession) -> Result<Option<Timestamp>, StoreError> {
    let mut connection = database.connection().await?;
    let begin = Begin {
        id: new.id,
        project: new.project_id.0,
        platform: new.platform.name(),
        variant: new.variant,
        network: new.social_network_id.map(|id| id.0),
        state_hash: new.state_hash,
        external_id: new.external_id,
        redirect_uri: new.redirect_uri,
        caller_state: new.caller_state,
        scopes: new.scopes,
        auto_finalize: new.auto_finalize,
        platform_data: new.platform_data,
        dialect: new.dialect,
        sealed: new.sealed,
        trace: new.trace,
        lifetime: new.lifetime.as_secs_f64(),
    };
    let begun: Result<(Stamp,), _> = begin.get_result(&mut connection).await;
    match begun {
        Ok((expires_at,)) => Ok(Some(time(expires_at))),
        Err(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(None),
        Err(error) => Err(StoreError::from_diesel("begin to connect")(error)),
    }
}

statement! {
    Begin {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        variant: String as sql::Text,
        network: Option<Uuid> as Nullable<sql::Uuid>,
        state_hash: Vec<u8> as sql::Bytea,
        external_id: Option<String> as Nullable<sql::Text>,
        redirect_uri: String as sql::Text,
        caller_state: Option<String> as Nullable<sql::Text>,
        scopes: Vec<String> as Array<sql::Text>,
        auto_finalize: bool as sql::Bool,
        platform_data: Value as sql::Jsonb,
        dialect: Option<String> as Nullable<sql::Text>,
        sealed: Vec<u8> as sql::Bytea,
        trace: Option<String> as Nullable<sql::Text>,
        lifetime: f64 as sql::Double,
    } -> (SqlStamp,) {
        "INSERT INTO connect_sessions (id, project_id, platform, variant, social_network_id, state_hash, external_id, \
           redirect_uri, caller_state, scopes, auto_finalize, platform_data, dialect, sealed, trace, status, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'begun', \
           clock_timestamp() + make_interval(secs => $16)) RETURNING expires_at"
    }
}
