//! What of an account is known to be live, so that it is not taken for something else.

use diesel_async::RunQueryDsl;
use domain::ids::AccountId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    statement::statement,
    types::{SqlStamp, Stamp, sql, stamp},
};

/// Targets looked at, the newest posts first: an account may have any number.
const NEWEST: i32 = 5_000;

statement! {
    ListLive { account: Uuid as sql::Uuid, since: Stamp as SqlStamp, limit: i32 as sql::Integer } -> (sql::Text,) {
        "SELECT r.live_id FROM (SELECT id, updated_at FROM post_targets WHERE account_id = $1 \
           ORDER BY post_id DESC LIMIT $3) t JOIN target_parts r ON r.target_id = t.id \
         WHERE t.updated_at >= $2 AND r.live_id IS NOT NULL"
    }
}

pub(super) async fn list_live(
    database: &Database,
    account: AccountId,
    since: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<(String,)> = ListLive { account: account.0, since: stamp(since), limit: NEWEST }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list what is live of an account"))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
