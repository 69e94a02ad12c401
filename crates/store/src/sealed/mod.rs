//! Everything that is stored sealed: to which keys, and putting what was sealed anew in its place.
//!
//! The store opens nothing. All it knows of sealed bytes is that their first few name the key. What is sealed anew holds
//! the same secret, so nothing else of its row changes: not the version that a renewal of tokens is guarded by, and not
//! the time that they were stored.

mod places;

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use domain::{
    ids::ProjectId,
    sealed::{HEAD_BYTES, Pile, Place},
};
use runtime::backoff::Backoff;
use uuid::Uuid;

use crate::{Database, StoreError};
use places::Statements;

/// One that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The place it is sealed to. Of what is on its way that is the place where it is to be.
    pub sealed_in: Place,
    /// The row it is sealed to. A place may have several of one row.
    pub row: Uuid,
    /// The project it is sealed to.
    pub project: ProjectId,
    /// The ciphertext.
    pub bytes: Vec<u8>,
}

/// One that was sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// As [`Sealed::row`].
    pub row: Uuid,
    /// What was stored. No two ciphertexts are the same, so it stands for the row's version too.
    pub before: Vec<u8>,
    /// What takes its place.
    pub after: Vec<u8>,
}

/// Every column that holds sealed bytes.
pub fn places() -> impl Iterator<Item = Place> {
    places::ALL.iter().map(|statements| statements.place)
}

/// What is stored, by place and key. Reads all of it.
///
/// # Errors
/// [`StoreError`].
pub async fn list_piles(database: &Database) -> Result<Vec<Pile>, StoreError> {
    let mut connection = database.connection().await?;
    let mut piles = Vec::new();
    for statements in places::ALL {
        let rows = (statements.count)(&mut connection, head_bytes())
            .await
            .map_err(StoreError::from_diesel("count what is sealed to which key"))?;
        piles.extend(rows.into_iter().map(|(head, rows)| Pile { place: statements.place, head, rows }));
    }
    Ok(piles)
}

/// As [`list_piles`], once the database answers and has its schema: for whoever starts before it does.
///
/// # Errors
/// [`StoreError`] but for [`StoreError::Unavailable`].
pub async fn list_piles_when_there(database: &Database) -> Result<Vec<Pile>, StoreError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        match list_piles_if_migrated(database).await {
            Ok(Some(piles)) => return Ok(piles),
            Ok(None) | Err(StoreError::Unavailable(_)) => tokio::time::sleep(backoff.after_failure()).await,
            Err(error) => return Err(error),
        }
    }
}

async fn list_piles_if_migrated(database: &Database) -> Result<Option<Vec<Pile>>, StoreError> {
    if database.is_migrated().await? { list_piles(database).await.map(Some) } else { Ok(None) }
}

/// What of a place does not begin with `head`, in the order of rows from the one after `after` on; at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    place: Place,
    head: &[u8],
    after: Uuid,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let statements = statements(place)?;
    let mut connection = database.connection().await?;
    let rows = (statements.list)(&mut connection, head.to_vec(), after, limit)
        .await
        .map_err(StoreError::from_diesel("list what is sealed"))?;
    let sealed_in = statements.sealed_in;
    let sealed = |(row, project, bytes)| Sealed { sealed_in, row, project: ProjectId(project), bytes };
    Ok(rows.into_iter().map(sealed).collect())
}

/// Puts each in the place of what was stored before, where that is still there. Returns how many it did: one that
/// somebody replaced meanwhile, or is at work on, is left as it is. It waits for nobody's lock, so it can be part of no
/// deadlock, whatever order others lock in.
///
/// # Errors
/// [`StoreError`].
pub async fn replace(database: &Database, place: Place, resealed: Vec<Resealed>) -> Result<usize, StoreError> {
    if resealed.is_empty() {
        return Ok(0);
    }
    let mut connection = database.connection().await?;
    (statements(place)?.replace)(&mut connection, resealed)
        .await
        .map_err(StoreError::from_diesel("store what was sealed anew"))
}

fn statements(place: Place) -> Result<&'static Statements, StoreError> {
    let found = places::ALL.iter().find(|statements| statements.place == place);
    found.ok_or_else(|| StoreError::Corrupt(format!("nothing is kept sealed in {place}")))
}

fn head_bytes() -> i32 {
    i32::try_from(HEAD_BYTES).unwrap_or(i32::MAX)
}

/// A call of a place's.
type Call<'c, T> = futures::future::BoxFuture<'c, diesel::QueryResult<T>>;
type Connection<'c> = &'c mut AsyncPgConnection;
