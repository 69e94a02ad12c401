//! Which database this is, and whether publishing is held.
//!
//! A restored or cloned database holds as due what went out after its backup. The one row of `instance_identity` says
//! which database it was written in; the view `instance_evidence` says which one this is, and the migration says what
//! each sign tells. While the two differ, or the operator said so, no lane that touches a network is claimed
//! ([`crate::lanes`]) and no intent is committed ([`crate::targets`]). Both judge by [`is_held`] in SQL, once a statement.

mod hold;
mod release;
mod renumber;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;

pub use hold::{Holding, hold};
pub use release::{Release, Released, release};

use crate::{
    Database, StoreError,
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, time},
};

/// Whether publishing is held: by the operator, or because this is not the database it says it is. A database that does
/// not say which it is holds too.
macro_rules! is_held {
    () => {
        "coalesce((SELECT (i.held_at IS NOT NULL AND i.released_at IS NULL) \
           OR (i.system_identifier, i.timeline, i.database_oid, i.table_oid) IS DISTINCT FROM \
             (e.system_identifier, e.timeline, e.database_oid, e.table_oid) \
         FROM instance_identity i, instance_evidence e WHERE i.one), true)"
    };
}
pub(crate) use is_held;

/// Taken shared by whoever commits an intent until it has, and exclusively by whoever holds publishing: so that nothing
/// begins any more once `hold` has returned.
macro_rules! intent_lock {
    () => {
        "7310022911237"
    };
}
pub(crate) use intent_lock;

/// The number that events of this transaction carry: above all that a dump brought along.
macro_rules! event_xid {
    () => {
        "coalesce((SELECT (pg_current_xact_id()::text::bigint + event_offset)::text::xid8 FROM instance_identity \
           WHERE one), pg_current_xact_id())"
    };
}
pub(crate) use event_xid;

/// Publishing is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Since when; `None` when nobody has noticed yet that this is a copy.
    pub since: Option<Timestamp>,
    /// Why, as a sentence's end: "because it was restored ...".
    pub because: String,
    /// A release that marks what was due since then has begun and has not ended.
    pub releasing: Option<Timestamp>,
}

/// A time in which publishing was held and nothing went out.
#[derive(Debug, Clone)]
pub struct LastHold {
    /// From then on.
    pub from: Timestamp,
    /// Until then; `None` while it is.
    pub until: Option<Timestamp>,
    /// As the operator put it, or what was noticed.
    pub because: String,
}

/// What tells one database from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Evidence {
    system_identifier: i64,
    timeline: i32,
    database: i64,
    table: i64,
}

type EvidenceRow = (i64, i32, i64, i64);

impl From<EvidenceRow> for Evidence {
    fn from((system_identifier, timeline, database, table): EvidenceRow) -> Self {
        Self { system_identifier, timeline, database, table }
    }
}

impl Evidence {
    /// Whether rows came here as text, and so in other transactions than those that made them.
    fn is_restored_from(&self, stored: &Self) -> bool {
        (self.system_identifier, self.table) != (stored.system_identifier, stored.table)
    }

    /// What became of the database that was `stored`.
    fn story(&self, stored: &Self) -> Option<String> {
        if self.system_identifier != stored.system_identifier {
            return Some(format!(
                "the database came from another cluster (system identifier {}, now {})",
                stored.system_identifier, self.system_identifier
            ));
        }
        if self.timeline != stored.timeline {
            return Some(format!(
                "its cluster was recovered or promoted (timeline {}, now {})",
                stored.timeline, self.timeline
            ));
        }
        if (self.database, self.table) != (stored.database, stored.table) {
            return Some("the database was restored or copied within its cluster".to_owned());
        }
        None
    }

    fn text(&self) -> String {
        format!("{}/{}/{}/{}", self.system_identifier, self.timeline, self.database, self.table)
    }
}

/// The one row, against what is.
struct Standing {
    now: Timestamp,
    evidence: Evidence,
    stored: Evidence,
    held_at: Option<Timestamp>,
    held_because: Option<String>,
    releasing: Option<Timestamp>,
    /// When it was first seen that this is not the database it was.
    noticed_at: Option<Timestamp>,
}

impl Standing {
    fn hold(&self) -> Option<Hold> {
        let story = self.evidence.story(&self.stored);
        let said = self.held_at.and(self.held_because.clone());
        let because = match (said, story) {
            (Some(said), Some(story)) if said != story => format!("{said}; {story}"),
            (Some(because), _) | (None, Some(because)) => because,
            (None, None) => return None,
        };
        Some(Hold { since: self.held_at, because, releasing: self.releasing })
    }
}

/// Whether publishing is held, and why.
///
/// # Errors
/// [`StoreError`].
pub async fn find_hold(database: &Database) -> Result<Option<Hold>, StoreError> {
    let mut connection = database.connection().await?;
    let standing = stand(&mut connection).await.map_err(StoreError::from_diesel("find out which database this is"))?;
    Ok(standing.hold())
}

