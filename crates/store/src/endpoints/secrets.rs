//! Signing secrets. During a rotation all that live sign.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{EndpointId, ProjectId};
use futures::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::NewSecret;
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    idempotency::{self, Answer, Once},
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, stamp},
};

/// Adds a secret; those before it sign for `overlap` more. `None` when there is no such endpoint. The answer that is
/// kept under an idempotency key holds nothing of it.
///
/// # Errors
/// [`StoreError`].
pub async fn rotate(
    database: &Database,
    actor: Actor,
    owner: Option<String>,
    id: EndpointId,
    secret: NewSecret,
    overlap: Duration,
    once: Option<Once>,
) -> Result<Option<Answer<Value>>, StoreError> {
    idempotency::once(database, once, "rotate a signing secret", move |connection| {
        async move {
            let found = TouchEndpoint { project: actor.project_id.0, id: id.0, owner, at: stamp(actor.at) }
                .execute(connection)
                .await?;
            if found == 0 {
                return Ok(None);
            }
            ExpireSecrets { endpoint: id.0, overlap: overlap.as_secs_f64() }.execute(connection).await?;
            insert(connection, actor.project_id, id, &secret, actor.at).await?;
            let details = json!({"overlap_seconds": overlap.as_secs()});
            audit::insert(connection, &actor, "webhook.secret_rotated", Some(id.0), details).await?;
            Ok(Some(json!({})))
        }
        .boxed()
    })
    .await
}

pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    endpoint: EndpointId,
    secret: &NewSecret,
    at: Timestamp,
) -> QueryResult<()> {
    InsertSecret {
        id: secret.id,
        project: project.0,
        endpoint: endpoint.0,
        sealed: secret.sealed.clone(),
        at: stamp(at),
    }
    .execute(connection)
    .await
    .map(drop)
}

statement! {
    TouchEndpoint {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        owner: Option<String> as Nullable<sql::Text>,
        at: Stamp as SqlStamp,
    } {
        "UPDATE webhook_endpoints SET updated_at = $4 WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL \
           AND ($3::text IS NULL OR external_id = $3)"
    }
}

statement! {
    /// One that was to end sooner still does.
    ExpireSecrets { endpoint: Uuid as sql::Uuid, overlap: f64 as sql::Double } {
        "UPDATE webhook_secrets SET expires_at = LEAST(expires_at, clock_timestamp() + make_interval(secs => $2)) \
         WHERE endpoint_id = $1"
    }
}

statement! {
    InsertSecret {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        endpoint: Uuid as sql::Uuid,
        sealed: Vec<u8> as sql::Binary,
        at: Stamp as SqlStamp,
    } {
        "INSERT INTO webhook_secrets (id, project_id, endpoint_id, sealed, created_at) VALUES ($1, $2, $3, $4, $5)"
    }
}
