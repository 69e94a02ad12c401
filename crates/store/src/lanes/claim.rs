//! Claiming: who is due is leased and handed over.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::job::{Kind, Lane, Queue};
use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use super::LOOK_AHEAD;
use crate::{
    StoreError,
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, time},
    writer::Batch,
};

/// So many lanes of a queue at most, leased for so long.
pub(super) struct ClaimRequest {
    pub(super) queue: Queue,
    pub(super) window: i64,
    pub(super) lease: Duration,
}

pub(super) struct Claim;

statement! {
    /// Whose lease is over, who is due, and who will be soon. The clock has to stand still within a
    /// statement: one that does not bounds no index.
    ClaimLanes { queue: i16 as sql::SmallInt, ahead: f64 as sql::Double, window: i64 as sql::BigInt, lease: f64 as sql::Double }
        -> (sql::SmallInt, sql::Uuid, sql::BigInt, SqlStamp, Nullable<sql::Text>) {
        "WITH leased AS MATERIALIZED (\
           SELECT count(*) AS n FROM jobs WHERE queue = $1 AND lease_until IS NOT NULL AND due_at > statement_timestamp()), \
         lost AS MATERIALIZED (\
           SELECT kind, key, wake_at FROM jobs WHERE queue = $1 AND lease_until IS NOT NULL \
             AND due_at <= statement_timestamp() ORDER BY due_at LIMIT greatest(0, $3 - (SELECT n FROM leased)) \
           FOR NO KEY UPDATE SKIP LOCKED), \
         due AS MATERIALIZED (\
           SELECT kind, key, wake_at FROM jobs WHERE queue = $1 AND lease_until IS NULL AND due_at < 'infinity' \
             AND due_at <= statement_timestamp() ORDER BY due_at \
           LIMIT greatest(0, $3 - (SELECT n FROM leased) - (SELECT count(*) FROM lost)) \
           FOR NO KEY UPDATE SKIP LOCKED), \
         early AS MATERIALIZED (\
           SELECT kind, key, wake_at FROM jobs WHERE queue = $1 AND lease_until IS NULL AND due_at < 'infinity' \
             AND due_at > statement_timestamp() AND due_at <= statement_timestamp() + make_interval(secs => $2) \
           ORDER BY due_at \
           LIMIT greatest(0, $3 / 2 - (SELECT n FROM leased) - (SELECT count(*) FROM lost) - (SELECT count(*) FROM due)) \
           FOR NO KEY UPDATE SKIP LOCKED) \
         UPDATE jobs j SET lease_until = clock_timestamp() + make_interval(secs => $4), fence = j.fence + 1 \
         FROM (SELECT * FROM lost UNION ALL SELECT * FROM due UNION ALL SELECT * FROM early) AS free \
         WHERE j.kind = free.kind AND j.key = free.key \
         RETURNING j.kind, j.key, j.fence, \
           CASE WHEN free.wake_at = 'infinity' THEN statement_timestamp() ELSE free.wake_at END, j.trace"
    }
}

impl Batch for Claim {
    type Request = ClaimRequest;
    type Answer = Vec<Lane>;
    const ATTEMPT: &'static str = "claim lanes";

    fn rows(request: &ClaimRequest) -> usize {
        usize::try_from(request.window).unwrap_or(usize::MAX)
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [ClaimRequest],
        _seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Vec<Lane>>>> {
        async move {
            let mut claimed = Vec::new();
            for request in requests {
                let rows: Vec<LaneRow> = ClaimLanes {
                    queue: request.queue.number(),
                    ahead: LOOK_AHEAD.as_secs_f64(),
                    window: request.window,
                    lease: request.lease.as_secs_f64(),
                }
                .load(connection)
                .await?;
                let mut lanes = rows.into_iter().map(lane).collect::<QueryResult<Vec<_>>>()?;
                lanes.sort_by_key(|lane| lane.first_due);
                claimed.push(lanes);
            }
            Ok(claimed)
        }
        .boxed()
    }
}

type LaneRow = (i16, Uuid, i64, Stamp, Option<String>);

fn lane((number, key, fence, first_due, trace): LaneRow) -> QueryResult<Lane> {
    let unknown = || StoreError::Corrupt(format!("{number} is not a kind of lane"));
    let kind =
        Kind::from_number(number).ok_or_else(|| diesel::result::Error::DeserializationError(Box::new(unknown())))?;
    Ok(Lane { kind, key, fence, first_due: time(first_due), trace })
}
