//! What a receiver gets, and how it says what became of it.

use std::fmt;

use domain::job::Handover;
use jiff::Timestamp;

use crate::{local, rabbitmq};

/// A handover received, to be settled once: acked when the work is taken, rejected when it can never be.
///
/// Dropped without either it goes back to the queue. Settling does nothing once the receiver is dropped or its
/// connection is gone: the message is another receiver's by then.
pub struct Delivery {
    /// What was handed over.
    pub handover: Handover,
    receipt: Receipt,
}

impl Delivery {
    pub(crate) fn new(handover: Handover, receipt: Receipt) -> Self {
        Self { handover, receipt }
    }

    /// The work is taken; the message is done with.
    pub async fn ack(self) {
        self.receipt.settle(Settlement::Ack);
    }

    /// The work can never be taken; the message goes to the dead letters.
    pub async fn reject(self) {
        self.receipt.settle(Settlement::Reject);
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("handover", &self.handover).finish_non_exhaustive()
    }
}

/// A question received, to be answered once. Dropped without an answer it is declined, and its asker knows.
pub struct Question {
    /// What is asked. Untrusted like any input.
    pub body: Vec<u8>,
    /// After this nobody waits for the answer.
    pub deadline: Timestamp,
    receipt: Receipt,
}

impl Question {
    pub(crate) fn new(body: Vec<u8>, deadline: Timestamp, receipt: Receipt) -> Self {
        Self { body, deadline, receipt }
    }

    /// Answers it; an answer over [`BODY_LIMIT`](crate::BODY_LIMIT) declines it instead. Nothing happens when nobody waits
    /// any more.
    pub async fn reply(self, body: Vec<u8>) {
        self.receipt.settle(Settlement::Answer(body));
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold sealed secrets and personal data.
        f.debug_struct("Question").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    Ack,
    Reject,
    /// Answers a question, and acks it.
    Answer(Vec<u8>),
    /// Nobody said anything: a handover goes back, a question is declined.
    Dropped,
}

/// The right to settle one message, once.
pub(crate) struct Receipt(Option<Ticket>);

/// Where a receipt leads.
pub(crate) enum Ticket {
    Local(local::Ticket),
    RabbitMq(rabbitmq::Ticket),
}

impl Receipt {
    pub(crate) fn new(ticket: Ticket) -> Self {
        Self(Some(ticket))
    }

    fn settle(mut self, settlement: Settlement) {
        self.redeem(settlement);
    }

    fn redeem(&mut self, settlement: Settlement) {
        match self.0.take() {
            Some(Ticket::Local(ticket)) => ticket.redeem(settlement),
            Some(Ticket::RabbitMq(ticket)) => ticket.redeem(settlement),
            None => {}
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.redeem(Settlement::Dropped);
    }
}
