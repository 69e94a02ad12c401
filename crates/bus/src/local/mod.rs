//! The transport within one process: the same promises without a broker. What waits here is lost with the process,
//! which costs nothing: the leases bring it back.

mod incoming;
mod shelf;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::job::{Call, Handover, Queue};
use runtime::clock::{Clock as _, SystemClock};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    AskError, BODY_LIMIT, Bus, BusError, BusStats, CALL_TTL, QUEUE_LENGTH, Questions, Receiver, SendError,
    stats::Counters, wire,
};
use incoming::Incoming;
pub(crate) use incoming::Ticket;
use shelf::{Item, Shelf};

/// A bus within this process.
pub fn local() -> Arc<dyn Bus> {
    Arc::new(Local {
        queues: Queue::all().map(|queue| (queue, Arc::new(Shelf::new(QUEUE_LENGTH)))).collect(),
        calls: [Call::Live, Call::Connect].map(|call| (call, Arc::new(Shelf::new(QUEUE_LENGTH)))).into(),
        counters: Arc::default(),
        closed: CancellationToken::new(),
    })
}

struct Local {
    queues: HashMap<Queue, Arc<Shelf<Handover>>>,
    calls: HashMap<Call, Arc<Shelf<Asked>>>,
    counters: Arc<Counters>,
    closed: CancellationToken,
}

/// A question on its way, and where its answer goes; `None` says that it was declined.
struct Asked {
    body: Vec<u8>,
    deadline: jiff::Timestamp,
    answer: oneshot::Sender<Option<Vec<u8>>>,
}

impl Item for Handover {
    fn is_stale(&self) -> bool {
        false
    }
}

impl Item for Asked {
    fn is_stale(&self) -> bool {
        self.answer.is_closed()
    }
}

impl Local {
    fn send_one(&self, handover: Handover) -> Result<(), SendError> {
        if self.closed.is_cancelled() {
            return Err(SendError::Closed);
        }
        if !wire::is_valid(&handover) {
            return Err(SendError::Invalid);
        }
        self.counters.published.one();
        let shelf = self.queues.get(&handover.queue).ok_or(SendError::Unroutable)?;
        if shelf.put(handover) {
            self.counters.confirmed.one();
            Ok(())
        } else {
            self.counters.refused.one();
            Err(SendError::Full)
        }
    }

    fn sit_down<T: Item>(&self, shelf: Option<&Arc<Shelf<T>>>, prefetch: u16) -> Result<Incoming<T>, BusError> {
        match shelf {
            Some(shelf) if !self.closed.is_cancelled() => Ok(Incoming {
                seat: Shelf::sit_down(shelf, prefetch),
                counters: Arc::clone(&self.counters),
                closed: self.closed.clone(),
            }),
            _ => Err(BusError::Closed),
        }
    }
}

#[async_trait]
impl Bus for Local {
    async fn send(&self, handovers: Vec<Handover>) -> Vec<Result<(), SendError>> {
        handovers.into_iter().map(|handover| self.send_one(handover)).collect()
    }

    async fn receive(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Receiver>, BusError> {
        Ok(Box::new(self.sit_down(self.queues.get(&queue), prefetch)?))
    }

    async fn ask(&self, call: Call, body: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, AskError> {
        if body.len() > BODY_LIMIT {
            return Err(AskError::TooLarge);
        }
        let timeout = timeout.min(CALL_TTL);
        let deadline = SystemClock.now().saturating_add(timeout).unwrap_or(jiff::Timestamp::MAX);
        let (answer, answered) = oneshot::channel();
        let shelf = self.calls.get(&call).filter(|_| !self.closed.is_cancelled()).ok_or(AskError::Unavailable)?;
        self.counters.published.one();
        if !shelf.put(Asked { body, deadline, answer }) {
            self.counters.refused.one();
            return Err(AskError::Unavailable);
        }
        self.counters.confirmed.one();
        let answered = tokio::select! {
            answered = tokio::time::timeout(timeout, answered) => answered.map_err(|_| AskError::Timeout)?,
            () = self.closed.cancelled() => return Err(AskError::Unavailable),
        };
        self.counters.replies.one();
        answered.ok().flatten().ok_or(AskError::Unavailable)
    }

    async fn answer(&self, call: Call, concurrency: u16) -> Result<Box<dyn Questions>, BusError> {
        Ok(Box::new(self.sit_down(self.calls.get(&call), concurrency)?))
    }

    fn connected(&self) -> bool {
        !self.closed.is_cancelled()
    }

    fn trouble(&self) -> Option<String> {
        self.closed.is_cancelled().then(|| "the bus is closed".to_owned())
    }

    fn stats(&self) -> BusStats {
        self.counters.without_frames()
    }

    async fn close(&self) {
        self.closed.cancel();
    }
}
