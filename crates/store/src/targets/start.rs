//! Committing the intent to send.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{ids::TargetId, job::Kind, target::Status};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    budgets::{self, Ask, Balance, Budget, Throttle},
    identity::{intent_lock, is_held},
    lanes::Held,
    statement::statement,
    types::{Array, SqlStamp, Stamp, sql, stamp, time},
    writer::Batch,
};

/// The intent to send a part, and what has to be so that it may be sent.
#[derive(Debug, Clone)]
pub struct Start {
    /// The lane.
    pub held: Held,
    /// The target.
    pub target_id: TargetId,
    /// As it was read.
    pub rev: i32,
    /// As it was read; the start makes it one more.
    pub attempt: i32,
    /// As it was read.
    pub status: Status,
    /// When the item is due.
    pub due_at: Timestamp,
    /// The part.
    pub position: i16,
    /// The version of the account's tokens that will be used.
    pub token_version: i64,
    /// What will be sent.
    pub composed: Value,
    /// How long the request may take from the commit on.
    pub timeout: Duration,
    /// How long the lane is leased for when under half of that is left.
    pub lease: Duration,
    /// What sending it draws on.
    pub budgets: Vec<Budget>,
}

/// What became of the intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It stands: send now, and not after this.
    Go {
        /// By the database's clock.
        send_deadline: Timestamp,
        /// The database's clock when it was written.
        now: Timestamp,
        /// What is left of its budgets, as far as we know.
        balances: Vec<Balance>,
    },
    /// A budget that it draws on is used up: nothing was begun and nothing spent.
    Throttled(Throttle),
    /// The target was edited, moved or canceled, or it is not its time: read it again.
    Changed,
    /// The lane has gone to somebody else: stop.
    Lost,
    /// Publishing is held: give the lane back and look again in a while.
    Held,
}

pub(crate) struct StartBatch;

statement! {
    /// Locks the lanes, which an EXISTS would not, and prolongs leases that are more than half over. Publishing is held
    /// also while somebody waits for the lock to hold it.
    HoldLanes {
        kind: i16 as sql::SmallInt,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
        lease: f64 as sql::Double,
    } -> (sql::Uuid, sql::BigInt, sql::Text, sql::Bool) {
        concat!("WITH held AS MATERIALIZED (\
           SELECT NOT pg_try_advisory_xact_lock_shared(", intent_lock!(), ") OR ", is_held!(), " AS held), \
         mine AS MATERIALIZED (\
           SELECT j.kind, j.key, j.fence, j.lease_until FROM jobs j JOIN unnest($2, $3) AS m(key, fence) \
             ON j.kind = $1 AND j.key = m.key AND j.fence = m.fence ORDER BY j.kind, j.key FOR NO KEY UPDATE OF j), \
         longer AS (\
           UPDATE jobs j SET lease_until = clock_timestamp() + make_interval(secs => $4) FROM mine \
           WHERE j.kind = mine.kind AND j.key = mine.key \
             AND mine.lease_until < clock_timestamp() + make_interval(secs => $4 / 2)) \
         SELECT key, fence, pg_current_xact_id()::text, held FROM mine, held")
    }
}

statement! {
    /// Locks the targets that may be sent. A disconnected or held account sends nothing, and neither do tokens that have
    /// been replaced; a repeat that is to find something out may. Whether publishing is held is read again: somebody may
    /// have held it before the lock was taken that the statement before took.
    FitTargets {
        targets: Vec<Uuid> as Array<sql::Uuid>,
        revs: Vec<i32> as Array<sql::Integer>,
        attempts: Vec<i32> as Array<sql::Integer>,
        states: Vec<String> as Array<sql::Text>,
        due: Vec<Stamp> as Array<SqlStamp>,
        versions: Vec<i64> as Array<sql::BigInt>,
    } -> (sql::Uuid,) {
        "SELECT t.id FROM unnest($1, $2, $3, $4, $5, $6) AS u(id, rev, attempt, state, due, version) \
           JOIN post_targets t ON t.id = u.id JOIN social_accounts a ON a.id = t.account_id \
           LEFT JOIN account_tokens k ON k.account_id = a.id \
         WHERE (t.state = 'unconfirmed' OR a.status = 'active' AND k.version = u.version) AND t.rev = u.rev AND t.attempt = u.attempt AND t.state = u.state AND u.due <= clock_timestamp() \
           AND (t.expire_at > clock_timestamp() OR t.state = 'unconfirmed') \
           AND t.state IN ('scheduled', 'queued', 'publishing', 'unconfirmed') \
           AND NOT EXISTS (SELECT 1 FROM instance_identity WHERE one AND held_at IS NOT NULL AND released_at IS NULL) \
         ORDER BY t.id FOR NO KEY UPDATE OF t"
    }
}

