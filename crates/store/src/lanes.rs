//! Lanes: who has work due, and who holds it.
//!
//! Schedule, lease and wake-up are three columns. `wake_at` is a mailbox that everybody may lower with `LEAST` and only
//! the holder raises; `lease_until` belongs to the holder; the fence tells a holder from the one before it. A message
//! is only a hint: whoever takes a lane must still match the fence that the claim left behind.

mod claim;

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::job::{Kind, Lane, Queue};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Database, StoreError, WriterSettings,
    identity::is_held,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time},
    writer::{Batch, Writer},
};
use claim::{Claim, ClaimRequest};

/// How far ahead of its time a lane is handed over, so that a timer and not a poll decides when it starts.
pub const LOOK_AHEAD: Duration = Duration::from_secs(1);

/// How long lanes are leased.
#[derive(Debug, Clone, Copy)]
pub struct LeaseSettings {
    /// From the claim until a worker has taken it.
    pub handover: Duration,
    /// From the take on; a holder renews it.
    pub hold: Duration,
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self { handover: Duration::from_secs(15), hold: Duration::from_secs(60) }
    }
}

/// A lane that this process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What kind of actor.
    pub kind: Kind,
    /// Which one.
    pub key: Uuid,
    /// The fence that every write of this holder names.
    pub fence: i64,
    /// The tenant.
    pub project_id: Uuid,
    /// W3C `traceparent` of what made it due.
    pub trace: Option<String>,
    /// The database's clock when it was taken.
    pub taken_at: Timestamp,
}

/// Claims, takes and releases lanes.
#[derive(Clone)]
pub struct Lanes {
    database: Database,
    lease: LeaseSettings,
    claim: Writer<Claim>,
    take: Writer<Take>,
    release: Writer<Release>,
}

impl Lanes {
    /// Starts the writers.
    pub fn new(database: Database, lease: LeaseSettings) -> Self {
        let relaxed = WriterSettings { durable: false, ..WriterSettings::default() };
        Self {
            claim: Writer::start(database.clone(), relaxed),
            take: Writer::start(database.clone(), relaxed),
            release: Writer::start(database.clone(), relaxed),
            database,
            lease,
        }
    }

    /// The queues with something due, at most [`LOOK_AHEAD`] ahead. While publishing is held those are left out whose
    /// lanes touch a network: besides posts also refreshes, since a clone must not use up the tokens of its original.
    /// One statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self) -> Result<Due, StoreError> {
        let mut connection = self.database.connection().await?;
        let queues: Vec<i16> = Queue::all().map(Queue::number).collect();
        let unheld: Vec<i16> = Queue::all().filter(|queue| *queue == Queue::Deliver).map(Queue::number).collect();
        let (is_held, due): (bool, Vec<i16>) = DueQueues { queues, ahead: LOOK_AHEAD.as_secs_f64(), unheld }
            .get_result(&mut connection)
            .await
            .map_err(StoreError::from_diesel("name the queues with something due"))?;
        Ok(Due { queues: due.into_iter().filter_map(Queue::from_number).collect(), is_held })
    }

    /// Leases lanes of a queue that are due, in the order they are. At most `window` lanes of the queue are leased at once
    /// by everybody together, so that a backlog waits here and not in the broker; and those that are not due yet fill no
    /// more than half of it, so that what is due at once does not wait behind them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, queue: Queue, window: i64) -> Result<Vec<Lane>, StoreError> {
        self.claim.write(ClaimRequest { queue, window, lease: self.lease.handover }).await
    }

    /// Takes lanes that were handed over. Those whose fence has moved on are left out: the message was a duplicate, or
    /// came too late.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take(&self, lanes: Vec<Lane>) -> Result<Vec<Held>, StoreError> {
        self.take.write(TakeRequest { lanes, lease: self.lease.hold }).await
    }

    /// Prolongs a lease. `false` when the lane has gone to somebody else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(&self, held: &Held) -> Result<bool, StoreError> {
        let mut connection = self.database.connection().await?;
        let renewed =
            Renew { kind: held.kind.number(), key: held.key, fence: held.fence, lease: self.lease.hold.as_secs_f64() }
                .execute(&mut connection)
                .await
                .map_err(StoreError::from_diesel("renew a lease"))?;
        Ok(renewed == 1)
    }

    /// Gives a lane back. `next` is when the holder knows of something due; what arrived meanwhile is in the mailbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release(&self, held: Held, next: Option<Timestamp>) -> Result<(), StoreError> {
        self.release.write(ReleaseRequest { held, next }).await?;
        // The mailbox may hold something due already; one look too many is cheap.
        self.database.doorbell().ring();
        Ok(())
    }

    /// Lanes leased and the age of the oldest lane that is due and not leased, by queue. For metrics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let mut connection = self.database.connection().await?;
        let rows: Vec<(i16, f64)> = OldestDue { queues: Queue::all().map(Queue::number).collect() }
            .load(&mut connection)
            .await
            .map_err(StoreError::from_diesel("measure the backlog"))?;
        Ok(rows
            .into_iter()
            .filter_map(|(number, oldest_due_seconds)| {
                Some(Backlog { queue: Queue::from_number(number)?, oldest_due_seconds })
            })
            .collect())
    }
}

