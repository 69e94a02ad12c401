//! Deliveries that the caller asks for: a test event, and one more try of an old one.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{DeliveryId, EndpointId, EventId},
    webhook::{Delivery, Trigger},
};
use futures::FutureExt;
use serde_json::json;
use uuid::Uuid;

use super::{
    change::lane,
    history::{DeliveryRow, SqlDelivery, with_attempts},
};
use crate::{
    Database, StoreError,
    audit::Actor,
    idempotency::{self, Answer, Once},
    identity::event_xid,
    lanes::wake,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp},
};

/// The type of test events. They go to the endpoint they were asked for and are in no list of events.
pub const TEST_EVENT: &str = "endpoint.test";

/// What came of asking for a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// It is on its way.
    Queued(Answer<Delivery>),
    /// There is no such endpoint or delivery.
    NotFound,
    /// The endpoint gets nothing until it is enabled.
    Disabled,
    /// The event is no longer kept.
    Forgotten,
}

/// Sends an event of the type [`TEST_EVENT`] to one endpoint.
///
/// # Errors
/// [`StoreError`].
pub async fn test(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
    once: Option<Once>,
) -> Result<Sent, StoreError> {
    let (by, of) = (actor.clone(), owner.map(str::to_owned));
    let done = idempotency::once(database, once, "send a test event", move |connection| {
        async move {
            let Some((url, status, external_id)) = open(connection, &by, of, id).await? else { return Ok(None) };
            let (event, seq) = (EventId(Uuid::now_v7()), by.at.as_microsecond());
            let webhook = json!({"id": id, "url": url, "status": status, "failing_since": null});
            let body = json!({
                "id": event, "type": TEST_EVENT, "timestamp": by.at, "data": {"webhook": webhook, "resource_seq": seq},
            });
            let rows: Vec<DeliveryRow> = InsertTest {
                delivery: DeliveryId(Uuid::now_v7()).0,
                event: event.0,
                project: by.project_id.0,
                endpoint: id.0,
                kind: TEST_EVENT,
                seq,
                owners: external_id.into_iter().collect(),
                body: body.to_string(),
                at: stamp(by.at),
                trigger: Trigger::Test.word(),
            }
            .load(connection)
            .await?;
            Ok(with_attempts(connection, rows).await?.pop())
        }
        .boxed()
    })
    .await?;
    outcome(database, actor, owner, id, None, done).await
}

/// Tries a delivery once more, now, whatever became of it.
///
/// # Errors
/// [`StoreError`].
pub async fn retry(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
    delivery: DeliveryId,
    once: Option<Once>,
) -> Result<Sent, StoreError> {
    let (by, of) = (actor.clone(), owner.map(str::to_owned));
    let done = idempotency::once(database, once, "retry a delivery", move |connection| {
        async move {
            if open(connection, &by, of, id).await?.is_none() {
                return Ok(None);
            }
            let trigger = Trigger::Manual.word();
            let queued = Requeue { project: by.project_id.0, endpoint: id.0, delivery: delivery.0, trigger }
                .execute(connection)
                .await?;
            if queued == 0 {
                return Ok(None);
            }
            let rows: Vec<DeliveryRow> = Reopen { delivery: delivery.0 }.load(connection).await?;
            Ok(with_attempts(connection, rows).await?.pop())
        }
        .boxed()
    })
    .await?;
    outcome(database, actor, owner, id, Some(delivery), done).await
}

/// Locks an endpoint that gets something and wakes its lane: its URL, status and owner.
async fn open(
    connection: &mut AsyncPgConnection,
    actor: &Actor,
    owner: Option<String>,
    id: EndpointId,
) -> QueryResult<Option<(String, String, Option<String>)>> {
    let rows = LockOpen { project: actor.project_id.0, id: id.0, owner }.load(connection).await?;
    if !rows.is_empty() {
        wake(connection, &[lane(actor, id)]).await?;
    }
    Ok(rows.into_iter().next())
}

