//! Forgetting what has run out (answers kept for idempotency keys, budgets that nobody uses, attempts to connect,
//! uploads with their bytes, old history), and making room for history to come.
//!
//! Every gateway does it; two at once find the same rows and do no harm.

use std::{sync::Arc, time::Duration};

use domain::media::object_key;
use jiff::Timestamp;
use media::{MediaError, ObjectKey, Objects};
use runtime::{clock::Clock, shutdown::Shutdown};
use store::{Database, StoreError, budgets, idempotency, media as files, partitions, sessions};

const EVERY: Duration = Duration::from_secs(10 * 60);
/// Rows of one statement.
const CHUNK: i64 = 500;

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Media(#[from] MediaError),
}

/// Sweeps now and then until the shutdown.
pub(crate) async fn run(database: Database, objects: Objects, clock: Arc<dyn Clock>, shutdown: Shutdown) {
    loop {
        if let Err(error) = sweep(&database, &objects, clock.now()).await {
            tracing::warn!(%error, "forgetting what has run out was put off: {error}");
        }
        tokio::select! {
            () = shutdown.soft().cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn sweep(database: &Database, objects: &Objects, now: Timestamp) -> Result<(), SweepError> {
    partitions::turn(database, now).await?;
    while idempotency::expire(database, CHUNK).await? > 0 {}
    while budgets::forget(database, CHUNK).await? > 0 {}
    while sessions::forget(database, CHUNK).await? > 0 {}
    loop {
        let expired = files::list_expired(database, CHUNK).await?;
        if expired.is_empty() {
            return Ok(());
        }
        for id in &expired {
            objects.delete(&ObjectKey::new(&object_key(*id))?).await?;
        }
        files::delete(database, &expired).await?;
    }
}
