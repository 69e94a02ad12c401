//! Events and their deliveries, written in the transaction that changes the state.
//!
//! Two steps, because of the lock order: [`wake_listeners`] early, among the lanes, and [`record`] last, among the
//! queues and append-only tables. A lane woken for nothing is harmless; one not woken would be late.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    event::EventType,
    ids::{DeliveryId, EventId},
};
use futures::try_join;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    identity::event_xid,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp},
};

/// Something that happened, about to be recorded.
pub(crate) struct NewEvent {
    pub(crate) id: EventId,
    pub(crate) project_id: Uuid,
    pub(crate) kind: EventType,
    pub(crate) resource_id: Uuid,
    pub(crate) resource_seq: i64,
    /// The owners of all accounts it touches; `""` for an account without one.
    pub(crate) owners: Vec<String>,
    pub(crate) body: String,
    pub(crate) trace: Option<String>,
    pub(crate) at: Timestamp,
}

/// A webhook endpoint that may want to hear of what happens in this transaction.
pub(crate) struct Listener {
    pub(crate) id: Uuid,
    project_id: Uuid,
    events: Vec<String>,
    external_id: Option<String>,
    is_disabled: bool,
}

impl Listener {
    fn wants(&self, event: &NewEvent) -> bool {
        self.project_id == event.project_id
            && self.events.iter().any(|name| name == "*" || name == event.kind.name())
            && self
                .external_id
                .as_ref()
                .is_none_or(|owner| !event.owners.is_empty() && event.owners.iter().all(|touched| touched == owner))
    }
}

statement! {
    WakeListeners {
        projects: Vec<Uuid> as Array<sql::Uuid>,
        events: Vec<String> as Array<sql::Text>,
        kind: i16 as sql::SmallInt,
        queue: i16 as sql::SmallInt,
        trace: Option<String> as Nullable<sql::Text>,
    } -> (sql::Uuid, sql::Uuid, Array<sql::Text>, Nullable<sql::Text>, sql::Bool) {
        "WITH listening AS MATERIALIZED (\
           SELECT id, project_id, events, external_id, status = 'disabled' AS off FROM webhook_endpoints \
           WHERE project_id = ANY($1) AND deleted_at IS NULL AND (events && $2 OR '*' = ANY(events))), \
         woken AS (\
           INSERT INTO jobs (kind, key, project_id, queue, wake_at, trace) \
           SELECT $3, id, project_id, $4, clock_timestamp(), $5 FROM listening ORDER BY id \
           ON CONFLICT (kind, key) DO UPDATE SET wake_at = LEAST(jobs.wake_at, EXCLUDED.wake_at), \
             trace = COALESCE(EXCLUDED.trace, jobs.trace)) \
         SELECT id, project_id, events, external_id, off FROM listening"
    }
}

type ListenerRow = (Uuid, Uuid, Vec<String>, Option<String>, bool);

/// Wakes the lanes of all endpoints of these projects that listen to one of these types, and returns them. Also of
/// disabled ones: one may be enabled before this transaction commits.
pub(crate) async fn wake_listeners(
    connection: &mut AsyncPgConnection,
    mut projects: Vec<Uuid>,
    kinds: &[EventType],
    trace: Option<String>,
) -> QueryResult<Vec<Listener>> {
    projects.sort_unstable();
    projects.dedup();
    let rows: Vec<ListenerRow> = WakeListeners {
        projects,
        events: kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        kind: domain::job::Kind::Deliver.number(),
        queue: domain::job::Queue::Deliver.number(),
        trace,
    }
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, project_id, events, external_id, is_disabled)| Listener {
            id,
            project_id,
            events,
            external_id,
            is_disabled,
        })
        .collect())
}