/// Where nothing was queued, finds out why.
async fn outcome(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
    delivery: Option<DeliveryId>,
    done: Option<Answer<Delivery>>,
) -> Result<Sent, StoreError> {
    if let Some(done) = done {
        database.doorbell().ring();
        return Ok(Sent::Queued(done));
    }
    let mut connection = database.connection().await?;
    let rows: Vec<(bool, bool)> = Why {
        project: actor.project_id.0,
        endpoint: id.0,
        owner: owner.map(str::to_owned),
        delivery: delivery.map(|delivery| delivery.0),
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("look at a delivery"))?;
    Ok(match rows.as_slice() {
        [(_, false), ..] | [] => Sent::NotFound,
        [(true, _), ..] => Sent::Disabled,
        [(false, true), ..] => Sent::Forgotten,
    })
}

statement! {
    LockOpen { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid, owner: Option<String> as Nullable<sql::Text> }
        -> (sql::Text, sql::Text, Nullable<sql::Text>) {
        "SELECT url, status, external_id FROM webhook_endpoints WHERE project_id = $1 AND id = $2 \
           AND deleted_at IS NULL AND status <> 'disabled' AND ($3::text IS NULL OR external_id = $3) \
         FOR NO KEY UPDATE"
    }
}

statement! {
    InsertTest {
        delivery: Uuid as sql::Uuid,
        event: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        endpoint: Uuid as sql::Uuid,
        kind: &'static str as sql::Text,
        seq: i64 as sql::BigInt,
        owners: Vec<String> as Array<sql::Text>,
        body: String as sql::Text,
        at: Stamp as SqlStamp,
        trigger: &'static str as sql::Text,
    } -> SqlDelivery {
        concat!("WITH queued AS (\
           INSERT INTO delivery_queue (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, \
             resource_seq, trigger) VALUES ($4, clock_timestamp(), $2, $1, $3, $4, $6, $10)), \
         happened AS (\
           INSERT INTO events (id, xid, project_id, type, resource_id, resource_seq, owners, body, created_at) \
           VALUES ($2, ", event_xid!(), ", $3, $5, $4, $6, $7, $8, $9)) \
         INSERT INTO webhook_deliveries (id, project_id, endpoint_id, event_id, event_type, next_attempt_at, created_at) \
         VALUES ($1, $3, $4, $2, $5, $9, $9) RETURNING id, event_id, event_type, status, next_attempt_at")
    }
}

statement! {
    /// Puts it back into the queue, or moves it to now where it waits there.
    Requeue {
        project: Uuid as sql::Uuid,
        endpoint: Uuid as sql::Uuid,
        delivery: Uuid as sql::Uuid,
        trigger: &'static str as sql::Text,
    } {
        "INSERT INTO delivery_queue AS q (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, \
           resource_seq, attempt, trigger) \
         SELECT d.endpoint_id, clock_timestamp(), d.event_id, d.id, d.project_id, e.resource_id, e.resource_seq, \
           (SELECT count(*) FROM webhook_attempts a WHERE a.delivery_id = d.id), $4 \
         FROM webhook_deliveries d JOIN events e ON e.id = d.event_id \
         WHERE d.id = $3 AND d.endpoint_id = $2 AND d.project_id = $1 \
         ON CONFLICT (endpoint_id, resource_id, resource_seq, event_id) DO UPDATE \
           SET due_at = LEAST(q.due_at, EXCLUDED.due_at), trigger = EXCLUDED.trigger"
    }
}

statement! {
    Reopen { delivery: Uuid as sql::Uuid } -> SqlDelivery {
        "UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = clock_timestamp() WHERE id = $1 \
         RETURNING id, event_id, event_type, status, next_attempt_at"
    }
}

statement! {
    Why {
        project: Uuid as sql::Uuid,
        endpoint: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        delivery: Option<Uuid> as Nullable<sql::Uuid>,
    } -> (sql::Bool, sql::Bool) {
        "SELECT w.status = 'disabled', $4::uuid IS NULL OR EXISTS (\
           SELECT 1 FROM webhook_deliveries d WHERE d.id = $4 AND d.endpoint_id = w.id) \
         FROM webhook_endpoints w WHERE w.project_id = $1 AND w.id = $2 AND w.deleted_at IS NULL \
           AND ($3::text IS NULL OR w.external_id = $3)"
    }
}