/// As [`find_hold`], and writes down since when this is known not to be the database it was.
///
/// # Errors
/// [`StoreError`].
pub async fn notice(database: &Database) -> Result<Option<Hold>, StoreError> {
    let mut connection = database.connection().await?;
    let standing = noticed(&mut connection).await.map_err(StoreError::from_diesel("note which database this is"))?;
    Ok(standing.hold())
}

async fn noticed(connection: &mut AsyncPgConnection) -> QueryResult<Standing> {
    let standing = stand(connection).await?;
    let Some(because) = standing.evidence.story(&standing.stored) else { return Ok(standing) };
    Notice { because, noticed: standing.evidence.text() }.execute(connection).await?;
    stand(connection).await
}

async fn stand(connection: &mut AsyncPgConnection) -> QueryResult<Standing> {
    let rows: Vec<StandingRow> = FindStanding {}.load(connection).await?;
    if let Some(row) = rows.into_iter().next() {
        return Ok(row.into());
    }
    InsertUnknown {}.execute(connection).await?;
    let row: StandingRow = FindStanding {}.get_result(connection).await?;
    Ok(row.into())
}

type Held = (Option<Stamp>, Option<String>, Option<Stamp>, Option<String>, Option<Stamp>);
type StandingRow = (EvidenceRow, EvidenceRow, Held, Stamp);

impl From<StandingRow> for Standing {
    fn from((evidence, stored, (held_at, held_because, releasing, noticed, noticed_at), now): StandingRow) -> Self {
        let evidence = Evidence::from(evidence);
        // A copy of a copy brings along what was noticed of the first one.
        let is_this_one = noticed.is_some_and(|noticed| noticed == evidence.text());
        Self {
            now: time(now),
            stored: stored.into(),
            held_at: held_at.map(time),
            held_because,
            releasing: releasing.map(time),
            noticed_at: noticed_at.filter(|_| is_this_one).map(time),
            evidence,
        }
    }
}

type SqlEvidence = (sql::BigInt, sql::Integer, sql::BigInt, sql::BigInt);

statement! {
    FindStanding {} -> (
        SqlEvidence,
        SqlEvidence,
        (Nullable<SqlStamp>, Nullable<sql::Text>, Nullable<SqlStamp>, Nullable<sql::Text>, Nullable<SqlStamp>),
        SqlStamp,
    ) {
        "SELECT e.system_identifier, e.timeline, e.database_oid::bigint, e.table_oid::bigint, \
           i.system_identifier, i.timeline, i.database_oid::bigint, i.table_oid::bigint, \
           CASE WHEN i.released_at IS NULL THEN i.held_at END, i.held_because, \
           CASE WHEN i.released_at IS NULL THEN i.released_lost_since END, i.noticed, i.noticed_at, clock_timestamp() \
         FROM instance_identity i, instance_evidence e WHERE i.one"
    }
}

statement! {
    /// A hold that the operator began goes on, with its reason.
    Notice { because: String as sql::Text, noticed: String as sql::Text } {
        "UPDATE instance_identity i SET \
           held_at = CASE WHEN i.released_at IS NULL THEN COALESCE(i.held_at, clock_timestamp()) ELSE clock_timestamp() END, \
           held_because = CASE WHEN i.released_at IS NULL THEN COALESCE(i.held_because, $1) ELSE $1 END, \
           released_lost_since = CASE WHEN i.released_at IS NULL THEN i.released_lost_since END, released_at = NULL, \
           noticed = $2, noticed_at = clock_timestamp(), updated_at = clock_timestamp() \
         FROM instance_evidence e WHERE i.one AND i.noticed IS DISTINCT FROM $2 \
           AND (i.system_identifier, i.timeline, i.database_oid, i.table_oid) IS DISTINCT FROM \
             (e.system_identifier, e.timeline, e.database_oid, e.table_oid)"
    }
}

statement! {
    /// For a database that does not say which it is: no cluster has these numbers.
    InsertUnknown {} {
        "INSERT INTO instance_identity (system_identifier, timeline, database_oid, table_oid) VALUES (0, 0, 0, 0) \
         ON CONFLICT (one) DO NOTHING"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(row: EvidenceRow) -> Evidence {
        row.into()
    }

    #[test]
    fn each_sign_tells_a_copy_and_only_text_brings_foreign_numbers() {
        let stored = evidence((7, 1, 16_390, 16_752));
        let told = |row| {
            let now = evidence(row);
            (now.story(&stored), now.is_restored_from(&stored))
        };
        assert_eq!(told((7, 1, 16_390, 16_752)), (None, false));
        let (elsewhere, brought) = told((8, 1, 16_390, 16_752));
        assert!(elsewhere.unwrap().contains("another cluster (system identifier 7, now 8)") && brought);
        let (promoted, brought) = told((7, 2, 16_390, 16_752));
        assert!(promoted.unwrap().contains("timeline 1, now 2") && !brought);
        let (copied, brought) = told((7, 1, 16_400, 16_752));
        assert!(copied.unwrap().contains("within its cluster") && !brought);
        let (put_back, brought) = told((7, 1, 16_390, 16_900));
        assert!(put_back.unwrap().contains("within its cluster") && brought);
    }
}
