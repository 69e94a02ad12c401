//! Exchange and queues: names, arguments, declaration.

use domain::job::{Call, Queue};
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{QueueType, RabbitSettings};
use crate::{CALL_TTL, QUEUE_LENGTH};

/// A hint that was delivered this often and never settled kills whoever takes it.
const DELIVERY_LIMIT: i64 = 10;

/// The names of everything, each behind the prefix.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
    queue_type: QueueType,
}

impl Names {
    pub(super) fn new(settings: &RabbitSettings) -> Self {
        Self { prefix: settings.prefix.clone(), queue_type: settings.queue_type }
    }

    /// The exchange all messages go through.
    pub(super) fn exchange(&self) -> ShortString {
        self.named("fanfare.work")
    }

    /// The queue of dead letters.
    pub(super) fn dead(&self) -> ShortString {
        self.named("fanfare.dead")
    }

    /// A queue of work; also its routing key.
    pub(super) fn queue(&self, queue: Queue) -> ShortString {
        self.named(&queue.name())
    }

    /// A queue of questions; also its routing key.
    pub(super) fn call(&self, call: Call) -> ShortString {
        self.named(call.name())
    }

    /// 2 (kept on disk) or 1 (in memory), as AMQP numbers it.
    pub(super) fn delivery_mode(&self) -> u8 {
        match self.queue_type {
            QueueType::Quorum => 2,
            QueueType::Classic => 1,
        }
    }

    fn named(&self, name: &str) -> ShortString {
        format!("{}{name}", self.prefix).into()
    }

    fn arguments(&self, overflow: &'static str) -> FieldTable {
        let queue_type = match self.queue_type {
            QueueType::Quorum => "quorum",
            QueueType::Classic => "classic",
        };
        let length = i64::try_from(QUEUE_LENGTH).unwrap_or(i64::MAX);
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text(queue_type));
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(length));
        arguments.insert("x-overflow".into(), text(overflow));
        arguments
    }

    /// Work that nobody can take goes to the dead letters.
    fn work_arguments(&self) -> FieldTable {
        let mut arguments = self.arguments("reject-publish");
        if self.queue_type == QueueType::Quorum {
            arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        }
        arguments.insert("x-dead-letter-exchange".into(), text(""));
        arguments.insert("x-dead-letter-routing-key".into(), text(self.dead().as_str()));
        arguments
    }

    /// Questions die with their asker's patience, and leave nothing behind: they may hold sealed secrets.
    fn call_arguments(&self) -> FieldTable {
        let mut arguments = self.arguments("reject-publish");
        let ttl = i64::try_from(CALL_TTL.as_millis()).unwrap_or(i64::MAX);
        arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(ttl));
        arguments
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Declares everything. Every service does so, each time it connects: the order they start in is nobody's business,
/// and a broker that lost its disk is whole again.
pub(super) async fn declare(channel: &Channel, names: &Names) -> Result<(), String> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let exchange = names.exchange();
    channel
        .exchange_declare(exchange.clone(), ExchangeKind::Direct, durable, FieldTable::default())
        .await
        .map_err(|error| format!("declaring the exchange {exchange}: {error}"))?;
    declare_queue(channel, names.dead(), names.arguments("drop-head")).await?;
    let work = Queue::all().map(|queue| (names.queue(queue), names.work_arguments()));
    let calls = [Call::Live, Call::Connect].map(|call| (names.call(call), names.call_arguments()));
    for (queue, arguments) in work.chain(calls) {
        declare_queue(channel, queue.clone(), arguments).await?;
        let options = QueueBindOptions::default();
        channel
            .queue_bind(queue.clone(), exchange.clone(), queue.clone(), options, FieldTable::default())
            .await
            .map_err(|error| format!("binding the queue {queue}: {error}"))?;
    }
    Ok(())
}

async fn declare_queue(channel: &Channel, queue: ShortString, arguments: FieldTable) -> Result<(), String> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(queue.clone(), durable, arguments).await;
    declared.map(drop).map_err(|error| format!("declaring the queue {queue}: {error}"))
}
