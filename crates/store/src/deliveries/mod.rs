//! Webhook deliveries on their way out: what an endpoint's lane has due, and what came of it.
//!
//! The holder of an endpoint's lane reads with [`Deliveries::list_due`], sends outside any transaction and records with
//! [`Deliveries::record`]. Both are group commits: lanes that ask together are answered together, so twenty endpoints
//! cost two statements and not forty.
//!
//! A holder that dies between sending and recording leaves the item in `delivery_queue`, and the next holder sends it
//! again: at least once, never at most once.

mod disable;
mod due;
mod park;
mod record;

use std::time::Duration;

use domain::{
    ids::{DeliveryId, EndpointId, EventId, ProjectId},
    webhook::Trigger,
};
use jiff::Timestamp;
use uuid::Uuid;

pub use disable::Disabling;
pub use record::{Health, Report, Verdict};

use crate::{Database, StoreError, WriterSettings, lanes::Held, writer::Writer};

/// An endpoint that had no success for this long is disabled.
pub const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3_600);

/// Where deliveries go, as read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// `wh_...`
    pub id: EndpointId,
    /// The tenant.
    pub project_id: ProjectId,
    /// As the caller wrote it.
    pub url: String,
    /// Whether it may be sent to, and how carefully.
    pub standing: Standing,
    /// It has been failing for longer than [`PATIENCE`]: the next failure disables it.
    pub is_overdue: bool,
    /// The caller's own headers, sealed: a JSON object of names and values.
    pub sealed_headers: Option<Vec<u8>>,
    /// Every secret that signs today, newest first.
    pub secrets: Vec<SealedSecret>,
    /// Deliveries under way at once, at least 1.
    pub max_in_flight: u32,
    /// Deliveries a second, `None` for no limit.
    pub rate_per_second: Option<u32>,
    /// Deliveries of one resource keep their order.
    pub is_ordered: bool,
}

/// Whether an endpoint gets anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It answers.
    Active,
    /// It does not: one delivery at a time until one succeeds.
    Degraded,
    /// It gets nothing until enabled; its deliveries are held.
    Disabled,
    /// It is gone; its deliveries are dropped.
    Deleted,
}

/// A signing secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The row it is sealed to.
    pub id: Uuid,
    /// The ciphertext of the text that the caller was shown, `whsec_...`.
    pub sealed: Vec<u8>,
}

/// What a lane's holder wants to read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The lane.
    pub held: Held,
    /// Items at most.
    pub room: u32,
    /// Events that are read and not yet recorded; they are left out.
    pub busy: Vec<EventId>,
}

/// What a lane has to do.
#[derive(Debug)]
pub struct Due {
    /// `None` when there is no such endpoint at all.
    pub destination: Option<Destination>,
    /// Due now, first due first.
    pub items: Vec<Item>,
    /// How long until the next is due. `None` when none waits, or when the room was too small to see it.
    pub next_in: Option<Duration>,
    /// There may be more that is due: the room was used up.
    pub more: bool,
    /// The database's clock.
    pub at: Timestamp,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The event.
    pub event_id: EventId,
    /// This delivery of it.
    pub delivery_id: DeliveryId,
    /// What it is about.
    pub resource_id: Uuid,
    /// Its place among the events of that resource.
    pub resource_seq: i64,
    /// Attempts made so far.
    pub attempts: i32,
    /// Why the next attempt is made.
    pub trigger: Trigger,
    /// What to send; `None` once the event itself is no longer kept.
    pub content: Option<Content>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The very bytes, the same at each attempt.
    pub body: String,
    /// W3C `traceparent` of what made it happen.
    pub trace: Option<String>,
    /// When the event was recorded.
    pub created_at: Timestamp,
}

/// Reads and records deliveries.
#[derive(Clone)]
pub struct Deliveries {
    database: Database,
    due: Writer<due::Read>,
    record: Writer<record::Record>,
}

impl Deliveries {
    /// Starts the group commits. Needs a Tokio runtime.
    pub fn new(database: Database) -> Self {
        let relaxed = WriterSettings { durable: false, ..WriterSettings::default() };
        Self {
            due: Writer::start(database.clone(), relaxed),
            record: Writer::start(database.clone(), WriterSettings::default()),
            database,
        }
    }

    /// Empties the lane's mailbox and reads the endpoint, its live secrets and what is due. What arrives from then on
    /// is in the mailbox again, so a holder that read nothing may release the lane.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_due(&self, wanted: Wanted) -> Result<Due, StoreError> {
        self.due.write(wanted).await?
    }

    /// Records one attempt: the item is taken from the queue or moved, the history and the attempts log are written.
    ///
    /// `false` when the lane has gone to another holder, who will send the item again: then only the attempt is logged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, report: Report) -> Result<bool, StoreError> {
        self.record.write(report).await
    }

    /// Disables the endpoint whose lane is held and tells the project's other endpoints. `false` when there was nothing
    /// to disable: it is disabled already, the lane is lost, or it had a success within [`PATIENCE`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable(&self, held: &Held, why: Disabling, at: Timestamp) -> Result<bool, StoreError> {
        disable::disable(&self.database, held, why, at).await
    }

    /// Marks as held what waits for an endpoint that is disabled. In chunks, each its own transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold(&self, endpoint: EndpointId) -> Result<(), StoreError> {
        park::hold(&self.database, endpoint).await
    }

    /// Drops what waits for an endpoint that is gone. In chunks, each its own transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn discard(&self, endpoint: EndpointId) -> Result<(), StoreError> {
        park::discard(&self.database, endpoint).await
    }
}
