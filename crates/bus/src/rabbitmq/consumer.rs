//! Receives one queue, on a channel of its own, over as many connections as it takes.

use std::sync::Arc;

use domain::job::{Handover, Queue};
use futures::{StreamExt as _, future::try_join_all};
use lapin::{
    BasicProperties, Channel, Consumer,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, BasicRejectOptions},
    types::{FieldTable, ShortString},
};
use runtime::clock::{Clock as _, SystemClock};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    connection::Live,
    incoming::{Address, Arrival, Asked, Incoming, Note, Tray},
    supervisor::Shared,
};
use crate::{
    BODY_LIMIT, BusError,
    delivery::Settlement,
    wire::{self, Poison},
};

/// At most this many settlements are written at once.
const SETTLEMENTS: usize = 100;

/// A message as it came in.
pub(super) type Message<'a> = &'a lapin::message::Delivery;

/// What reading a message gives; `None` when nobody waits for what it asks any more.
type Read<T> = Result<Option<Arrival<T>>, Poison>;

pub(super) fn read_handover(queue: Queue, message: Message<'_>) -> Read<Handover> {
    let content = wire::decode_handover(queue, type_of(message), &message.data)?;
    Ok(Some(Arrival { content, address: None }))
}

pub(super) fn read_question(message: Message<'_>) -> Read<Asked> {
    let (body, deadline) = wire::decode_question(type_of(message), &message.data)?;
    let properties = &message.properties;
    let (Some(reply_to), Some(correlation_id)) = (properties.reply_to(), properties.correlation_id()) else {
        return Ok(None);
    };
    let address = Address { reply_to: reply_to.clone(), correlation_id: correlation_id.clone() };
    let waits = SystemClock.now() < deadline;
    Ok(waits.then_some(Arrival { content: Asked { body, deadline }, address: Some(address) }))
}

fn type_of(message: Message<'_>) -> Option<&str> {
    message.properties.kind().as_ref().map(ShortString::as_str)
}

/// Starts receiving a queue.
pub(super) fn start<T: Send + 'static>(
    shared: &Arc<Shared>,
    queue: ShortString,
    prefetch: u16,
    read: impl Fn(Message<'_>) -> Read<T> + Send + Sync + 'static,
) -> Result<Incoming<T>, BusError> {
    if shared.closing.is_cancelled() {
        return Err(BusError::Closed);
    }
    let (incoming, tray, left) = Incoming::new(Arc::clone(&shared.counters), shared.closing.clone());
    let consuming = Consuming { shared: Arc::clone(shared), queue, prefetch: prefetch.max(1), read, tray, left };
    shared.tasks.spawn(consuming.run());
    Ok(incoming)
}

struct Consuming<T, R> {
    shared: Arc<Shared>,
    queue: ShortString,
    prefetch: u16,
    read: R,
    tray: Arc<Tray<T>>,
    /// Cancelled when the receiver is dropped.
    left: CancellationToken,
}

