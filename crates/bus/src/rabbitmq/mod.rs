//! The transport between processes: RabbitMQ, AMQP 0-9-1.
//!
//! One connection, kept by the `supervisor`; on it one channel that publishes handovers (`sender`), one that asks
//! (`rpc`) and one for each receiver (`consumer`, which fills what its owner holds, `incoming`). None of them recovers anything: whatever goes wrong
//! drops the connection, and the next one begins anew.

mod connection;
mod consumer;
mod incoming;
mod publish;
mod rpc;
mod sender;
mod settings;
mod supervisor;
mod topology;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::job::{Call, Handover, Queue};
use runtime::clock::{Clock as _, SystemClock};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    AskError, BODY_LIMIT, Bus, BusError, BusStats, CALL_TTL, CONFIRM_WINDOW, Questions, Receiver, SendError, wire,
};
pub(crate) use incoming::Ticket;
use rpc::Asking;
use sender::Parcel;
pub use settings::{QueueType, RabbitSettings};
use supervisor::Shared;

/// A bus over RabbitMQ. It begins to connect and does not wait for it, so a service starts without its broker; only
/// settings that cannot be right are an error. Must be called in a Tokio runtime.
pub async fn rabbitmq(settings: RabbitSettings) -> Result<Arc<dyn Bus>, BusError> {
    let uri = settings.uri()?;
    let shared = Arc::new(Shared::new(&settings));
    let finished = CancellationToken::new();
    let (parcels, inbox) = mpsc::channel(CONFIRM_WINDOW);
    shared.tasks.spawn(sender::run(Arc::clone(&shared), inbox));
    let (askings, inbox) = mpsc::channel(CONFIRM_WINDOW);
    shared.tasks.spawn(rpc::run(Arc::clone(&shared), inbox));
    tokio::spawn(supervisor::run(Arc::clone(&shared), uri, finished.clone().drop_guard()));
    Ok(Arc::new(RabbitMq { shared, parcels, askings, finished }))
}

struct RabbitMq {
    shared: Arc<Shared>,
    parcels: mpsc::Sender<Parcel>,
    askings: mpsc::Sender<Asking>,
    /// Cancelled once everything has ended.
    finished: CancellationToken,
}

#[async_trait]
impl Bus for RabbitMq {
    async fn send(&self, handovers: Vec<Handover>) -> Vec<Result<(), SendError>> {
        let mut waiting = Vec::with_capacity(handovers.len());
        for handover in handovers {
            if !wire::is_valid(&handover) {
                waiting.push(Err(SendError::Invalid));
                continue;
            }
            let (done, outcome) = oneshot::channel();
            let routing_key = self.shared.names.queue(handover.queue);
            let parcel = Parcel { routing_key, payload: wire::encode_handover(&handover), done };
            waiting.push(self.parcels.send(parcel).await.map(|()| outcome).map_err(|_| SendError::Closed));
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        for outcome in waiting {
            outcomes.push(match outcome {
                Ok(outcome) => outcome.await.unwrap_or(Err(SendError::Closed)),
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    async fn receive(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Receiver>, BusError> {
        let name = self.shared.names.queue(queue);
        let read = move |message: consumer::Message<'_>| consumer::read_handover(queue, message);
        Ok(Box::new(consumer::start(&self.shared, name, prefetch, read)?))
    }

    async fn ask(&self, call: Call, body: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, AskError> {
        if body.len() > BODY_LIMIT {
            return Err(AskError::TooLarge);
        }
        let timeout = timeout.min(CALL_TTL);
        let deadline = SystemClock.now().saturating_add(timeout).unwrap_or(jiff::Timestamp::MAX);
        let (answer, answered) = oneshot::channel();
        let asking = Asking { routing_key: self.shared.names.call(call), body, timeout, deadline, answer };
        self.askings.try_send(asking).map_err(|_| AskError::Unavailable)?;
        match tokio::time::timeout(timeout, answered).await {
            Ok(answered) => answered.unwrap_or(Err(AskError::Unavailable)),
            Err(_) => Err(AskError::Timeout),
        }
    }

    async fn answer(&self, call: Call, concurrency: u16) -> Result<Box<dyn Questions>, BusError> {
        let name = self.shared.names.call(call);
        Ok(Box::new(consumer::start(&self.shared, name, concurrency, consumer::read_question)?))
    }

    fn connected(&self) -> bool {
        self.trouble().is_none()
    }

    fn trouble(&self) -> Option<String> {
        self.shared.trouble()
    }

    fn stats(&self) -> BusStats {
        self.shared.counters.with_frames()
    }

    async fn close(&self) {
        self.shared.closing.cancel();
        self.finished.cancelled().await;
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.shared.closing.cancel();
    }
}
