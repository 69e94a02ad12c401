//! Attempts that found something and wait for the caller's word.

use std::collections::HashSet;

use diesel::{QueryResult, result::Error as DieselError};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::ids::ProjectId;
use serde::Serialize;
use uuid::Uuid;

use super::{Session, SessionRow, Sought, SqlSession, columns, session};
use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, sql},
};

/// An attempt that waits for the caller's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The attempt.
    pub session: Session,
    /// What may be connected.
    pub pages: Vec<Page>,
    /// The ids of those that were chosen on the hosted page, if it was used.
    pub chosen: Option<Vec<String>>,
}

/// A profile that may be connected, as callers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The network's own.
    pub id: String,
    /// `person`, `page`, ...
    pub r#type: String,
    /// What people see.
    pub name: String,
    /// The handle.
    pub username: String,
    /// The picture.
    pub profile_image_url: Option<String>,
}

/// What became of a choice on the hosted page.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// It is recorded, in place of an earlier one.
    Done(Box<Session>),
    /// These were not offered. Nothing was changed.
    NotOffered(Vec<String>),
    /// The attempt is over.
    Over,
    /// There is none.
    Unknown,
}

/// An attempt by [`super::hash`] of its name, in one project or, for its own browser, wherever it is.
///
/// # Errors
/// [`StoreError`].
pub async fn pending(
    database: &Database,
    project: Option<ProjectId>,
    session_hash: &[u8],
) -> Result<Sought<Pending>, StoreError> {
    let mut connection = database.connection().await?;
    let refused = StoreError::from_diesel("read an attempt to connect");
    let find = FindSession { session_hash: session_hash.to_vec(), project: project.map(|project| project.0) };
    let rows: Vec<WaitingRow> = find.load(&mut connection).await.map_err(refused)?;
    let Some((row, is_open, chosen)) = rows.into_iter().next() else { return Ok(Sought::Unknown) };
    if !is_open {
        return Ok(Sought::Over);
    }
    let session = session(row)?;
    let pages = pages(&mut connection, session.id).await.map_err(StoreError::from_diesel("read what was found"))?;
    Ok(Sought::Here(Pending { session, pages, chosen }))
}

async fn pages(connection: &mut AsyncPgConnection, session: Uuid) -> QueryResult<Vec<Page>> {
    let rows: Vec<(String, String, String, String, Option<String>)> = ListPages { session }.load(connection).await?;
    let page =
        |(id, kind, name, username, profile_image_url)| Page { id, r#type: kind, name, username, profile_image_url };
    Ok(rows.into_iter().map(page).collect())
}

/// Records which pages a person chose. Nothing is connected by it.
///
/// # Errors
/// [`StoreError`].
pub async fn choose(database: &Database, session_hash: &[u8], ids: &[String]) -> Result<Chosen, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let Some(waiting) = lock(connection, session_hash, None).await? else { return Ok(Chosen::Unknown) };
            if !waiting.is_open {
                return Ok(Chosen::Over);
            }
            let pages = pages(connection, waiting.session.id).await?;
            let strange = not_offered(ids, pages.iter().map(|page| page.id.as_str()));
            if !strange.is_empty() {
                return Ok(Chosen::NotOffered(strange));
            }
            Choose { id: waiting.session.id, chosen: ids.to_vec() }.execute(connection).await?;
            Ok(Chosen::Done(Box::new(waiting.session)))
        })
        .await
        .map_err(StoreError::from_diesel("record which pages were chosen"))
}

/// Those of `ids` that are not among `offered`.
pub(super) fn not_offered<'o>(ids: &[String], offered: impl Iterator<Item = &'o str>) -> Vec<String> {
    let offered: HashSet<&str> = offered.collect();
    ids.iter().filter(|id| !offered.contains(id.as_str())).cloned().collect()
}

