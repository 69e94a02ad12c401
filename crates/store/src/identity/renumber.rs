//! Events that a dump brought along carry the numbers of the cluster they were written in.
//!
//! Those may be higher than this cluster's transactions will be for a long time: such events would not be seen until
//! then, and readers that have seen them would be shown nothing new. So this database's events get numbers above all
//! that are there: by an offset for those to come, and by a new number for those it has written since.

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{partitions::first_id, statement::statement, types::sql};

/// How long before it was noticed that this is a copy it may have written events, or its clocks have been apart.
const UNNOTICED: SignedDuration = SignedDuration::from_hours(1);

/// Old events keep their numbers, so that readers' places in the list hold.
pub(super) async fn renumber(connection: &mut AsyncPgConnection, noticed: Timestamp) -> QueryResult<()> {
    // Without the lock, since it reads all of it: what is written meanwhile has numbers below the transactions to come.
    let (highest,): (i64,) = HighestNumber {}.get_result(connection).await?;
    AnsiTransactionManager::begin_transaction(connection).await?;
    // Waits for those who have written events by the old offset; who writes later reads the new one.
    connection.batch_execute("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE").await?;
    Renumber { from: first_id(noticed - UNNOTICED), highest }.execute(connection).await?;
    RaiseOffset { highest }.execute(connection).await?;
    AnsiTransactionManager::commit_transaction(connection).await
}

statement! {
    HighestNumber {} -> (sql::BigInt,) { "SELECT coalesce(max(xid::text::bigint), 0) FROM events" }
}

/// Above all numbers there are, also of those that were written by the old offset a moment ago.
macro_rules! new_offset {
    () => {
        "(1 + greatest($1, event_offset + pg_snapshot_xmax(pg_current_snapshot())::text::bigint))"
    };
}

statement! {
    /// What this database wrote itself: the row's own transaction is the one that its number names.
    Renumber { highest: i64 as sql::BigInt, from: Uuid as sql::Uuid } {
        concat!("UPDATE events e SET xid = ((e.xid::text::bigint - i.event_offset + ", new_offset!(), ")::text::xid8) \
         FROM instance_identity i WHERE i.one AND e.id >= $2 \
           AND mod(e.xid::text::bigint - i.event_offset, 4294967296) = e.xmin::text::bigint")
    }
}

statement! {
    RaiseOffset { highest: i64 as sql::BigInt } {
        concat!("UPDATE instance_identity SET event_offset = ", new_offset!(), ", updated_at = clock_timestamp() WHERE one")
    }
}
