//! Changing, enabling, disabling and deleting an endpoint.

use diesel::{QueryResult, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::EndpointId,
    job::{Kind, Queue},
    webhook::{Endpoint, EndpointStatus, Ordering},
};
use serde_json::json;
use uuid::Uuid;

use super::{EndpointRow, SqlEndpoint, endpoint};
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    lanes::{Wake, wake},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp},
};

/// The caller's own headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// Their names, shown.
    pub names: Vec<String>,
    /// Names and values, sealed; `None` when there are none.
    pub sealed: Option<Vec<u8>>,
}

/// What of an endpoint is to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// Where to.
    pub url: Option<String>,
    /// Which.
    pub events: Option<Vec<String>>,
    /// `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Whether order is kept.
    pub ordering: Option<Ordering>,
    /// All of them at once.
    pub headers: Option<Headers>,
    /// Deliveries under way at once.
    pub max_in_flight: Option<i32>,
    /// `Some(None)` takes the limit away.
    pub rate_per_second: Option<Option<i32>>,
    /// Enables or disables it.
    pub is_active: Option<bool>,
}

/// Changes an endpoint. Enabling one that was disabled lets flow what was held; disabling one holds what waits. `None`
/// when there is no such endpoint.
///
/// # Errors
/// [`StoreError`].
pub async fn update(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
    change: EndpointChange,
) -> Result<Option<Endpoint>, StoreError> {
    let mut connection = database.connection().await?;
    let wakes = change.is_active.is_some();
    let row = connection
        .transaction::<_, Error, _>(async |connection| update_in(connection, actor, owner, id, change).await)
        .await
        .map_err(StoreError::from_diesel("change a webhook endpoint"))?;
    if wakes {
        database.doorbell().ring();
    }
    row.map(endpoint).transpose()
}

async fn update_in(
    connection: &mut AsyncPgConnection,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
    change: EndpointChange,
) -> QueryResult<Option<EndpointRow>> {
    let details = json!({
        "url": change.url, "events": change.events, "is_active": change.is_active,
        "headers": change.headers.as_ref().map(|headers| &headers.names),
    });
    let before: Vec<(String,)> =
        LockEndpoint { project: actor.project_id.0, id: id.0, owner: owner.map(str::to_owned) }
            .load(connection)
            .await?;
    let Some((before,)) = before.into_iter().next() else { return Ok(None) };
    let was_active = before != EndpointStatus::Disabled.word();
    let turned = change.is_active.filter(|active| *active != was_active);
    let (headers_change, names, sealed) = match change.headers {
        Some(headers) => (true, headers.names, headers.sealed),
        None => (false, Vec::new(), None),
    };
    let rows: Vec<EndpointRow> = UpdateEndpoint {
        id: id.0,
        url: change.url,
        events: change.events,
        description_changes: change.description.is_some(),
        description: change.description.flatten(),
        ordering: change.ordering.map(Ordering::word),
        headers_change,
        header_names: names,
        sealed_headers: sealed,
        max_in_flight: change.max_in_flight,
        rate_changes: change.rate_per_second.is_some(),
        rate: change.rate_per_second.flatten(),
        status: turned.map(|active| if active { EndpointStatus::Active } else { EndpointStatus::Disabled }.word()),
        at: stamp(actor.at),
    }
    .load(connection)
    .await?;
    if turned.is_some() {
        wake(connection, &[lane(actor, id)]).await?;
    }
    if turned == Some(true) {
        ReleaseHeld { endpoint: id.0 }.execute(connection).await?;
    }
    audit::insert(connection, actor, "webhook.updated", Some(id.0), details).await?;
    Ok(rows.into_iter().next())
}

/// Deletes an endpoint and destroys its secrets; its lane's holder drops what waits. `false` when there is none.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(
    database: &Database,
    actor: &Actor,
    owner: Option<&str>,
    id: EndpointId,
) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let deleted = connection
        .transaction::<_, Error, _>(async |connection| {
            let owner = owner.map(str::to_owned);
            let deleted = DeleteEndpoint { project: actor.project_id.0, id: id.0, owner, at: stamp(actor.at) }
                .execute(connection)
                .await?;
            if deleted == 0 {
                return Ok(false);
            }
            DeleteSecrets { endpoint: id.0 }.execute(connection).await?;
            wake(connection, &[lane(actor, id)]).await?;
            audit::insert(connection, actor, "webhook.deleted", Some(id.0), json!({})).await?;
            Ok(true)
        })
        .await
        .map_err(StoreError::from_diesel("delete a webhook endpoint"))?;
    database.doorbell().ring();
    Ok(deleted)
}

/// The endpoint's lane, due at once.
pub(super) fn lane(actor: &Actor, id: EndpointId) -> Wake {
    Wake {
        kind: Kind::Deliver,
        key: id.0,
        project_id: actor.project_id.0,
        queue: Queue::Deliver,
        at: actor.at,
        items: 0,
        trace: None,
    }
}

statement! {
    LockEndpoint { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid, owner: Option<String> as Nullable<sql::Text> }
        -> (sql::Text,) {
        "SELECT status FROM webhook_endpoints WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL \
           AND ($3::text IS NULL OR external_id = $3) FOR NO KEY UPDATE"
    }
}

statement! {
    UpdateEndpoint {
        id: Uuid as sql::Uuid,
        url: Option<String> as Nullable<sql::Text>,
        events: Option<Vec<String>> as Nullable<Array<sql::Text>>,
        description_changes: bool as sql::Bool,
        description: Option<String> as Nullable<sql::Text>,
        ordering: Option<&'static str> as Nullable<sql::Text>,
        headers_change: bool as sql::Bool,
        header_names: Vec<String> as Array<sql::Text>,
        sealed_headers: Option<Vec<u8>> as Nullable<sql::Binary>,
        max_in_flight: Option<i32> as Nullable<sql::Integer>,
        rate_changes: bool as sql::Bool,
        rate: Option<i32> as Nullable<sql::Integer>,
        status: Option<&'static str> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } -> SqlEndpoint {
        "UPDATE webhook_endpoints SET url = COALESCE($2, url), events = COALESCE($3, events), \
           description = CASE WHEN $4 THEN $5 ELSE description END, ordering = COALESCE($6, ordering), \
           header_names = CASE WHEN $7 THEN $8 ELSE header_names END, \
           sealed_headers = CASE WHEN $7 THEN $9 ELSE sealed_headers END, \
           max_in_flight = COALESCE($10, max_in_flight), \
           rate_per_second = CASE WHEN $11 THEN $12 ELSE rate_per_second END, status = COALESCE($13, status), \
           failing_since = CASE WHEN $13 = 'active' THEN NULL ELSE failing_since END, updated_at = $14 \
         WHERE id = $1 \
         RETURNING id, url, events, status, description, ordering, dialect, header_names, max_in_flight, \
           rate_per_second, external_id, failing_since, created_at, updated_at"
    }
}

statement! {
    ReleaseHeld { endpoint: Uuid as sql::Uuid } {
        "UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = clock_timestamp() \
         WHERE endpoint_id = $1 AND status = 'held'"
    }
}

statement! {
    DeleteEndpoint {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } {
        "UPDATE webhook_endpoints SET deleted_at = $4, updated_at = $4, header_names = '{}', sealed_headers = NULL \
         WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::text IS NULL OR external_id = $3)"
    }
}

statement! {
    DeleteSecrets { endpoint: Uuid as sql::Uuid } {
        "DELETE FROM webhook_secrets WHERE endpoint_id = $1"
    }
}
