//! Publishing goes on, after what may have gone out unrecorded was marked.
//!
//! Every step can be repeated: publishing stays held until the last one, which also makes this database the one it says
//! it is. A release that was interrupted goes on where it stopped, since what is marked already is not marked again.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::platform::Platform;
use jiff::{SignedDuration, Timestamp};

use super::{Hold, Standing, noticed, renumber::renumber};
use crate::{
    Database, StoreError,
    statement::statement,
    targets::doubt_due,
    types::{SqlStamp, Stamp, sql, stamp},
};

/// Lanes may be held by a worker that is just ending something.
const SESSION: &str = "SET lock_timeout = '15s'; SET client_min_messages = warning";

/// Gateways' clocks, which date posts, may be this far ahead of the database's.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

/// What became of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// Publishing goes on.
    Released(Released),
    /// It was not held: nothing is changed.
    NotHeld,
    /// Another one is under way: nothing is changed.
    UnderWay,
    /// What is said to be lost lies ahead of the database's clock: nothing is changed.
    InFuture {
        /// The database's clock.
        now: Timestamp,
    },
}

/// A hold that was lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// What it was.
    pub hold: Hold,
    /// Since when sends may have been lost, where they may.
    pub lost_since: Option<Timestamp>,
    /// Targets that may be live now, by network.
    pub doubted: BTreeMap<Platform, u64>,
    /// Whether events were given numbers above those that a dump brought along.
    pub renumbered: bool,
}

/// Lifts the hold. With `lost_since`, what this database does not know of was sent between then and now: whatever it has
/// as due becomes ambiguous and is asked for at its network. Without, nothing was lost, unless a release that marks was
/// interrupted: then it goes on with what that was told.
///
/// # Errors
/// [`StoreError`]; publishing is still held then, and the release can be repeated.
pub async fn release(database: &Database, lost_since: Option<Timestamp>) -> Result<Release, StoreError> {
    let mut connection = database.dedicated(SESSION).await?;
    let attempt = "release publishing";
    // Held by the session: one that breaks off holds up nobody.
    let (is_alone,): (bool,) =
        BeAlone {}.get_result(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    if !is_alone {
        return Ok(Release::UnderWay);
    }
    let released = carry_out(&mut connection, lost_since).await.map_err(StoreError::from_diesel(attempt))?;
    LetOthers {}.execute(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    database.doorbell().ring();
    Ok(released)
}

async fn carry_out(connection: &mut AsyncPgConnection, lost_since: Option<Timestamp>) -> QueryResult<Release> {
    let standing = noticed(connection).await?;
    let Some(hold) = standing.hold() else { return Ok(Release::NotHeld) };
    if lost_since.is_some_and(|since| since > standing.now) {
        return Ok(Release::InFuture { now: standing.now });
    }
    let lost_since = lost_since.or(standing.releasing);
    let renumbered = standing.evidence.is_restored_from(&standing.stored);
    if renumbered {
        renumber(connection, hold.since.unwrap_or(standing.now)).await?;
    }
    let mut doubted = BTreeMap::new();
    if let Some(since) = lost_since {
        BeginRelease { since: stamp(since) }.execute(connection).await?;
        doubted = doubt_due(connection, standing.own_from()).await?;
    }
    EndHold {}.execute(connection).await?;
    Ok(Release::Released(Released { hold, lost_since, doubted, renumbered }))
}

impl Standing {
    /// From when on a post was surely accepted by this very database, and so has not gone out from another one.
    fn own_from(&self) -> Option<Timestamp> {
        self.noticed_at.map(|noticed| noticed + CLOCKS_APART)
    }
}

statement! {
    BeAlone {} -> (sql::Bool,) { "SELECT pg_try_advisory_lock(7310022911238)" }
}

statement! {
    LetOthers {} { "SELECT pg_advisory_unlock(7310022911238)" }
}

statement! {
    BeginRelease { since: Stamp as SqlStamp } {
        "UPDATE instance_identity SET held_at = COALESCE(held_at, clock_timestamp()), released_lost_since = $1, \
           updated_at = clock_timestamp() WHERE one"
    }
}

statement! {
    EndHold {} {
        "UPDATE instance_identity i SET system_identifier = e.system_identifier, timeline = e.timeline, \
           database_oid = e.database_oid, table_oid = e.table_oid, released_at = clock_timestamp(), \
           noticed = NULL, noticed_at = NULL, updated_at = clock_timestamp() \
         FROM instance_evidence e WHERE i.one"
    }
}
