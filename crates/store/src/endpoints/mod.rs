//! Webhook endpoints: where a project's events are sent.
//!
//! What goes out is `deliveries`'; here is what callers do with an endpoint. The row is changed before its lane is
//! woken, wherever that happens, so that two writers never wait for each other.

mod change;
mod history;
mod secrets;
mod send;

use std::collections::BTreeMap;

use diesel_async::RunQueryDsl;
use domain::{
    ids::{EndpointId, ProjectId},
    webhook::{Endpoint, EndpointStatus},
};
use futures::FutureExt;
use serde_json::json;
use uuid::Uuid;

pub use change::{EndpointChange, Headers, delete, update};
pub use history::{Filter, deliveries};
pub use secrets::rotate;
pub use send::{Sent, TEST_EVENT, retry, test};

use crate::{
    Database, StoreError,
    audit::{self, Actor},
    idempotency::{self, Answer, Once},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, time, word},
};

/// What stands where the value of a caller's own header is kept sealed.
pub const SEALED_VALUE: &str = "****";

/// A signing secret on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// The row it is sealed to.
    pub id: Uuid,
    /// The ciphertext of the text that the caller is shown.
    pub sealed: Vec<u8>,
}

pub(super) type EndpointRow = (
    Uuid,
    String,
    Vec<String>,
    String,
    Option<String>,
    String,
    String,
    Vec<String>,
    i32,
    Option<i32>,
    Option<String>,
    Option<Stamp>,
    Stamp,
    Stamp,
);

pub(super) type SqlEndpoint = (
    sql::Uuid,
    sql::Text,
    Array<sql::Text>,
    sql::Text,
    Nullable<sql::Text>,
    sql::Text,
    sql::Text,
    Array<sql::Text>,
    sql::Integer,
    Nullable<sql::Integer>,
    Nullable<sql::Text>,
    Nullable<SqlStamp>,
    SqlStamp,
    SqlStamp,
);

pub(super) fn endpoint(row: EndpointRow) -> Result<Endpoint, StoreError> {
    let (
        id,
        url,
        events,
        status,
        description,
        ordering,
        dialect,
        headers,
        in_flight,
        rate,
        owner,
        failing,
        made,
        changed,
    ) = row;
    let status: EndpointStatus = word(&status)?;
    Ok(Endpoint {
        id: id.into(),
        url,
        events,
        is_active: status != EndpointStatus::Disabled,
        status,
        description,
        ordering: word(&ordering)?,
        dialect,
        headers: headers.into_iter().map(|name| (name, SEALED_VALUE)).collect::<BTreeMap<_, _>>(),
        max_in_flight: in_flight,
        rate_per_second: rate,
        external_id: owner,
        failing_since: failing.map(time),
        created_at: time(made),
        updated_at: time(changed),
    })
}

/// Adds an endpoint and its first secret.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(
    database: &Database,
    actor: Actor,
    new: Endpoint,
    sealed_headers: Option<Vec<u8>>,
    secret: NewSecret,
    once: Option<Once>,
) -> Result<Answer<Endpoint>, StoreError> {
    let done = idempotency::once(database, once, "insert a webhook endpoint", move |connection| {
        async move {
            InsertEndpoint {
                id: new.id.0,
                project: actor.project_id.0,
                url: new.url.clone(),
                events: new.events.clone(),
                description: new.description.clone(),
                ordering: new.ordering.word(),
                dialect: new.dialect.clone(),
                header_names: new.headers.keys().cloned().collect(),
                sealed_headers,
                max_in_flight: new.max_in_flight,
                rate_per_second: new.rate_per_second,
                external_id: new.external_id.clone(),
                at: stamp(new.created_at),
            }
            .execute(connection)
            .await?;
            secrets::insert(connection, actor.project_id, new.id, &secret, actor.at).await?;
            let details = json!({"url": new.url, "events": new.events, "external_id": new.external_id});
            audit::insert(connection, &actor, "webhook.created", Some(new.id.0), details).await?;
            Ok(Some(new))
        }
        .boxed()
    })
    .await?;
    done.ok_or_else(|| StoreError::Corrupt("an endpoint that was inserted is not there".to_owned()))
}

/// An endpoint of a project. `owner` narrows it to endpoints of that owner's own.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    database: &Database,
    project: ProjectId,
    owner: Option<&str>,
    id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<EndpointRow> = FindEndpoint { project: project.0, id: id.0, owner: owner.map(str::to_owned) }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find a webhook endpoint"))?;
    rows.into_iter().next().map(endpoint).transpose()
}

/// A project's endpoints, newest first, from the one after `after` on.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    project: ProjectId,
    owner: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Endpoint>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<EndpointRow> = ListEndpoints { project: project.0, owner: owner.map(str::to_owned), after, limit }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list webhook endpoints"))?;
    rows.into_iter().map(endpoint).collect()
}

statement! {
    InsertEndpoint {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        url: String as sql::Text,
        events: Vec<String> as Array<sql::Text>,
        description: Option<String> as Nullable<sql::Text>,
        ordering: &'static str as sql::Text,
        dialect: String as sql::Text,
        header_names: Vec<String> as Array<sql::Text>,
        sealed_headers: Option<Vec<u8>> as Nullable<sql::Binary>,
        max_in_flight: i32 as sql::Integer,
        rate_per_second: Option<i32> as Nullable<sql::Integer>,
        external_id: Option<String> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } {
        "INSERT INTO webhook_endpoints (id, project_id, url, events, description, ordering, dialect, header_names, \
           sealed_headers, max_in_flight, rate_per_second, external_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)"
    }
}

statement! {
    FindEndpoint { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid, owner: Option<String> as Nullable<sql::Text> }
        -> SqlEndpoint {
        "SELECT id, url, events, status, description, ordering, dialect, header_names, max_in_flight, \
           rate_per_second, external_id, failing_since, created_at, updated_at FROM webhook_endpoints \
         WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::text IS NULL OR external_id = $3)"
    }
}

statement! {
    ListEndpoints {
        project: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        after: Option<Uuid> as Nullable<sql::Uuid>,
        limit: i64 as sql::BigInt,
    } -> SqlEndpoint {
        "SELECT id, url, events, status, description, ordering, dialect, header_names, max_in_flight, \
           rate_per_second, external_id, failing_since, created_at, updated_at FROM webhook_endpoints \
         WHERE project_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR external_id = $2) \
           AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
    }
}
