//! Recording attempts, many at a time.

use std::collections::{BTreeMap, HashMap};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    job::Kind,
    webhook::{Attempt, DeliveryStatus, EndpointStatus},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Item;
use crate::{
    lanes::Held,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time},
    writer::Batch,
};

/// What came of one attempt.
#[derive(Debug, Clone)]
pub struct Report {
    /// The lane it was made under.
    pub held: Held,
    /// What was sent.
    pub item: Item,
    /// For the attempts log.
    pub attempt: Attempt,
    /// What it means for the delivery.
    pub verdict: Verdict,
    /// What it means for the endpoint, if that changed.
    pub health: Option<Health>,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again after this wait.
    Retry(SignedDuration),
    /// It is given up.
    Failed,
}

/// How an endpoint's standing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The first failure after successes.
    Failing,
    /// The first success after failures.
    Recovered,
}

pub(super) struct Record;

statement! {
    /// Before the lanes are locked, as a caller's change of an endpoint comes before its wake-up. The fence is only
    /// looked at: a word from a holder that has just lost its lane is old news and does no harm.
    SetHealth {
        kind: i16 as sql::SmallInt,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
        statuses: Vec<&'static str> as Array<sql::Text>,
    } {
        "WITH mine AS MATERIALIZED (\
           SELECT e.id, m.status FROM unnest($2, $3, $4) AS m(key, fence, status) \
             JOIN jobs j ON j.kind = $1 AND j.key = m.key AND j.fence = m.fence \
             JOIN webhook_endpoints e ON e.id = m.key \
           WHERE e.status <> 'disabled' ORDER BY e.id FOR NO KEY UPDATE OF e) \
         UPDATE webhook_endpoints e SET status = mine.status, \
           failing_since = CASE WHEN mine.status = 'degraded' THEN coalesce(e.failing_since, now()) END \
         FROM mine WHERE e.id = mine.id"
    }
}

statement! {
    LockLanes {
        kind: i16 as sql::SmallInt,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
    } -> (sql::Uuid, sql::BigInt, sql::Text, SqlStamp) {
        "SELECT j.key, j.fence, pg_current_xact_id()::text, clock_timestamp() \
         FROM jobs j JOIN unnest($2, $3) AS m(key, fence) ON j.kind = $1 AND j.key = m.key AND j.fence = m.fence \
         ORDER BY j.key FOR NO KEY UPDATE OF j"
    }
}

statement! {
    DeleteItems {
        endpoints: Vec<Uuid> as Array<sql::Uuid>,
        resources: Vec<Uuid> as Array<sql::Uuid>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        events: Vec<Uuid> as Array<sql::Uuid>,
    } {
        "DELETE FROM delivery_queue q USING unnest($1, $2, $3, $4) AS m(endpoint, resource, seq, event) \
         WHERE q.endpoint_id = m.endpoint AND q.resource_id = m.resource AND q.resource_seq = m.seq \
           AND q.event_id = m.event"
    }
}

statement! {
    /// What the caller asked for by hand is over with this attempt; from here on the schedule goes on.
    MoveItems {
        endpoints: Vec<Uuid> as Array<sql::Uuid>,
        resources: Vec<Uuid> as Array<sql::Uuid>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        events: Vec<Uuid> as Array<sql::Uuid>,
        attempts: Vec<i32> as Array<sql::Integer>,
        due: Vec<Stamp> as Array<SqlStamp>,
    } {
        "UPDATE delivery_queue q SET due_at = m.due, attempt = m.attempt, trigger = 'auto' \
         FROM unnest($1, $2, $3, $4, $5, $6) AS m(endpoint, resource, seq, event, attempt, due) \
         WHERE q.endpoint_id = m.endpoint AND q.resource_id = m.resource AND q.resource_seq = m.seq \
           AND q.event_id = m.event"
    }
}

statement! {
    SetDeliveries {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        statuses: Vec<&'static str> as Array<sql::Text>,
        next: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
    } {
        "UPDATE webhook_deliveries d SET status = m.status, next_attempt_at = m.next \
         FROM unnest($1, $2, $3) AS m(id, status, next) WHERE d.id = m.id"
    }
}

statement! {
    InsertAttempts {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        deliveries: Vec<Uuid> as Array<sql::Uuid>,
        numbers: Vec<i32> as Array<sql::Integer>,
        at: Vec<Stamp> as Array<SqlStamp>,
        triggers: Vec<&'static str> as Array<sql::Text>,
        codes: Vec<Option<i32>> as Array<Nullable<sql::Integer>>,
        durations: Vec<i32> as Array<sql::Integer>,
        errors: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        heads: Vec<Option<String>> as Array<Nullable<sql::Text>>,
    } {
        "INSERT INTO webhook_attempts (id, project_id, delivery_id, number, at, trigger, status_code, duration_ms, \
           error, response_head) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    }
}

impl Batch for Record {
    type Request = Report;
    type Answer = bool;
    const ATTEMPT: &'static str = "record webhook attempts";

    fn rows(_request: &Report) -> usize {
        3
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Report],
        seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<bool>>> {
        async move {
            set_health(connection, requests).await?;
            let lanes: BTreeMap<(Uuid, i64), ()> =
                requests.iter().map(|report| ((report.held.key, report.held.fence), ())).collect();
            let locked: Vec<(Uuid, i64, String, Stamp)> = LockLanes {
                kind: Kind::Deliver.number(),
                keys: lanes.keys().map(|(key, _)| *key).collect(),
                fences: lanes.keys().map(|(_, fence)| *fence).collect(),
            }
            .load(connection)
            .await?;
            let held: HashMap<(Uuid, i64), Timestamp> =
                locked.iter().map(|(key, fence, _, now)| ((*key, *fence), time(*now))).collect();
            *seen = locked.into_iter().next().map(|(_, _, transaction, _)| transaction);
            let is_held = |report: &Report| held.get(&(report.held.key, report.held.fence)).copied();
            let moves: Vec<Move<'_>> =
                requests.iter().filter_map(|report| Some(Move::new(report, is_held(report)?))).collect();
            settle(connection, &moves).await?;
            insert_attempts(connection, requests).await?;
            Ok(requests.iter().map(|report| is_held(report).is_some()).collect())
        }
        .boxed()
    }
}

/// A report with its time to come computed once, so that the queue and the history name the same moment.
struct Move<'a> {
    report: &'a Report,
    due: Option<Timestamp>,
}

