//! Partitions of the append-only tables: made ahead, dropped when they are old.
//!
//! Each is a week of ids: a UUIDv7 begins with its time in milliseconds, so a range of ids is a range of time. Dropping
//! a partition is how history is forgotten: no long delete, no dead rows.

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{Database, StoreError, statement::statement, types::sql};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Weeks made ahead besides the running one: a job that does not run for weeks is noticed before rows land in the
/// default partition, where they are safe but are never dropped with their week.
const AHEAD: i32 = 3;

/// The tables, and how long their rows are kept.
const TABLES: [(&str, SignedDuration); 5] = [
    ("events", SignedDuration::from_hours(31 * 24)),
    ("webhook_deliveries", SignedDuration::from_hours(31 * 24)),
    ("webhook_attempts", SignedDuration::from_hours(31 * 24)),
    ("publish_attempts", SignedDuration::from_hours(180 * 24)),
    ("audit_log", SignedDuration::from_hours(400 * 24)),
];

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// Partitions made.
    pub made: Vec<String>,
    /// Partitions dropped.
    pub dropped: Vec<String>,
}

statement! {
    /// One process at a time; another one finds it done.
    TryLock {} -> (sql::Bool,) { "SELECT pg_try_advisory_xact_lock(7310022911236)" }
}

statement! {
    ListPartitions { parent: String as sql::Text } -> (sql::Text,) {
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = $1::text::regclass ORDER BY c.relname"
    }
}

/// Makes what is missing for `now` and the weeks ahead, and drops what is older than is kept.
///
/// # Errors
/// [`StoreError`]; a week for which rows already landed in the default partition is left to it.
pub async fn turn(database: &Database, now: Timestamp) -> Result<Turned, StoreError> {
    let mut connection = database.dedicated("SET lock_timeout = '2s'; SET client_min_messages = warning").await?;
    let attempt = "make and drop partitions";
    AnsiTransactionManager::begin_transaction(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    let done = carry_out(&mut connection, now).await.map_err(StoreError::from_diesel(attempt))?;
    AnsiTransactionManager::commit_transaction(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    Ok(done)
}

async fn carry_out(connection: &mut AsyncPgConnection, now: Timestamp) -> QueryResult<Turned> {
    let mut turned = Turned::default();
    let (free,): (bool,) = TryLock {}.get_result(connection).await?;
    if !free {
        return Ok(turned);
    }
    for (table, kept) in TABLES {
        let rows: Vec<(String,)> = ListPartitions { parent: table.to_owned() }.load(connection).await?;
        let there: Vec<_> = rows.into_iter().map(|(name,)| name).collect();
        for week in (0..=AHEAD).map(|ahead| week_of(now) + WEEK * ahead) {
            let name = name_of(table, week);
            if !there.contains(&name) && make(connection, table, &name, week).await? {
                turned.made.push(name);
            }
        }
        for name in there.into_iter().filter(|name| is_old(table, name, now - kept)) {
            connection.batch_execute(&format!("DROP TABLE {name}")).await?;
            turned.dropped.push(name);
        }
    }
    Ok(turned)
}

/// `false` when rows of that week are in the default partition already.
async fn make(connection: &mut AsyncPgConnection, table: &str, name: &str, week: Timestamp) -> QueryResult<bool> {
    let (from, to) = (first_id(week), first_id(week + WEEK));
    connection.batch_execute("SAVEPOINT week").await?;
    let made = connection
        .batch_execute(&format!("CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{from}') TO ('{to}')"))
        .await;
    match made {
        Ok(()) => connection.batch_execute("RELEASE SAVEPOINT week").await.map(|()| true),
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::CheckViolation, _)) => {
            connection.batch_execute("ROLLBACK TO SAVEPOINT week").await.map(|()| false)
        }
        Err(error) => Err(error),
    }
}

/// The start of the week that `at` lies in, counted from the epoch.
fn week_of(at: Timestamp) -> Timestamp {
    let week = at.as_second().div_euclid(WEEK.as_secs());
    Timestamp::from_second(week * WEEK.as_secs()).unwrap_or(at)
}

/// The smallest UUIDv7-shaped id of a moment: its milliseconds and zeros.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::try_from(at.as_millisecond()).unwrap_or_default() << 80)
}

fn name_of(table: &str, week: Timestamp) -> String {
    format!("{table}_{}", week.strftime("%Y%m%d"))
}

/// Whether the whole week of a partition lies before `limit`. Names that are not ours are left alone.
fn is_old(table: &str, name: &str, limit: Timestamp) -> bool {
    let week = name
        .strip_prefix(table)
        .and_then(|rest| rest.strip_prefix('_'))
        .and_then(|day| jiff::civil::Date::strptime("%Y%m%d", day).ok())
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    week.is_some_and(|week| week.timestamp() + WEEK < limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_holds_the_ids_of_its_time() {
        let at: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let week = week_of(at);
        let seconds = u64::try_from(at.as_second()).unwrap();
        let id = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0));
        assert!(first_id(week) <= id && id < first_id(week + WEEK));
    }

    #[test]
    fn only_our_own_old_weeks_are_old() {
        let limit: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        assert!(is_old("events", "events_20261105", limit));
        for name in ["events_20261119", "events_default", "events_2026", "other_20261105"] {
            assert!(!is_old("events", name, limit), "{name}");
        }
    }
}
