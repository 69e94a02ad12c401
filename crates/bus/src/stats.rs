//! What has gone through a bus.

use std::sync::atomic::{AtomicU64, Ordering};

/// AMQP frames of one message: method, header and body. Ours fit in one body frame, but for answers over 128 kB.
const FRAMES_PER_MESSAGE: u64 = 3;

/// Counts since the bus was made. Handovers, questions and answers are all messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusStats {
    /// Messages sent.
    pub published: u64,
    /// Messages the broker confirmed.
    pub confirmed: u64,
    /// Messages refused because a queue was full.
    pub refused: u64,
    /// Messages that came back because no queue takes them.
    pub returned: u64,
    /// Messages received.
    pub delivered: u64,
    /// Messages settled as done; for a question, answered or given up.
    pub acked: u64,
    /// Messages the receiver rejected.
    pub rejected: u64,
    /// Messages given back to their queue by hand.
    pub requeued: u64,
    /// Messages that could not be read and went to the dead letters.
    pub poison: u64,
    /// Settlements refused because their connection or receiver was gone.
    pub settled_too_late: u64,
    /// Connections made; 1 where nothing ever broke, 0 for the local transport.
    pub connections: u64,
    /// AMQP frames sent for the messages above; 0 for the local transport.
    ///
    /// Three for each message published and one for each settlement. The handful at the start of a connection and
    /// heartbeats are not counted.
    pub frames_sent: u64,
    /// AMQP frames received for the messages above; 0 for the local transport.
    ///
    /// Three for each message delivered or returned and one for each confirm. A broker may confirm many messages in one
    /// frame, so this is an upper bound.
    pub frames_received: u64,
}

/// The counters behind [`BusStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) published: Counter,
    pub(crate) confirmed: Counter,
    pub(crate) refused: Counter,
    pub(crate) returned: Counter,
    pub(crate) delivered: Counter,
    pub(crate) acked: Counter,
    pub(crate) rejected: Counter,
    pub(crate) requeued: Counter,
    pub(crate) poison: Counter,
    pub(crate) settled_too_late: Counter,
    pub(crate) connections: Counter,
    /// Messages published without asking for a confirm.
    pub(crate) unconfirmed: Counter,
    /// Messages received that need no settlement.
    pub(crate) replies: Counter,
}

/// A count that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// The counts of a transport that has no frames.
    pub(crate) fn without_frames(&self) -> BusStats {
        BusStats {
            published: self.published.get() + self.unconfirmed.get(),
            confirmed: self.confirmed.get(),
            refused: self.refused.get(),
            returned: self.returned.get(),
            delivered: self.delivered.get() + self.replies.get(),
            acked: self.acked.get(),
            rejected: self.rejected.get(),
            requeued: self.requeued.get(),
            poison: self.poison.get(),
            settled_too_late: self.settled_too_late.get(),
            connections: self.connections.get(),
            frames_sent: 0,
            frames_received: 0,
        }
    }

    /// The counts with their AMQP frames.
    pub(crate) fn with_frames(&self) -> BusStats {
        let stats = self.without_frames();
        BusStats {
            frames_sent: FRAMES_PER_MESSAGE * stats.published
                + stats.acked
                + stats.rejected
                + stats.requeued
                + stats.poison,
            frames_received: FRAMES_PER_MESSAGE * (stats.delivered + stats.returned) + stats.confirmed + stats.refused,
            ..stats
        }
    }
}