impl<'a> Move<'a> {
    fn new(report: &'a Report, now: Timestamp) -> Self {
        let due = match report.verdict {
            Verdict::Retry(wait) => Some(now.saturating_add(wait).unwrap_or(now)),
            Verdict::Delivered | Verdict::Failed => None,
        };
        Self { report, due }
    }

    fn status(&self) -> DeliveryStatus {
        match self.report.verdict {
            Verdict::Delivered => DeliveryStatus::Delivered,
            Verdict::Retry(_) => DeliveryStatus::Pending,
            Verdict::Failed => DeliveryStatus::Failed,
        }
    }
}

async fn set_health(connection: &mut AsyncPgConnection, requests: &[Report]) -> QueryResult<()> {
    // The last word about an endpoint counts.
    let mut changes: BTreeMap<Uuid, (i64, EndpointStatus)> = BTreeMap::new();
    for report in requests {
        let status = match report.health {
            Some(Health::Failing) => EndpointStatus::Degraded,
            Some(Health::Recovered) => EndpointStatus::Active,
            None => continue,
        };
        changes.insert(report.held.key, (report.held.fence, status));
    }
    if changes.is_empty() {
        return Ok(());
    }
    SetHealth {
        kind: Kind::Deliver.number(),
        keys: changes.keys().copied().collect(),
        fences: changes.values().map(|(fence, _)| *fence).collect(),
        statuses: changes.values().map(|(_, status)| status.word()).collect(),
    }
    .execute(connection)
    .await
    .map(drop)
}

/// Queue and history, sorted by key within each table.
async fn settle(connection: &mut AsyncPgConnection, moves: &[Move<'_>]) -> QueryResult<()> {
    let mut sorted: Vec<&Move<'_>> = moves.iter().collect();
    sorted.sort_unstable_by_key(|one| (one.report.held.key, one.report.item.event_id));
    let (later, over): (Vec<&Move<'_>>, Vec<&Move<'_>>) = sorted.iter().copied().partition(|one| one.due.is_some());
    let endpoints = |of: &[&Move<'_>]| of.iter().map(|one| one.report.held.key).collect::<Vec<_>>();
    let resources = |of: &[&Move<'_>]| of.iter().map(|one| one.report.item.resource_id).collect::<Vec<_>>();
    let seqs = |of: &[&Move<'_>]| of.iter().map(|one| one.report.item.resource_seq).collect::<Vec<_>>();
    let events = |of: &[&Move<'_>]| of.iter().map(|one| one.report.item.event_id.0).collect::<Vec<_>>();
    if !over.is_empty() {
        DeleteItems {
            endpoints: endpoints(&over),
            resources: resources(&over),
            seqs: seqs(&over),
            events: events(&over),
        }
        .execute(connection)
        .await?;
    }
    if !later.is_empty() {
        MoveItems {
            endpoints: endpoints(&later),
            resources: resources(&later),
            seqs: seqs(&later),
            events: events(&later),
            attempts: later.iter().map(|one| one.report.attempt.number).collect(),
            due: later.iter().filter_map(|one| one.due).map(stamp).collect(),
        }
        .execute(connection)
        .await?;
    }
    sorted.sort_unstable_by_key(|one| one.report.item.delivery_id);
    if !sorted.is_empty() {
        SetDeliveries {
            ids: sorted.iter().map(|one| one.report.item.delivery_id.0).collect(),
            statuses: sorted.iter().map(|one| one.status().word()).collect(),
            next: sorted.iter().map(|one| stamp_opt(one.due)).collect(),
        }
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Also those of a holder that lost its lane: what was sent was sent.
async fn insert_attempts(connection: &mut AsyncPgConnection, requests: &[Report]) -> QueryResult<()> {
    let attempts = || requests.iter().map(|report| &report.attempt);
    InsertAttempts {
        ids: requests.iter().map(|_| Uuid::now_v7()).collect(),
        projects: requests.iter().map(|report| report.held.project_id).collect(),
        deliveries: requests.iter().map(|report| report.item.delivery_id.0).collect(),
        numbers: attempts().map(|attempt| attempt.number).collect(),
        at: attempts().map(|attempt| stamp(attempt.at)).collect(),
        triggers: attempts().map(|attempt| attempt.trigger.word()).collect(),
        codes: attempts().map(|attempt| attempt.status_code).collect(),
        durations: attempts().map(|attempt| attempt.duration_ms).collect(),
        errors: attempts().map(|attempt| attempt.error.clone()).collect(),
        heads: attempts().map(|attempt| attempt.response_head.clone()).collect(),
    }
    .execute(connection)
    .await
    .map(drop)
}
