//! Disabling an endpoint, and telling the project's others.

use diesel::{QueryResult, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    envelope::{self, Subject},
    event::EventType,
    ids::{EndpointId, EventId},
    webhook::EndpointStatus,
};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::PATIENCE;
use crate::{
    Database, StoreError,
    lanes::Held,
    outbox::{self, NewEvent},
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, time},
};

/// Why an endpoint is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabling {
    /// It answered 410.
    Gone,
    /// No success for [`PATIENCE`].
    Failing,
}

statement! {
    /// The endpoint before the lanes, as wherever a caller changes one. A holder that lost its lane changes nothing:
    /// the caller may have enabled the endpoint since.
    DisableEndpoint {
        id: Uuid as sql::Uuid,
        kind: i16 as sql::SmallInt,
        fence: i64 as sql::BigInt,
        is_gone: bool as sql::Bool,
        patience: f64 as sql::Double,
    } -> (sql::Text, Nullable<SqlStamp>) {
        "UPDATE webhook_endpoints e SET status = 'disabled', failing_since = coalesce(e.failing_since, now()), \
           updated_at = now() \
         WHERE e.id = $1 AND e.status <> 'disabled' AND e.deleted_at IS NULL \
           AND ($4 OR e.failing_since <= now() - make_interval(secs => $5)) \
           AND EXISTS (SELECT 1 FROM jobs j WHERE j.kind = $2 AND j.key = $1 AND j.fence = $3) \
         RETURNING e.url, e.failing_since"
    }
}

pub(super) async fn disable(
    database: &Database,
    held: &Held,
    why: Disabling,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let connection: &mut AsyncPgConnection = &mut connection;
    connection
        .transaction::<bool, Error, _>(async |connection| disable_in(connection, held, why, at).await)
        .await
        .map_err(StoreError::from_diesel("disable a webhook endpoint"))
}

async fn disable_in(
    connection: &mut AsyncPgConnection,
    held: &Held,
    why: Disabling,
    at: Timestamp,
) -> QueryResult<bool> {
    let rows: Vec<(String, Option<Stamp>)> = DisableEndpoint {
        id: held.key,
        kind: held.kind.number(),
        fence: held.fence,
        is_gone: why == Disabling::Gone,
        patience: PATIENCE.as_secs_f64(),
    }
    .load(connection)
    .await?;
    let Some((url, failing_since)) = rows.into_iter().next() else { return Ok(false) };
    let kind = EventType::EndpointDisabled;
    let listeners = outbox::wake_listeners(connection, vec![held.project_id], &[kind], held.trace.clone()).await?;
    let others: Vec<_> = listeners.into_iter().filter(|listener| listener.id != held.key).collect();
    let id = EventId(Uuid::now_v7());
    let webhook = json!({
        "id": EndpointId(held.key),
        "url": url,
        "status": EndpointStatus::Disabled,
        "failing_since": failing_since.map(time),
    });
    let event = NewEvent {
        id,
        project_id: held.project_id,
        kind,
        resource_id: held.key,
        // It rises with every take of the lane, and a lane disables its endpoint at most once per take.
        resource_seq: held.fence,
        owners: Vec::new(),
        body: envelope::body(id, kind, at, held.fence, Subject::Webhook(&webhook)),
        trace: held.trace.clone(),
        at,
    };
    outbox::record(connection, &[event], &others).await?;
    Ok(true)
}
