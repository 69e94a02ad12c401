//! Reading what lanes have due, many lanes at a time.

use std::{collections::HashMap, time::Duration};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{EndpointId, EventId},
    webhook::{EndpointStatus, Ordering, Trigger},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Content, Destination, Due, Item, PATIENCE, SealedSecret, Standing, Wanted};
use crate::{
    StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time, word},
    writer::Batch,
};

pub(super) struct Read;

statement! {
    /// Before the items are read and in a statement of its own: a wake-up that this one sees belongs to items that the
    /// next one sees too, and any other stays in the mailbox.
    EmptyMailboxes {
        kind: i16 as sql::SmallInt,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
    } {
        "WITH mine AS MATERIALIZED (\
           SELECT j.kind, j.key FROM jobs j JOIN unnest($2, $3) AS m(key, fence) \
             ON j.kind = $1 AND j.key = m.key AND j.fence = m.fence \
           WHERE j.wake_at < 'infinity' ORDER BY j.key FOR NO KEY UPDATE OF j) \
         UPDATE jobs j SET wake_at = 'infinity' FROM mine WHERE j.kind = mine.kind AND j.key = mine.key"
    }
}

type DestinationRow =
    (Uuid, Uuid, String, String, bool, bool, Option<Vec<u8>>, i32, Option<i32>, String, Vec<Uuid>, Vec<Vec<u8>>);

statement! {
    Destinations { endpoints: Vec<Uuid> as Array<sql::Uuid>, patience: f64 as sql::Double } -> (
        sql::Uuid, sql::Uuid, sql::Text, sql::Text, sql::Bool, sql::Bool, Nullable<sql::Binary>, sql::Integer,
        Nullable<sql::Integer>, sql::Text, Array<sql::Uuid>, Array<sql::Binary>,
    ) {
        "SELECT e.id, e.project_id, e.url, e.status, e.deleted_at IS NOT NULL, \
           coalesce(e.failing_since <= now() - make_interval(secs => $2), false), \
           e.sealed_headers, e.max_in_flight, e.rate_per_second, e.ordering, \
           ARRAY(SELECT s.id FROM webhook_secrets s WHERE s.endpoint_id = e.id \
             AND (s.expires_at IS NULL OR s.expires_at > now()) ORDER BY s.created_at DESC, s.id DESC), \
           ARRAY(SELECT s.sealed FROM webhook_secrets s WHERE s.endpoint_id = e.id \
             AND (s.expires_at IS NULL OR s.expires_at > now()) ORDER BY s.created_at DESC, s.id DESC) \
         FROM webhook_endpoints e WHERE e.id = ANY($1)"
    }
}

type ItemRow = (Uuid, Uuid, Uuid, Uuid, i64, i32, String, f64, Option<String>, Option<String>, Option<Stamp>, Stamp);

statement! {
    /// Also sees what is not due yet, without its body: that tells when the lane is next due. An item of an ordered
    /// endpoint counts only as the first of its resource.
    Items {
        endpoints: Vec<Uuid> as Array<sql::Uuid>,
        rooms: Vec<i64> as Array<sql::BigInt>,
        busy: Vec<String> as Array<sql::Text>,
    } -> (
        sql::Uuid, sql::Uuid, sql::Uuid, sql::Uuid, sql::BigInt, sql::Integer, sql::Text, sql::Double,
        Nullable<sql::Text>, Nullable<sql::Text>, Nullable<SqlStamp>, SqlStamp,
    ) {
        "WITH want AS MATERIALIZED (\
           SELECT w.endpoint, w.room, w.busy::uuid[] AS busy, e.ordering = 'per_resource' AS ordered \
           FROM unnest($1, $2, $3) AS w(endpoint, room, busy) JOIN webhook_endpoints e ON e.id = w.endpoint \
           WHERE e.status <> 'disabled' AND e.deleted_at IS NULL) \
         SELECT q.endpoint_id, q.event_id, q.delivery_id, q.resource_id, q.resource_seq, q.attempt, q.trigger, \
           extract(epoch FROM q.due_at - statement_timestamp())::float8, v.body, v.trace, v.created_at, \
           statement_timestamp() \
         FROM want w CROSS JOIN LATERAL (\
           SELECT * FROM delivery_queue d WHERE d.endpoint_id = w.endpoint AND d.event_id <> ALL(w.busy) \
             AND (NOT w.ordered OR NOT EXISTS (\
               SELECT 1 FROM delivery_queue b WHERE b.endpoint_id = d.endpoint_id AND b.resource_id = d.resource_id \
                 AND (b.resource_seq, b.event_id) < (d.resource_seq, d.event_id))) \
           ORDER BY d.due_at, d.event_id LIMIT w.room) q \
         LEFT JOIN events v ON v.id = q.event_id AND q.due_at <= statement_timestamp() \
         ORDER BY q.endpoint_id, q.due_at, q.event_id"
    }
}

