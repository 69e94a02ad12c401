//! How work is handed over.
//!
//! One trait, [`Bus`], and two transports: [`rabbitmq()`] between processes and [`local()`] within one. What travels is
//! a hint, "actor X has something due"; the truth and the time are in PostgreSQL, so a lost or doubled message costs a
//! lease and nothing else.
//!
//! Architecture invariant: no other crate knows AMQP or protobuf. Nothing here retries on a caller's behalf: what was
//! not confirmed is an error, and the lane's lease brings it back.

mod delivery;
mod error;
mod generated;
mod local;
mod rabbitmq;
mod stats;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::job::{Call, Handover, Queue};
use runtime::admin::Vitals;

pub use delivery::{Delivery, Question};
pub use error::{AskError, BusError, SendError};
pub use local::local;
pub use rabbitmq::{QueueType, RabbitSettings, rabbitmq};
pub use stats::BusStats;

/// At most this many messages wait in a queue; one more is refused with [`SendError::Full`].
pub const QUEUE_LENGTH: usize = 10_000;

/// At most this many messages are sent before their confirms are awaited.
pub const CONFIRM_WINDOW: usize = 500;

/// A question lives no longer than this, whatever its asker's patience.
pub const CALL_TTL: Duration = Duration::from_secs(10);

/// A body of a question or an answer may have this many bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Hands work over, and carries short questions and their answers.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends each handover to its queue; answers in the same order, once each is confirmed, refused or given up on.
    ///
    /// Handovers of one call, and of calls after one another, keep their order within a queue.
    async fn send(&self, handovers: Vec<Handover>) -> Vec<Result<(), SendError>>;

    /// Starts receiving a queue. At most `prefetch` messages (at least 1) are received and not yet settled at a time.
    ///
    /// Succeeds also while the broker is down: the receiver connects, and reconnects, by itself.
    async fn receive(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Receiver>, BusError>;

    /// Asks, and waits for the answer at most `timeout` (and at most [`CALL_TTL`]).
    async fn ask(&self, call: Call, body: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, AskError>;

    /// Starts answering a call, at most `concurrency` questions (at least 1) at a time.
    async fn answer(&self, call: Call, concurrency: u16) -> Result<Box<dyn Questions>, BusError>;

    /// Whether messages can be sent now.
    fn connected(&self) -> bool;

    /// What keeps it from being connected, for a readiness probe. Never holds a password.
    fn trouble(&self) -> Option<String>;

    /// What has gone through it since it was made.
    fn stats(&self) -> BusStats;

    /// Ends it: nothing new is accepted, what was sent is confirmed, receivers end, the connection closes.
    async fn close(&self);
}

/// Ready while work can be handed over.
pub fn vitals(bus: Arc<dyn Bus>) -> Arc<dyn Vitals> {
    Arc::new(move || bus.trouble().into_iter().collect::<Vec<_>>())
}

/// Receives handovers of one queue. Dropping it gives everything unsettled back to the queue.
#[async_trait]
pub trait Receiver: Send {
    /// The next delivery; `None` once the bus is closed. Safe to drop while it waits.
    async fn next(&mut self) -> Option<Delivery>;
}

/// Receives questions of one call. Dropping it gives the unanswered ones to other answerers.
#[async_trait]
pub trait Questions: Send {
    /// The next question that somebody still waits for; `None` once the bus is closed. Safe to drop while it waits.
    async fn next(&mut self) -> Option<Question>;
}
