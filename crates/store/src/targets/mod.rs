//! Targets: what a lane's holder works on, and the one writer of a target's status.
//!
//! Whoever changes a target holds the lock of its account's lane row. A holder proves that with its fence; the gateway
//! locks the row itself. So what is read after that lock is what will be written over.

mod apply;
mod checkpoint;
mod doubt;
mod finish;
mod live;
mod release;
mod start;
mod stored;
mod tell;
mod work;
mod write;

pub use apply::AttemptRecord;
pub(crate) use apply::{Item, Move, TOLD, apply};
pub(crate) use doubt::doubt_due;
pub use finish::{Finish, Finished, Give};
pub(crate) use release::release_held;
pub use start::{Start, Started};
pub(crate) use stored::{StoredTarget, stored_targets};
pub(crate) use tell::post_event;
pub use work::{AccountWork, Checkpoint, LaneWork, PartWork, Work};

use domain::{ids::AccountId, job::Kind};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{Database, StoreError, WriterSettings, lanes::Held, writer::Writer};

/// The publisher's way to targets.
#[derive(Clone)]
pub struct Targets {
    database: Database,
    work: Writer<work::Load>,
    start: Writer<start::StartBatch>,
    finish: Writer<finish::FinishBatch>,
}

impl Targets {
    /// Starts the writers.
    pub fn new(database: Database) -> Self {
        let durable = WriterSettings::default();
        Self {
            work: Writer::start(database.clone(), WriterSettings { durable: false, ..durable }),
            start: Writer::start(database.clone(), durable),
            finish: Writer::start(database.clone(), durable),
            database,
        }
    }

    /// Reads the next items of lanes that are held, with everything needed to send them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn work(&self, held: Vec<Held>) -> Result<Vec<LaneWork>, StoreError> {
        debug_assert!(held.iter().all(|held| held.kind == Kind::Publish));
        self.work.write(held).await
    }

    /// Commits the intent to send a part. After this the part may be live until its outcome is recorded.
    ///
    /// # Errors
    /// [`StoreError`]; the intent may or may not be there when the commit's outcome is unknown, so the caller must not
    /// send and leaves it to the next holder.
    pub async fn start(&self, start: Start) -> Result<Started, StoreError> {
        self.start.write(start).await
    }

    /// Records what came of something, and everything that follows from it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(&self, finish: Finish) -> Result<Finished, StoreError> {
        let rings = finish.give != Give::Keep || finish.decision.next == domain::transition::Next::Settled;
        let finished = self.finish.write(finish).await?;
        if rings {
            self.database.doorbell().ring();
        }
        Ok(finished)
    }

    /// Remembers a repeatable step towards sending a part.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint(
        &self,
        target: Uuid,
        position: i16,
        step: &str,
        rev: i32,
        value: Value,
    ) -> Result<(), StoreError> {
        checkpoint::insert_checkpoint(&self.database, target, position, step, rev, value).await
    }

    /// The networks' ids of an account's parts that are live and were dealt with since then, among its newest posts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_live(&self, account: AccountId, since: Timestamp) -> Result<Vec<String>, StoreError> {
        live::list_live(&self.database, account, since).await
    }

    /// Open targets by platform. For metrics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_by_platform(&self) -> Result<Vec<(String, i64)>, StoreError> {
        work::open_by_platform(&self.database).await
    }

    /// The database's clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        work::now(&self.database).await
    }
}