impl Batch for Read {
    type Request = Wanted;
    type Answer = Result<Due, StoreError>;
    const ATTEMPT: &'static str = "read due deliveries";

    /// Bodies are what costs here, so a flush is about a hundred lanes and not a thousand.
    fn rows(request: &Wanted) -> usize {
        request.room as usize
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Wanted],
        _seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Result<Due, StoreError>>>> {
        async move {
            let endpoints: Vec<Uuid> = requests.iter().map(|request| request.held.key).collect();
            EmptyMailboxes {
                kind: domain::job::Kind::Deliver.number(),
                keys: endpoints.clone(),
                fences: requests.iter().map(|request| request.held.fence).collect(),
            }
            .execute(connection)
            .await?;
            let destinations: Vec<DestinationRow> =
                Destinations { endpoints: endpoints.clone(), patience: PATIENCE.as_secs_f64() }
                    .load(connection)
                    .await?;
            let items: Vec<ItemRow> = Items {
                endpoints,
                rooms: requests.iter().map(|request| i64::from(request.room)).collect(),
                busy: requests.iter().map(|request| uuids(&request.busy)).collect(),
            }
            .load(connection)
            .await?;
            let mut destinations: HashMap<_, _> =
                destinations.into_iter().map(|row| (row.0, destination(row))).collect();
            let mut rows: HashMap<Uuid, Vec<ItemRow>> = HashMap::new();
            for row in items {
                rows.entry(row.0).or_default().push(row);
            }
            let answer = |request: &Wanted| {
                let key = request.held.key;
                let destination = destinations.remove(&key).transpose()?;
                due(destination, rows.remove(&key).unwrap_or_default(), request)
            };
            Ok(requests.iter().map(answer).collect())
        }
        .boxed()
    }
}

/// The text form of a `uuid[]`: arrays of arrays of different lengths do not travel.
fn uuids(events: &[EventId]) -> String {
    let listed: Vec<String> = events.iter().map(|event| event.0.to_string()).collect();
    format!("{{{}}}", listed.join(","))
}

fn destination(row: DestinationRow) -> Result<Destination, StoreError> {
    let (id, project, url, status, is_deleted, is_overdue, sealed_headers, in_flight, rate, ordering, ids, sealed) =
        row;
    let standing = match word(&status)? {
        _ if is_deleted => Standing::Deleted,
        EndpointStatus::Active => Standing::Active,
        EndpointStatus::Degraded => Standing::Degraded,
        EndpointStatus::Disabled => Standing::Disabled,
    };
    Ok(Destination {
        id: EndpointId(id),
        project_id: project.into(),
        url,
        standing,
        is_overdue,
        sealed_headers,
        secrets: ids.into_iter().zip(sealed).map(|(id, sealed)| SealedSecret { id, sealed }).collect(),
        max_in_flight: u32::try_from(in_flight).unwrap_or(1).max(1),
        rate_per_second: rate.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0),
        is_ordered: word::<Ordering>(&ordering)? == Ordering::PerResource,
    })
}

fn due(destination: Option<Destination>, rows: Vec<ItemRow>, request: &Wanted) -> Result<Due, StoreError> {
    let at = rows.as_slice().first().map_or(request.held.taken_at, |row| time(row.11));
    let seen = rows.len();
    let mut items = Vec::with_capacity(seen);
    let mut next_in = None;
    for row in rows {
        let (_, event, delivery, resource_id, resource_seq, attempts, trigger, seconds, body, trace, created_at, _) =
            row;
        if seconds > 0.0 {
            next_in = Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
            break;
        }
        items.push(Item {
            event_id: event.into(),
            delivery_id: delivery.into(),
            resource_id,
            resource_seq,
            attempts,
            trigger: word::<Trigger>(&trigger)?,
            content: body.zip(created_at).map(|(body, at)| Content { body, trace, created_at: time(at) }),
        });
    }
    let more = next_in.is_none() && seen >= request.room as usize;
    Ok(Due { destination, items, next_in, more, at })
}

/// For callers that schedule by the database's clock.
impl Due {
    /// When the next item is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        let next = jiff::SignedDuration::try_from(self.next_in?).ok()?;
        self.at.checked_add(next).ok()
    }
}
