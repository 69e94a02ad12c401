//! Deliveries that the caller asks for: a test event, and one more try of an old one.

use diesel::{QueryResult, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{DeliveryId, EndpointId, EventId},
    webhook::{Delivery, DeliveryStatus, EndpointStatus, Trigger},
};
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
    Queued(Delivery),
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
) -> Result<Answer<Sent>, StoreError> {
    let (event, delivery) = (EventId(Uuid::now_v7()), DeliveryId(Uuid::now_v7()));
    queue(database, actor, owner, id, once, "send a test event", async |connection, destination| {
        let body = json!({
            "id": event, "type": TEST_EVENT, "timestamp": actor.at,
            "data": {
                "webhook": {"id": id, "url": destination.url, "status": destination.status, "failing_since": null},
                "resource_seq": actor.at.as_microsecond(),
            },
        });
        let rows = InsertTest {
            delivery: delivery.0,
            event: event.0,
            project: actor.project_id.0,
            endpoint: id.0,
            kind: TEST_EVENT,
            seq: actor.at.as_microsecond(),
            owners: destination.external_id.iter().cloned().collect(),
            body: body.to_string(),
            at: stamp(actor.at),
            trigger: Trigger::Test.word(),
        }
        .load(connection)
        .await?;
        Ok(Queueing::of(rows))
    })
    .await
}

/// Tries a delivery once more, now, whatever became of it.
///
/// # Errors
/// [`StoreError`].
pub async fn retry(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    (endpoint, delivery): (EndpointId, DeliveryId),
    once: Option<Once>,
) -> Result<Answer<Sent>, StoreError> {
    queue(database, actor, owner, endpoint, once, "retry a delivery", async |connection, _| {
        let asked = (actor.project_id.0, endpoint.0, delivery.0);
        let known: Vec<(bool,)> =
            FindEvent { project: asked.0, endpoint: asked.1, delivery: asked.2 }.load(connection).await?;
        match known.as_slice() {
            [] => return Ok(Queueing::Not(Sent::NotFound)),
            [(false,), ..] => return Ok(Queueing::Not(Sent::Forgotten)),
            _ => {}
        }
        Requeue { delivery: asked.2, trigger: Trigger::Manual.word() }.execute(connection).await?;
        let rows = Reopen { delivery: asked.2, status: DeliveryStatus::Pending.word() }.load(connection).await?;
        Ok(Queueing::of(rows))
    })
    .await
}

/// Where a delivery goes.
struct Destination {
    url: String,
    status: String,
    external_id: Option<String>,
}

enum Queueing {
    Row(DeliveryRow),
    Not(Sent),
}

impl Queueing {
    fn of(rows: Vec<DeliveryRow>) -> Self {
        rows.into_iter().next().map_or(Self::Not(Sent::NotFound), Self::Row)
    }
}
