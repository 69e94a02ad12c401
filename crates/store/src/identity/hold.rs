//! The operator holds publishing.

use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};

use super::{Hold, intent_lock, noticed};
use crate::{Database, StoreError, statement::statement, types::sql};

/// A batch of intents takes no longer than this: writers' statements are cut off after 5 s.
const SESSION: &str = "SET lock_timeout = '15s'";

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// Nothing begins to be sent from now on.
    Held,
    /// It was held already, by this; nothing is changed.
    Was(Hold),
}

/// Holds publishing. Once this has returned no send begins any more; those that have begun end by their deadline.
///
/// # Errors
/// [`StoreError`]; publishing goes on then.
pub async fn hold(database: &Database, because: &str) -> Result<Holding, StoreError> {
    let mut connection = database.dedicated(SESSION).await?;
    let attempt = "hold publishing";
    AnsiTransactionManager::begin_transaction(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    let holding = carry_out(&mut connection, because).await.map_err(StoreError::from_diesel(attempt))?;
    AnsiTransactionManager::commit_transaction(&mut connection).await.map_err(StoreError::from_diesel(attempt))?;
    Ok(holding)
}

async fn carry_out(connection: &mut AsyncPgConnection, because: &str) -> diesel::QueryResult<Holding> {
    KeepIntentsOut {}.execute(connection).await?;
    if let Some(hold) = noticed(connection).await?.hold() {
        return Ok(Holding::Was(hold));
    }
    BeginHold { because: because.to_owned() }.execute(connection).await?;
    Ok(Holding::Held)
}

statement! {
    /// Waits for intents that are being committed; those that come meanwhile find publishing held.
    KeepIntentsOut {} { concat!("SELECT pg_advisory_xact_lock(", intent_lock!(), ")") }
}

statement! {
    BeginHold { because: String as sql::Text } {
        "UPDATE instance_identity SET held_at = clock_timestamp(), held_because = $1, released_at = NULL, \
           released_lost_since = NULL, noticed = NULL, noticed_at = NULL, updated_at = clock_timestamp() WHERE one"
    }
}
