//! The receiver's end, and the right to settle what it holds.

use std::sync::Arc;

use async_trait::async_trait;
use domain::job::Handover;
use tokio_util::sync::CancellationToken;

use super::{
    Asked,
    shelf::{Item, Seat},
};
use crate::{
    BODY_LIMIT, Delivery, Question, Questions, Receiver,
    delivery::{self, Receipt, Settlement},
    stats::Counters,
};

/// One receiver of one queue or call.
pub(super) struct Incoming<T: Item> {
    pub(super) seat: Arc<Seat<T>>,
    pub(super) counters: Arc<Counters>,
    pub(super) closed: CancellationToken,
}

impl<T: Item> Incoming<T> {
    async fn next<V>(&mut self, view: impl Fn(&T) -> V) -> Option<(u64, V)> {
        let taken = tokio::select! {
            biased;
            () = self.closed.cancelled() => return None,
            taken = self.seat.take(view) => taken,
        };
        self.counters.delivered.one();
        Some(taken)
    }
}

impl<T: Item> Drop for Incoming<T> {
    fn drop(&mut self) {
        self.seat.leave();
    }
}

#[async_trait]
impl Receiver for Incoming<Handover> {
    async fn next(&mut self) -> Option<Delivery> {
        let (number, handover) = Incoming::next(self, Handover::clone).await?;
        let ticket =
            Ticket { number, seat: AnySeat::Work(Arc::clone(&self.seat)), counters: Arc::clone(&self.counters) };
        Some(Delivery::new(handover, Receipt::new(delivery::Ticket::Local(ticket))))
    }
}

#[async_trait]
impl Questions for Incoming<Asked> {
    async fn next(&mut self) -> Option<Question> {
        let (number, (body, deadline)) =
            Incoming::next(self, |asked: &Asked| (asked.body.clone(), asked.deadline)).await?;
        let ticket =
            Ticket { number, seat: AnySeat::Call(Arc::clone(&self.seat)), counters: Arc::clone(&self.counters) };
        Some(Question::new(body, deadline, Receipt::new(delivery::Ticket::Local(ticket))))
    }
}

/// The right to settle one message of one receiver.
pub(crate) struct Ticket {
    number: u64,
    seat: AnySeat,
    counters: Arc<Counters>,
}

enum AnySeat {
    Work(Arc<Seat<Handover>>),
    Call(Arc<Seat<Asked>>),
}

impl Ticket {
    pub(crate) fn redeem(self, settlement: Settlement) {
        let count = match (self.seat, settlement) {
            (AnySeat::Work(seat), Settlement::Dropped) => {
                seat.give_back(self.number).then_some(&self.counters.requeued)
            }
            (AnySeat::Work(seat), Settlement::Reject) => seat.finish(self.number).map(|_| &self.counters.rejected),
            (AnySeat::Work(seat), Settlement::Ack | Settlement::Answer(_)) => {
                seat.finish(self.number).map(|_| &self.counters.acked)
            }
            (AnySeat::Call(seat), settlement) => seat.finish(self.number).map(|asked| {
                let answer = match settlement {
                    Settlement::Answer(body) if body.len() <= BODY_LIMIT => Some(body),
                    _ => None,
                };
                self.counters.unconfirmed.one();
                // Whoever asked may have stopped waiting.
                let _ = asked.answer.send(answer);
                &self.counters.acked
            }),
        };
        count.unwrap_or(&self.counters.settled_too_late).one();
    }
}
