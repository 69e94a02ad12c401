//! Giving an account to another owner: besides adoption, the only way an owner changes.

use diesel_async::RunQueryDsl;
use domain::{account::Account, event::EventType, ids::AccountId};
use futures::FutureExt;
use serde_json::json;
use uuid::Uuid;

use super::change::tell;
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    idempotency::{self, Answer, Once},
    statement::statement,
    types::{SqlStamp, Stamp, sql, stamp},
};

/// Gives an account of the owner `from` to `to`. `None` when it is not there, or not that owner's; nothing is changed
/// then.
///
/// # Errors
/// [`StoreError`].
pub async fn transfer(
    database: &Database,
    actor: Actor,
    id: AccountId,
    (from, to): (String, String),
    trace: Option<String>,
    once: Option<Once>,
) -> Result<Option<Answer<Account>>, StoreError> {
    let done = idempotency::once(database, once, "transfer an account", move |connection| {
        async move {
            let give =
                Give { project: actor.project_id.0, id: id.0, from: from.clone(), to: to.clone(), at: stamp(actor.at) };
            if give.execute(connection).await? == 0 {
                return Ok(None);
            }
            let account = tell(connection, &actor, id, EventType::AccountUpdated, trace).await?;
            let details = json!({"from": from, "to": to});
            audit::insert(connection, &actor, "account.transferred", Some(id.0), details).await?;
            Ok(Some(account))
        }
        .boxed()
    })
    .await?;
    database.doorbell().ring();
    Ok(done)
}

statement! {
    Give {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        from: String as sql::Text,
        to: String as sql::Text,
        at: Stamp as SqlStamp,
    } {
        "UPDATE social_accounts SET external_id = $4, updated_at = greatest($5, updated_at) \
         WHERE project_id = $1 AND id = $2 AND external_id = $3 AND network_unique_id NOT LIKE 'purged:%'"
    }
}
