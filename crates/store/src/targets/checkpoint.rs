//! What was done towards a part before its irreversible call.

use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::{Database, StoreError, statement::statement, types::sql};

statement! {
    InsertCheckpoint {
        target: Uuid as sql::Uuid,
        position: i16 as sql::SmallInt,
        step: String as sql::Text,
        rev: i32 as sql::Integer,
        value: Value as sql::Jsonb,
    } {
        "INSERT INTO target_checkpoints (target_id, position, step, rev, value) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (target_id, position, step) DO UPDATE SET rev = EXCLUDED.rev, value = EXCLUDED.value, \
           created_at = now()"
    }
}

pub(super) async fn insert_checkpoint(
    database: &Database,
    target: Uuid,
    position: i16,
    step: &str,
    rev: i32,
    value: Value,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    InsertCheckpoint { target, position, step: step.to_owned(), rev, value }
        .execute(&mut connection)
        .await
        .map(drop)
        .map_err(StoreError::from_diesel("write a checkpoint"))
}