/// What there is to hand over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The queues with something due.
    pub queues: Vec<Queue>,
    /// Whether publishing is held: see [`crate::identity`].
    pub is_held: bool,
}

/// How far behind a queue is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// Which.
    pub queue: Queue,
    /// Seconds since its oldest waiting lane was due; 0 when none is.
    pub oldest_due_seconds: f64,
}

statement! {
    /// One index probe a queue, or two, whatever waits in it. The clock has to stand still within a statement: one that
    /// does not bounds no index.
    DueQueues {
        queues: Vec<i16> as Array<sql::SmallInt>,
        ahead: f64 as sql::Double,
        unheld: Vec<i16> as Array<sql::SmallInt>,
    } -> (sql::Bool, Array<sql::SmallInt>) {
        concat!("WITH held AS MATERIALIZED (SELECT ", is_held!(), " AS held) \
         SELECT held, ARRAY(SELECT q FROM unnest($1) AS q WHERE (NOT held OR q = ANY($3)) AND (\
             EXISTS (SELECT 1 FROM jobs WHERE queue = q AND lease_until IS NULL AND due_at < 'infinity' \
               AND due_at <= statement_timestamp() + make_interval(secs => $2)) \
             OR EXISTS (SELECT 1 FROM jobs WHERE queue = q AND lease_until IS NOT NULL \
               AND due_at <= statement_timestamp()))) FROM held")
    }
}

statement! {
    Renew { kind: i16 as sql::SmallInt, key: Uuid as sql::Uuid, fence: i64 as sql::BigInt, lease: f64 as sql::Double } {
        "UPDATE jobs SET lease_until = clock_timestamp() + make_interval(secs => $4) \
         WHERE kind = $1 AND key = $2 AND fence = $3 AND lease_until IS NOT NULL"
    }
}

statement! {
    OldestDue { queues: Vec<i16> as Array<sql::SmallInt> } -> (sql::SmallInt, sql::Double) {
        "SELECT q, greatest(\
           coalesce((SELECT extract(epoch FROM statement_timestamp() - due_at)::float8 FROM jobs WHERE queue = q \
             AND lease_until IS NULL AND due_at < 'infinity' AND due_at <= statement_timestamp() ORDER BY due_at LIMIT 1), 0), \
           coalesce((SELECT extract(epoch FROM statement_timestamp() - due_at)::float8 FROM jobs WHERE queue = q \
             AND lease_until IS NOT NULL AND due_at <= statement_timestamp() ORDER BY due_at LIMIT 1), 0)) \
         FROM unnest($1) AS q"
    }
}

struct TakeRequest {
    lanes: Vec<Lane>,
    lease: Duration,
}

struct Take;

statement! {
    TakeLanes {
        kinds: Vec<i16> as Array<sql::SmallInt>,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
        lease: f64 as sql::Double,
    } -> (sql::SmallInt, sql::Uuid, sql::BigInt, sql::Uuid, Nullable<sql::Text>, SqlStamp) {
        "WITH mine AS MATERIALIZED (\
           SELECT j.kind, j.key FROM jobs j JOIN unnest($1, $2, $3) AS m(kind, key, fence) \
             ON j.kind = m.kind AND j.key = m.key AND j.fence = m.fence \
           ORDER BY j.kind, j.key FOR NO KEY UPDATE OF j) \
         UPDATE jobs j SET fence = j.fence + 1, lease_until = clock_timestamp() + make_interval(secs => $4), \
           wake_at = 'infinity', trace = NULL \
         FROM mine, jobs old \
         WHERE j.kind = mine.kind AND j.key = mine.key AND old.kind = mine.kind AND old.key = mine.key \
         RETURNING j.kind, j.key, j.fence, j.project_id, old.trace, clock_timestamp()"
    }
}

impl Batch for Take {
    type Request = TakeRequest;
    type Answer = Vec<Held>;
    const ATTEMPT: &'static str = "take lanes";

