//! The receiver's end: what has come in over the present connection, and the right to settle it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::job::Handover;
use jiff::Timestamp;
use lapin::types::ShortString;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Delivery, Question, Questions, Receiver,
    delivery::{self, Receipt, Settlement},
    stats::Counters,
};

/// A message that could be read, and where an answer to it would go.
pub(super) struct Arrival<T> {
    pub(super) content: T,
    pub(super) address: Option<Address>,
}

/// Where the answer to a question goes.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) reply_to: ShortString,
    pub(super) correlation_id: ShortString,
}

/// A question as it came in.
pub(super) struct Asked {
    pub(super) body: Vec<u8>,
    pub(super) deadline: Timestamp,
}

/// Messages of the present connection that the receiver has not asked for yet.
pub(super) struct Tray<T> {
    slots: Mutex<VecDeque<Slot<T>>>,
    changed: Notify,
}

struct Slot<T> {
    arrival: Arrival<T>,
    tag: u64,
    desk: mpsc::UnboundedSender<Note>,
}

impl<T> Tray<T> {
    pub(super) fn put(&self, arrival: Arrival<T>, tag: u64, desk: mpsc::UnboundedSender<Note>) {
        self.slots().push_back(Slot { arrival, tag, desk });
        self.changed.notify_one();
    }

    /// Forgets what has not been asked for: the connection is gone, and it comes again over the next.
    pub(super) fn clear(&self) {
        self.slots().clear();
    }

    fn slots(&self) -> MutexGuard<'_, VecDeque<Slot<T>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiver's end.
pub(super) struct Incoming<T> {
    tray: Arc<Tray<T>>,
    counters: Arc<Counters>,
    closing: CancellationToken,
    _leaving: DropGuard,
}

impl<T> Incoming<T> {
    /// An end, the tray to fill for it, and a token that is cancelled when it is dropped.
    pub(super) fn new(counters: Arc<Counters>, closing: CancellationToken) -> (Self, Arc<Tray<T>>, CancellationToken) {
        let tray = Arc::new(Tray { slots: Mutex::default(), changed: Notify::new() });
        let left = CancellationToken::new();
        let incoming = Self { tray: Arc::clone(&tray), counters, closing, _leaving: left.clone().drop_guard() };
        (incoming, tray, left)
    }

    async fn next(&mut self) -> Option<(T, Receipt)> {
        let slot = loop {
            if self.closing.is_cancelled() {
                return None;
            }
            if let Some(slot) = self.tray.slots().pop_front() {
                break slot;
            }
            // One permit is kept when it rings before anybody waits, so nothing is missed in between.
            self.closing.run_until_cancelled(self.tray.changed.notified()).await?;
        };
        let ticket = Ticket {
            tag: slot.tag,
            address: slot.arrival.address,
            desk: slot.desk,
            counters: Arc::clone(&self.counters),
        };
        Some((slot.arrival.content, Receipt::new(delivery::Ticket::RabbitMq(ticket))))
    }
}

#[async_trait]
impl Receiver for Incoming<Handover> {
    async fn next(&mut self) -> Option<Delivery> {
        let (handover, receipt) = Incoming::next(self).await?;
        Some(Delivery::new(handover, receipt))
    }
}

#[async_trait]
impl Questions for Incoming<Asked> {
    async fn next(&mut self) -> Option<Question> {
        let (Asked { body, deadline }, receipt) = Incoming::next(self).await?;
        Some(Question::new(body, deadline, receipt))
    }
}

/// The right to settle one message on the connection that it came over. The desk it leads to goes with that
/// connection, so a settlement can never reach a later one, where its tag would mean another message.
pub(crate) struct Ticket {
    tag: u64,
    address: Option<Address>,
    desk: mpsc::UnboundedSender<Note>,
    counters: Arc<Counters>,
}

impl Ticket {
    pub(crate) fn redeem(self, settlement: Settlement) {
        let note = Note { tag: self.tag, address: self.address, settlement };
        if self.desk.send(note).is_err() {
            self.counters.settled_too_late.one();
        }
    }
}

/// A settlement to be written.
pub(super) struct Note {
    pub(super) tag: u64,
    pub(super) address: Option<Address>,
    pub(super) settlement: Settlement,
}