impl<T, R> Consuming<T, R>
where
    R: Fn(Message<'_>) -> Read<T>,
{
    async fn run(self) {
        let mut generation = 0;
        while let Some(Some(live)) = self.left.run_until_cancelled(self.shared.live_after(generation)).await {
            generation = live.generation;
            let ended = live.broken().run_until_cancelled(self.consume(&live)).await;
            self.tray.clear();
            match ended {
                Some(Ok(())) => return,
                Some(Err(reason)) => live.fail(reason),
                None => {}
            }
        }
    }

    /// Receives over one connection, until the receiver leaves or the bus closes.
    async fn consume(&self, live: &Live) -> Result<(), String> {
        let channel = live.channel().await?;
        let mut consumer = self.subscribe(live, &channel).await?;
        let (desk, mut notes) = mpsc::unbounded_channel();
        let mut batch = Vec::with_capacity(SETTLEMENTS);
        loop {
            tokio::select! {
                () = self.left.cancelled() => break,
                () = self.shared.closing.cancelled() => break,
                _ = notes.recv_many(&mut batch, SETTLEMENTS) => self.settle(&channel, batch.drain(..)).await?,
                message = consumer.next() => match message {
                    Some(Ok(message)) => self.take_in(&channel, &message, &desk).await?,
                    Some(Err(error)) => return Err(format!("receiving {}: {error}", self.queue)),
                    None => return Err(format!("receiving {}: the broker took the queue away", self.queue)),
                },
            }
        }
        // What was said before the end still counts; what was not goes back with the channel.
        notes.close();
        while notes.recv_many(&mut batch, SETTLEMENTS).await > 0 {
            self.settle(&channel, batch.drain(..)).await?;
        }
        live.within(channel.close(200, "OK".into()), "closing a channel").await
    }

    async fn subscribe(&self, live: &Live, channel: &Channel) -> Result<Consumer, String> {
        let prefetch = channel.basic_qos(self.prefetch, BasicQosOptions::default());
        live.within(prefetch, "limiting unsettled messages").await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consuming = channel.basic_consume(self.queue.clone(), ShortString::default(), options, arguments);
        live.within(consuming, &format!("receiving {}", self.queue)).await
    }

    async fn take_in(
        &self,
        channel: &Channel,
        message: Message<'_>,
        desk: &mpsc::UnboundedSender<Note>,
    ) -> Result<(), String> {
        let counters = &self.shared.counters;
        counters.delivered.one();
        let tag = message.delivery_tag;
        match (self.read)(message) {
            Ok(Some(arrival)) => {
                self.tray.put(arrival, tag, desk.clone());
                Ok(())
            }
            Ok(None) => {
                counters.acked.one();
                written(channel.basic_ack(tag, BasicAckOptions::default()).await)
            }
            Err(_poison) => {
                counters.poison.one();
                written(channel.basic_reject(tag, BasicRejectOptions { requeue: false }).await)
            }
        }
    }

    async fn settle(&self, channel: &Channel, notes: impl Iterator<Item = Note>) -> Result<(), String> {
        try_join_all(notes.map(|note| self.settle_one(channel, note))).await.map(drop)
    }

    async fn settle_one(&self, channel: &Channel, note: Note) -> Result<(), String> {
        let counters = &self.shared.counters;
        if let Some(address) = &note.address {
            self.reply(channel, address, &note.settlement).await?;
        }
        let acked = note.address.is_some() || matches!(note.settlement, Settlement::Ack | Settlement::Answer(_));
        if acked {
            counters.acked.one();
            return written(channel.basic_ack(note.tag, BasicAckOptions::default()).await);
        }
        let requeue = note.settlement == Settlement::Dropped;
        if requeue {
            counters.requeued.one()
        } else {
            counters.rejected.one()
        }
        written(channel.basic_reject(note.tag, BasicRejectOptions { requeue }).await)
    }

    /// Answers a question, or says that nobody will.
    async fn reply(&self, channel: &Channel, address: &Address, settlement: &Settlement) -> Result<(), String> {
        let (message_type, payload) = match settlement {
            Settlement::Answer(body) if body.len() <= BODY_LIMIT => (wire::ANSWER, wire::encode_answer(body.clone())),
            _ => (wire::DECLINED, wire::encode_declined()),
        };
        let properties = BasicProperties::default()
            .with_type(message_type.into())
            .with_correlation_id(address.correlation_id.clone())
            .with_delivery_mode(1);
        self.shared.counters.unconfirmed.one();
        let (options, to) = (BasicPublishOptions::default(), address.reply_to.clone());
        written(channel.basic_publish(ShortString::default(), to, options, &payload, properties).await)
    }
}

fn written<T>(outcome: lapin::Result<T>) -> Result<(), String> {
    outcome.map(drop).map_err(|error| format!("settling a message: {error}"))
}