statement! {
    /// The targets are locked and fit; only their time may have run out while others held the budgets. Parts are only
    /// ever written with their target locked, so that this comes after the budgets breaks no order.
    StartParts {
        targets: Vec<Uuid> as Array<sql::Uuid>,
        positions: Vec<i16> as Array<sql::SmallInt>,
        composed: Vec<Value> as Array<sql::Jsonb>,
        timeouts: Vec<f64> as Array<sql::Double>,
    } -> (sql::Uuid, SqlStamp, SqlStamp) {
        "WITH begun AS (\
           UPDATE post_targets t SET state = 'publishing', attempt = t.attempt + 1, next_at = NULL, \
             probes = t.probes + CASE WHEN t.state = 'unconfirmed' THEN 1 ELSE 0 END, updated_at = clock_timestamp() \
           FROM unnest($1, $2, $3, $4) AS u(id, position, composed, timeout) \
           WHERE t.id = u.id AND (t.expire_at > clock_timestamp() OR t.state = 'unconfirmed') \
           RETURNING t.id, t.attempt, u.position, u.composed, u.timeout) \
         UPDATE target_parts r SET status = 'sending', attempt = begun.attempt, sent_at = clock_timestamp(), \
           send_deadline = clock_timestamp() + make_interval(secs => begun.timeout), composed = begun.composed, \
           error_code = NULL, error_message = NULL \
         FROM begun WHERE r.target_id = begun.id AND r.position = begun.position \
         RETURNING r.target_id, r.send_deadline, r.sent_at"
    }
}

statement! {
    /// A repeat takes its old place in the line again: were it cut off where it waited to be asked about, everything that
    /// was due before then would be read first, and go out while its request may be under way.
    TakePlaces { targets: Vec<Uuid> as Array<sql::Uuid> } {
        "UPDATE publish_queue SET due_at = first_due_at \
         WHERE op = 'publish' AND subject_id = ANY($1) AND due_at > first_due_at"
    }
}

impl Batch for StartBatch {
    type Request = Start;
    type Answer = Started;
    const ATTEMPT: &'static str = "commit the intent to send";

    fn rows(_request: &Start) -> usize {
        2
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Start],
        seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Started>>> {
        async move {
            let lanes: Vec<(Uuid, i64, String, bool)> = HoldLanes {
                kind: Kind::Publish.number(),
                keys: requests.iter().map(|start| start.held.key).collect(),
                fences: requests.iter().map(|start| start.held.fence).collect(),
                lease: requests.iter().map(|start| start.lease).max().unwrap_or_default().as_secs_f64(),
            }
            .load(connection)
            .await?;
            *seen = lanes.iter().map(|lane| lane.2.clone()).next();
            let is_held = lanes.iter().any(|lane| lane.3);
            let held: HashSet<_> = lanes.into_iter().map(|lane| (lane.0, lane.1)).collect();
            let mine: Vec<_> = requests
                .iter()
                .filter(|start| !is_held && held.contains(&(start.held.key, start.held.fence)))
                .collect();
            let fit = fit_targets(connection, &mine).await?;
            let may: Vec<_> = mine.into_iter().filter(|start| fit.contains(&start.target_id.0)).collect();
            let asks: Vec<_> =
                may.iter().map(|start| Ask { project: start.held.project_id, budgets: &start.budgets }).collect();
            let mut granted = HashMap::new();
            let mut throttled = HashMap::new();
            for (start, answer) in may.iter().zip(budgets::take(connection, &asks).await?) {
                match answer {
                    Ok(balances) => drop(granted.insert(start.target_id.0, balances)),
                    Err(throttle) => drop(throttled.insert(start.target_id.0, throttle)),
                }
            }
            let goes: Vec<_> = may.into_iter().filter(|start| granted.contains_key(&start.target_id.0)).collect();
            let begun = start_parts(connection, &goes).await?;
            let mut answer = |start: &Start| {
                if !held.contains(&(start.held.key, start.held.fence)) {
                    return Started::Lost;
                }
                if is_held {
                    return Started::Held;
                }
                if let Some(throttle) = throttled.remove(&start.target_id.0) {
                    return Started::Throttled(throttle);
                }
                let balances = granted.remove(&start.target_id.0).unwrap_or_default();
                match begun.get(&start.target_id.0) {
                    Some((send_deadline, now)) => Started::Go { send_deadline: *send_deadline, now: *now, balances },
                    None => Started::Changed,
                }
            };
            Ok(requests.iter().map(&mut answer).collect())
        }
        .boxed()
    }
}

async fn fit_targets(connection: &mut AsyncPgConnection, starts: &[&Start]) -> QueryResult<HashSet<Uuid>> {
    if starts.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<(Uuid,)> = FitTargets {
        targets: starts.iter().map(|start| start.target_id.0).collect(),
        revs: starts.iter().map(|start| start.rev).collect(),
        attempts: starts.iter().map(|start| start.attempt).collect(),
        states: starts.iter().map(|start| start.status.word().to_owned()).collect(),
        due: starts.iter().map(|start| stamp(start.due_at)).collect(),
        versions: starts.iter().map(|start| start.token_version).collect(),
    }
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

async fn start_parts(
    connection: &mut AsyncPgConnection,
    starts: &[&Start],
) -> QueryResult<HashMap<Uuid, (Timestamp, Timestamp)>> {
    if starts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Stamp, Stamp)> = StartParts {
        targets: starts.iter().map(|start| start.target_id.0).collect(),
        positions: starts.iter().map(|start| start.position).collect(),
        composed: starts.iter().map(|start| start.composed.clone()).collect(),
        timeouts: starts.iter().map(|start| start.timeout.as_secs_f64()).collect(),
    }
    .load(connection)
    .await?;
    // Their targets are locked, and nobody moves an item without that.
    let repeats: Vec<_> =
        starts.iter().filter(|start| start.status == Status::Unconfirmed).map(|start| start.target_id.0).collect();
    if !repeats.is_empty() {
        TakePlaces { targets: repeats }.execute(connection).await?;
    }
    Ok(rows.into_iter().map(|(id, deadline, now)| (id, (time(deadline), time(now)))).collect())
}
