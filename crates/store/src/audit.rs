//! Who did what, for good: rows are added in the transaction of the change itself and never altered.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::ProjectId;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, stamp},
};

/// Who changes something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The tenant.
    pub project_id: ProjectId,
    /// An API key's id, or the operator's command: `key_...`, `fanfare key create`.
    pub name: String,
    /// The time that is recorded.
    pub at: Timestamp,
}

/// Adds a row. `details` must hold no secret.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    actor: &Actor,
    action: &'static str,
    subject: Option<Uuid>,
    details: Value,
) -> QueryResult<()> {
    InsertAudit {
        id: Uuid::now_v7(),
        project: actor.project_id.0,
        at: stamp(actor.at),
        actor: actor.name.clone(),
        action,
        subject,
        details,
    }
    .execute(connection)
    .await
    .map(drop)
}

statement! {
    InsertAudit {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        at: Stamp as SqlStamp,
        actor: String as sql::Text,
        action: &'static str as sql::Text,
        subject: Option<Uuid> as Nullable<sql::Uuid>,
        details: Value as sql::Jsonb,
    } {
        "INSERT INTO audit_log (id, project_id, at, actor, action, subject_id, details) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    }
}