/// Destroys what attempts that are over still hold, and forgets those that have been for a day: until then their callers
/// and browsers are told that they came too late. At most `limit` of each; how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(database: &Database, limit: i64) -> Result<usize, StoreError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let over: Vec<(Uuid,)> = Lapse { limit }.load(connection).await?;
            let ids: Vec<Uuid> = over.into_iter().map(|(id,)| id).collect();
            let lapsed = ids.len();
            DestroyAll { sessions: ids }.execute(connection).await?;
            Ok(lapsed + Forget { limit }.execute(connection).await?)
        })
        .await
        .map_err(StoreError::from_diesel("forget attempts to connect"))
}

/// An attempt, locked.
pub(super) struct Waiting {
    pub(super) session: Session,
    /// Whether it still may be finalized.
    pub(super) is_open: bool,
    pub(super) chosen: Option<Vec<String>>,
}

/// Locks an attempt, for as long as the transaction takes.
pub(super) async fn lock(
    connection: &mut AsyncPgConnection,
    session_hash: &[u8],
    project: Option<ProjectId>,
) -> QueryResult<Option<Waiting>> {
    let lock = LockSession { session_hash: session_hash.to_vec(), project: project.map(|project| project.0) };
    let rows: Vec<WaitingRow> = lock.load(connection).await?;
    let Some((row, is_open, chosen)) = rows.into_iter().next() else { return Ok(None) };
    let session = session(row).map_err(|error| DieselError::DeserializationError(Box::new(error)))?;
    Ok(Some(Waiting { session, is_open, chosen }))
}

type WaitingRow = (SessionRow, bool, Option<Vec<String>>);
type SqlWaiting = (SqlSession, sql::Bool, Nullable<Array<sql::Text>>);

macro_rules! waiting {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", s.status = 'pending' AND s.expires_at > clock_timestamp(), s.chosen \
             FROM connect_sessions s JOIN projects p ON p.id = s.project_id \
             WHERE s.session_hash = $1 AND ($2::uuid IS NULL OR s.project_id = $2)"
        )
    };
}

statement! {
    FindSession { session_hash: Vec<u8> as sql::Bytea, project: Option<Uuid> as Nullable<sql::Uuid> } -> SqlWaiting {
        waiting!()
    }
}

statement! {
    LockSession { session_hash: Vec<u8> as sql::Bytea, project: Option<Uuid> as Nullable<sql::Uuid> } -> SqlWaiting {
        concat!(waiting!(), " FOR UPDATE OF s")
    }
}

statement! {
    ListPages { session: Uuid as sql::Uuid }
        -> (sql::Text, sql::Text, sql::Text, sql::Text, Nullable<sql::Text>) {
        "SELECT network_unique_id, account_type, coalesce(display_name, username), username, profile_image_url \
         FROM pending_accounts WHERE session_id = $1 ORDER BY position"
    }
}

statement! {
    Choose { id: Uuid as sql::Uuid, chosen: Vec<String> as Array<sql::Text> } {
        "UPDATE connect_sessions SET chosen = $2 WHERE id = $1"
    }
}

statement! {
    /// One that the browser has not come back of keeps its state: the browser is told when it does.
    Lapse { limit: i64 as sql::BigInt } -> (sql::Uuid,) {
        "WITH over AS (\
           SELECT id FROM connect_sessions WHERE expires_at <= clock_timestamp() \
             AND (sealed IS NOT NULL OR status IN ('exchanging', 'pending')) LIMIT $1 FOR UPDATE SKIP LOCKED) \
         UPDATE connect_sessions s SET sealed = NULL, \
           status = CASE s.status WHEN 'begun' THEN s.status ELSE 'failed' END \
         FROM over WHERE s.id = over.id RETURNING s.id"
    }
}

statement! {
    DestroyAll { sessions: Vec<Uuid> as Array<sql::Uuid> } {
        "DELETE FROM pending_accounts WHERE session_id = ANY($1)"
    }
}

statement! {
    Forget { limit: i64 as sql::BigInt } {
        "DELETE FROM connect_sessions WHERE id IN (\
           SELECT id FROM connect_sessions WHERE expires_at <= clock_timestamp() - interval '1 day' \
           LIMIT $1 FOR UPDATE SKIP LOCKED)"
    }
}
