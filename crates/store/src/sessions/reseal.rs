//! A pending attempt's tokens, for sealing them anew: each is sealed to the account its profile has, and that may have
//! come or gone since.

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::ids::{AccountId, ProjectId};
use serde_json::Value;
use uuid::Uuid;

use super::{Choice, Sought};
use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time},
};

/// Tokens that were sealed to another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// The account they were sealed to.
    pub was: AccountId,
    /// The account they are sealed to now.
    pub account_id: AccountId,
    /// As [`Choice::sealed_tokens`].
    pub sealed_tokens: Vec<u8>,
}

/// What a pending attempt found, with the tokens.
///
/// # Errors
/// [`StoreError`].
pub async fn list_sealed(
    database: &Database,
    project: ProjectId,
    session: Uuid,
) -> Result<Sought<Vec<Choice>>, StoreError> {
    let mut connection = database.connection().await?;
    let refused = StoreError::from_diesel("read what was found");
    let read = async |connection: &mut AsyncPgConnection| {
        let open: Vec<(bool,)> = IsOpen { project: project.0, id: session }.load(connection).await?;
        Ok(match open.into_iter().next() {
            None => Sought::Unknown,
            Some((false,)) => Sought::Over,
            Some((true,)) => Sought::Here(load(connection, session).await?),
        })
    };
    read(&mut connection).await.map_err(refused)
}

/// Puts tokens that were sealed anew in the place of the old ones. Who comes second with the same ones changes nothing.
/// `false` when the attempt is over.
///
/// # Errors
/// [`StoreError`].
pub async fn reseal(
    database: &Database,
    project: ProjectId,
    session: Uuid,
    resealed: &[Resealed],
) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let open: Vec<(bool,)> = LockOpen { project: project.0, id: session }.load(connection).await?;
            if open != [(true,)] {
                return Ok(false);
            }
            for one in resealed {
                let sealed = one.sealed_tokens.clone();
                Reseal { session, was: one.was.0, account: one.account_id.0, sealed }.execute(connection).await?;
            }
            Ok(true)
        })
        .await
        .map_err(StoreError::from_diesel("seal what was found anew"))
}

type ChoiceRow = (
    (Uuid, String, String, String, Option<String>, Option<String>, Option<String>),
    (String, Vec<String>, Value, Option<Stamp>, Option<Stamp>, Vec<u8>),
);

/// What an attempt found, in the order it was found.
pub(super) async fn load(connection: &mut AsyncPgConnection, session: Uuid) -> QueryResult<Vec<Choice>> {
    let rows: Vec<ChoiceRow> = ListChoices { session }.load(connection).await?;
    let choice = |(who, what): ChoiceRow| {
        let (account_id, realm, network_unique_id, username, display_name, profile_image_url, profile_url) = who;
        let (account_type, scopes, facts, expires_at, refresh_at, sealed_tokens) = what;
        Choice {
            account_id: AccountId(account_id),
            realm,
            network_unique_id,
            username,
            display_name,
            profile_image_url,
            profile_url,
            account_type,
            scopes,
            facts,
            token_expires_at: expires_at.map(time),
            refresh_at: refresh_at.map(time),
            sealed_tokens,
        }
    };
    Ok(rows.into_iter().map(choice).collect())
}

macro_rules! is_open {
    () => {
        "SELECT status = 'pending' AND expires_at > clock_timestamp() FROM connect_sessions \
         WHERE project_id = $1 AND id = $2"
    };
}

statement! {
    IsOpen { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (sql::Bool,) {
        is_open!()
    }
}

statement! {
    LockOpen { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (sql::Bool,) {
        concat!(is_open!(), " FOR UPDATE")
    }
}

statement! {
    ListChoices { session: Uuid as sql::Uuid } -> (
        (
            sql::Uuid, sql::Text, sql::Text, sql::Text, Nullable<sql::Text>, Nullable<sql::Text>, Nullable<sql::Text>
        ),
        (sql::Text, Array<sql::Text>, sql::Jsonb, Nullable<SqlStamp>, Nullable<SqlStamp>, sql::Bytea)
    ) {
        "SELECT account_id, realm, network_unique_id, username, display_name, profile_image_url, profile_url, \
           account_type, scopes, facts, token_expires_at, refresh_at, sealed_tokens \
         FROM pending_accounts WHERE session_id = $1 ORDER BY position"
    }
}

statement! {
    Reseal { session: Uuid as sql::Uuid, was: Uuid as sql::Uuid, account: Uuid as sql::Uuid, sealed: Vec<u8> as sql::Bytea } {
        "UPDATE pending_accounts SET account_id = $3, sealed_tokens = $4 WHERE session_id = $1 AND account_id = $2"
    }
}