    fn rows(request: &TakeRequest) -> usize {
        request.lanes.len()
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [TakeRequest],
        _seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Vec<Held>>>> {
        async move {
            let lanes = || requests.iter().flat_map(|request| &request.lanes);
            let rows: Vec<(i16, Uuid, i64, Uuid, Option<String>, Stamp)> = TakeLanes {
                kinds: lanes().map(|lane| lane.kind.number()).collect(),
                keys: lanes().map(|lane| lane.key).collect(),
                fences: lanes().map(|lane| lane.fence).collect(),
                lease: requests.iter().map(|request| request.lease).max().unwrap_or_default().as_secs_f64(),
            }
            .load(connection)
            .await?;
            // A lane that two messages named is given to the first: a batch may hold a duplicate too.
            let mut taken: std::collections::HashMap<_, _> = rows
                .into_iter()
                .map(|(kind, key, fence, project_id, trace, at)| ((kind, key), (fence, project_id, trace, time(at))))
                .collect();
            let answer = |request: &TakeRequest| {
                request
                    .lanes
                    .iter()
                    .filter_map(|lane| {
                        let (fence, project_id, trace, taken_at) = taken.remove(&(lane.kind.number(), lane.key))?;
                        Some(Held { kind: lane.kind, key: lane.key, fence, project_id, trace, taken_at })
                    })
                    .collect()
            };
            Ok(requests.iter().map(answer).collect())
        }
        .boxed()
    }
}

struct ReleaseRequest {
    held: Held,
    next: Option<Timestamp>,
}

struct Release;

statement! {
    /// The holder's own item is one more letter in the mailbox, never a value computed from a snapshot.
    ReleaseLanes {
        kinds: Vec<i16> as Array<sql::SmallInt>,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
        nexts: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
    } {
        "WITH mine AS MATERIALIZED (\
           SELECT j.kind, j.key, m.next FROM jobs j JOIN unnest($1, $2, $3, $4) AS m(kind, key, fence, next) \
             ON j.kind = m.kind AND j.key = m.key AND j.fence = m.fence \
           ORDER BY j.kind, j.key FOR NO KEY UPDATE OF j) \
         UPDATE jobs j SET lease_until = NULL, wake_at = LEAST(j.wake_at, COALESCE(mine.next, 'infinity')) \
         FROM mine WHERE j.kind = mine.kind AND j.key = mine.key"
    }
}

impl Batch for Release {
    type Request = ReleaseRequest;
    type Answer = ();
    const ATTEMPT: &'static str = "release lanes";

    fn rows(_request: &ReleaseRequest) -> usize {
        1
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [ReleaseRequest],
        _seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<()>>> {
        async move {
            ReleaseLanes {
                kinds: requests.iter().map(|request| request.held.kind.number()).collect(),
                keys: requests.iter().map(|request| request.held.key).collect(),
                fences: requests.iter().map(|request| request.held.fence).collect(),
                nexts: requests.iter().map(|request| stamp_opt(request.next)).collect(),
            }
            .execute(connection)
            .await?;
            Ok(vec![(); requests.len()])
        }
        .boxed()
    }
}

/// A lane to be woken, at the latest at `at`.
pub(crate) struct Wake {
    pub(crate) kind: Kind,
    pub(crate) key: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) queue: Queue,
    pub(crate) at: Timestamp,
    /// Items put behind it; their sequence numbers are dealt from the lane.
    pub(crate) items: i64,
    pub(crate) trace: Option<String>,
}

statement! {
    WakeLanes {
        kinds: Vec<i16> as Array<sql::SmallInt>,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        queues: Vec<i16> as Array<sql::SmallInt>,
        at: Vec<Stamp> as Array<SqlStamp>,
        items: Vec<i64> as Array<sql::BigInt>,
        traces: Vec<Option<String>> as Array<Nullable<sql::Text>>,
    } -> (sql::SmallInt, sql::Uuid, sql::BigInt) {
        "INSERT INTO jobs (kind, key, project_id, queue, wake_at, next_seq, trace) \
         SELECT k, a, (array_agg(p))[1], min(q), min(w), sum(n), min(t) FROM unnest($1, $2, $3, $4, $5, $6, $7) \
           AS u(k, a, p, q, w, n, t) GROUP BY k, a ORDER BY k, a \
         ON CONFLICT (kind, key) DO UPDATE SET wake_at = LEAST(jobs.wake_at, EXCLUDED.wake_at), \
           next_seq = jobs.next_seq + EXCLUDED.next_seq, trace = COALESCE(EXCLUDED.trace, jobs.trace) \
         RETURNING kind, key, next_seq"
    }
}

/// Wakes lanes, making those that are not there yet. Returns each lane's `next_seq` after its items were counted in:
/// the caller deals `next_seq - items + 1 ..= next_seq`.
pub(crate) async fn wake(connection: &mut AsyncPgConnection, wakes: &[Wake]) -> QueryResult<Vec<(Kind, Uuid, i64)>> {
    if wakes.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i16, Uuid, i64)> = WakeLanes {
        kinds: wakes.iter().map(|wake| wake.kind.number()).collect(),
        keys: wakes.iter().map(|wake| wake.key).collect(),
        projects: wakes.iter().map(|wake| wake.project_id).collect(),
        queues: wakes.iter().map(|wake| wake.queue.number()).collect(),
        at: wakes.iter().map(|wake| stamp(wake.at)).collect(),
        items: wakes.iter().map(|wake| wake.items).collect(),
        traces: wakes.iter().map(|wake| wake.trace.clone()).collect(),
    }
    .load(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|(kind, key, seq)| Some((Kind::from_number(kind)?, key, seq))).collect())
}
