//! What becomes of a queue whose endpoint takes nothing any more. A backlog may be long, so it goes in chunks, each its
//! own transaction; one that is cut short by a crash begins again with the lane's next holder.

use diesel_async::RunQueryDsl;
use domain::ids::EndpointId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    statement::statement,
    types::{SqlStamp, Stamp, sql, stamp},
};

/// Rows of one transaction.
const CHUNK: i64 = 1_000;

statement! {
    /// The items stay in the queue: enabling the endpoint lets them flow again.
    HoldChunk {
        endpoint: Uuid as sql::Uuid,
        after: Stamp as SqlStamp,
        after_event: Uuid as sql::Uuid,
        chunk: i64 as sql::BigInt,
    } -> (SqlStamp, sql::Uuid) {
        "WITH page AS MATERIALIZED (\
           SELECT due_at, event_id, delivery_id FROM delivery_queue WHERE endpoint_id = $1 \
             AND (due_at, event_id) > ($2, $3) \
             AND EXISTS (SELECT 1 FROM webhook_endpoints WHERE id = $1 AND status = 'disabled') \
           ORDER BY due_at, event_id LIMIT $4), \
         held AS (\
           UPDATE webhook_deliveries d SET status = 'held', next_attempt_at = NULL FROM page \
           WHERE d.id = page.delivery_id AND d.status = 'pending') \
         SELECT due_at, event_id FROM page ORDER BY due_at DESC, event_id DESC LIMIT 1"
    }
}

pub(super) async fn hold(database: &Database, endpoint: EndpointId) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    let mut after = (stamp(Timestamp::UNIX_EPOCH), Uuid::nil());
    loop {
        let last: Vec<(Stamp, Uuid)> =
            HoldChunk { endpoint: endpoint.0, after: after.0, after_event: after.1, chunk: CHUNK }
                .load(&mut connection)
                .await
                .map_err(StoreError::from_diesel("hold deliveries"))?;
        match last.into_iter().next() {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

statement! {
    DiscardChunk { endpoint: Uuid as sql::Uuid, chunk: i64 as sql::BigInt } -> (sql::BigInt,) {
        "WITH page AS MATERIALIZED (\
           SELECT due_at, event_id FROM delivery_queue WHERE endpoint_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL) \
           ORDER BY due_at, event_id LIMIT $2), \
         gone AS (\
           DELETE FROM delivery_queue q USING page WHERE q.endpoint_id = $1 AND q.due_at = page.due_at \
             AND q.event_id = page.event_id RETURNING q.delivery_id), \
         given_up AS (\
           UPDATE webhook_deliveries d SET status = 'failed', next_attempt_at = NULL FROM gone \
           WHERE d.id = gone.delivery_id) \
         SELECT count(*) FROM gone"
    }
}

pub(super) async fn discard(database: &Database, endpoint: EndpointId) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    loop {
        let counted: Vec<(i64,)> = DiscardChunk { endpoint: endpoint.0, chunk: CHUNK }
            .load(&mut connection)
            .await
            .map_err(StoreError::from_diesel("drop deliveries of a deleted endpoint"))?;
        if counted.as_slice().first().is_none_or(|(count,)| *count < CHUNK) {
            return Ok(());
        }
    }
}
