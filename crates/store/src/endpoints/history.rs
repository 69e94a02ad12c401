//! Deliveries as callers see them, each with its attempts.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{EndpointId, ProjectId},
    webhook::{Attempt, Delivery, DeliveryStatus},
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt, time, word},
};

/// Which deliveries; what is `None` narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand.
    pub status: Option<DeliveryStatus>,
    /// Their event's type.
    pub event_type: Option<String>,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

pub(super) type DeliveryRow = (Uuid, Uuid, String, String, Option<Stamp>);

pub(super) type SqlDelivery = (sql::Uuid, sql::Uuid, sql::Text, sql::Text, Nullable<SqlStamp>);

type AttemptRow = (Uuid, i32, Stamp, String, Option<i32>, i32, Option<String>, Option<String>);

/// An endpoint's deliveries, newest first, from the one after `after` on.
///
/// # Errors
/// [`StoreError`].
pub async fn deliveries(
    database: &Database,
    project: ProjectId,
    endpoint: EndpointId,
    filter: Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<DeliveryRow> = ListDeliveries {
        project: project.0,
        endpoint: endpoint.0,
        status: filter.status.map(DeliveryStatus::word),
        event_type: filter.event_type,
        since: stamp_opt(filter.since),
        until: stamp_opt(filter.until),
        after,
        limit,
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("list deliveries"))?;
    with_attempts(&mut connection, rows).await.map_err(StoreError::from_diesel("list attempts of deliveries"))
}

/// A stored word that is none counts as a row that cannot be read.
pub(super) async fn with_attempts(
    connection: &mut AsyncPgConnection,
    rows: Vec<DeliveryRow>,
) -> QueryResult<Vec<Delivery>> {
    let unreadable = |error: StoreError| diesel::result::Error::DeserializationError(Box::new(error));
    let attempts: Vec<AttemptRow> =
        ListAttempts { deliveries: rows.iter().map(|row| row.0).collect() }.load(connection).await?;
    let mut by_delivery: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
    for (delivery, number, at, trigger, status_code, duration_ms, error, response_head) in attempts {
        let trigger = word(&trigger).map_err(unreadable)?;
        let attempt = Attempt { number, at: time(at), trigger, status_code, duration_ms, error, response_head };
        by_delivery.entry(delivery).or_default().push(attempt);
    }
    rows.into_iter()
        .map(|(id, event_id, event_type, status, next)| {
            Ok(Delivery {
                id: id.into(),
                event_id: event_id.into(),
                event_type,
                status: word(&status).map_err(unreadable)?,
                attempts: by_delivery.remove(&id).unwrap_or_default(),
                next_attempt_at: next.map(time),
            })
        })
        .collect()
}

statement! {
    ListDeliveries {
        project: Uuid as sql::Uuid,
        endpoint: Uuid as sql::Uuid,
        status: Option<&'static str> as Nullable<sql::Text>,
        event_type: Option<String> as Nullable<sql::Text>,
        since: Option<Stamp> as Nullable<SqlStamp>,
        until: Option<Stamp> as Nullable<SqlStamp>,
        after: Option<Uuid> as Nullable<sql::Uuid>,
        limit: i64 as sql::BigInt,
    } -> SqlDelivery {
        "SELECT id, event_id, event_type, status, next_attempt_at FROM webhook_deliveries \
         WHERE project_id = $1 AND endpoint_id = $2 AND ($3::text IS NULL OR status = $3) \
           AND ($4::text IS NULL OR event_type = $4) AND ($5::timestamptz IS NULL OR created_at >= $5) \
           AND ($6::timestamptz IS NULL OR created_at < $6) AND ($7::uuid IS NULL OR id < $7) \
         ORDER BY id DESC LIMIT $8"
    }
}

statement! {
    ListAttempts { deliveries: Vec<Uuid> as Array<sql::Uuid> } -> (
        sql::Uuid, sql::Integer, SqlStamp, sql::Text, Nullable<sql::Integer>, sql::Integer, Nullable<sql::Text>,
        Nullable<sql::Text>,
    ) {
        "SELECT delivery_id, number, at, trigger, status_code, duration_ms, error, response_head \
         FROM webhook_attempts WHERE delivery_id = ANY($1) ORDER BY delivery_id, number, id"
    }
}