statement! {
    InsertEvents {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        kinds: Vec<String> as Array<sql::Text>,
        resources: Vec<Uuid> as Array<sql::Uuid>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        owners: Vec<String> as Array<sql::Text>,
        bodies: Vec<String> as Array<sql::Text>,
        traces: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        at: Vec<Stamp> as Array<SqlStamp>,
    } {
        concat!("INSERT INTO events (id, xid, project_id, type, resource_id, resource_seq, owners, body, trace, created_at) \
         SELECT i, ", event_xid!(), ", p, k, r, s, ARRAY(SELECT jsonb_array_elements_text(o::jsonb)), b, t, a \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS u(i, p, k, r, s, o, b, t, a)")
    }
}

statement! {
    InsertDeliveries {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        endpoints: Vec<Uuid> as Array<sql::Uuid>,
        events: Vec<Uuid> as Array<sql::Uuid>,
        kinds: Vec<String> as Array<sql::Text>,
        resources: Vec<Uuid> as Array<sql::Uuid>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        held: Vec<bool> as Array<sql::Bool>,
        at: Vec<Stamp> as Array<SqlStamp>,
    } {
        "WITH u AS MATERIALIZED (\
           SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS u(i, p, e, v, k, r, s, h, a)), \
         history AS (\
           INSERT INTO webhook_deliveries (id, project_id, endpoint_id, event_id, event_type, status, next_attempt_at, \
             created_at) SELECT i, p, e, v, k, CASE WHEN h THEN 'held' ELSE 'pending' END, a, a FROM u) \
         INSERT INTO delivery_queue (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, resource_seq) \
         SELECT e, a, v, i, p, r, s FROM u ORDER BY e, a, v"
    }
}

/// Records events, and a delivery for each listener that wants one.
pub(crate) async fn record(
    connection: &AsyncPgConnection,
    events: &[NewEvent],
    listeners: &[Listener],
) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    try_join!(insert_events(connection, events), insert_deliveries(connection, events, listeners))?;
    Ok(())
}

async fn insert_events(mut connection: &AsyncPgConnection, events: &[NewEvent]) -> QueryResult<()> {
    let rows = InsertEvents {
        ids: events.iter().map(|event| event.id.0).collect(),
        projects: events.iter().map(|event| event.project_id).collect(),
        kinds: events.iter().map(|event| event.kind.name().to_owned()).collect(),
        resources: events.iter().map(|event| event.resource_id).collect(),
        seqs: events.iter().map(|event| event.resource_seq).collect(),
        // PostgreSQL has no arrays of arrays of different lengths, so each travels as JSON.
        owners: events.iter().map(|event| serde_json::json!(event.owners).to_string()).collect(),
        bodies: events.iter().map(|event| event.body.clone()).collect(),
        traces: events.iter().map(|event| event.trace.clone()).collect(),
        at: events.iter().map(|event| stamp(event.at)).collect(),
    };
    rows.execute(&mut connection).await.map(drop)
}

async fn insert_deliveries(
    mut connection: &AsyncPgConnection,
    events: &[NewEvent],
    listeners: &[Listener],
) -> QueryResult<()> {
    let pairs: Vec<_> = events
        .iter()
        .flat_map(|event| listeners.iter().filter(|listener| listener.wants(event)).map(move |to| (event, to)))
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let rows = InsertDeliveries {
        ids: pairs.iter().map(|_| DeliveryId(Uuid::now_v7()).0).collect(),
        projects: pairs.iter().map(|(event, _)| event.project_id).collect(),
        endpoints: pairs.iter().map(|(_, to)| to.id).collect(),
        events: pairs.iter().map(|(event, _)| event.id.0).collect(),
        kinds: pairs.iter().map(|(event, _)| event.kind.name().to_owned()).collect(),
        resources: pairs.iter().map(|(event, _)| event.resource_id).collect(),
        seqs: pairs.iter().map(|(event, _)| event.resource_seq).collect(),
        held: pairs.iter().map(|(_, to)| to.is_disabled).collect(),
        at: pairs.iter().map(|(event, _)| stamp(event.at)).collect(),
    };
    rows.execute(&mut connection).await.map(drop)
}
