//! The names and arguments of the contract, as another client would declare them.

use bus::QueueType;
use domain::job::{Call, Queue};
use lapin::{
    ExchangeKind,
    options::{ExchangeDeclareOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use crate::rig::{Broker, eventually, with_broker};

fn arguments(pairs: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in pairs {
        table.insert((*key).into(), value.clone());
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

async fn declare(broker: &Broker, queue: &str, arguments: FieldTable) -> Result<(), lapin::Error> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    broker.channel().await.queue_declare(broker.name(queue).into(), durable, arguments).await.map(drop)
}

/// Declaring a queue anew succeeds only with the very arguments it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_have_the_contracts_arguments() {
    with_broker(QueueType::Quorum, async |broker| {
        let bus = broker.bus().await;
        let (quorum, length) = (text("quorum"), AMQPValue::LongInt(10_000));
        for queue in Queue::all() {
            let expected = arguments(&[
                ("x-queue-type", quorum.clone()),
                ("x-delivery-limit", AMQPValue::LongInt(10)),
                ("x-max-length", length.clone()),
                ("x-overflow", text("reject-publish")),
                ("x-dead-letter-exchange", text("")),
                ("x-dead-letter-routing-key", text(&broker.name("fanfare.dead"))),
            ]);
            declare(broker, &queue.name(), expected).await.unwrap();
        }
        for call in [Call::Live, Call::Connect] {
            let expected = arguments(&[
                ("x-queue-type", quorum.clone()),
                ("x-max-length", length.clone()),
                ("x-overflow", text("reject-publish")),
                ("x-message-ttl", AMQPValue::LongInt(10_000)),
            ]);
            declare(broker, call.name(), expected).await.unwrap();
        }
        let expected =
            arguments(&[("x-queue-type", quorum), ("x-max-length", length), ("x-overflow", text("drop-head"))]);
        declare(broker, "fanfare.dead", expected).await.unwrap();
        assert!(declare(broker, "fanfare.dead", FieldTable::default()).await.is_err(), "the check can fail");

        let exchange = broker.name("fanfare.work").into();
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let channel = broker.channel().await;
        channel.exchange_declare(exchange, ExchangeKind::Direct, durable, FieldTable::default()).await.unwrap();
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_declared_otherwise_is_named_as_the_trouble() {
    with_broker(QueueType::Quorum, async |broker| {
        declare(broker, "webhooks.deliver.v1", FieldTable::default()).await.unwrap();
        let bus = bus::rabbitmq(broker.settings.clone()).await.unwrap();
        eventually("the trouble names the queue", async || {
            bus.trouble().is_some_and(|why| why.contains("webhooks.deliver.v1") && why.contains("PRECONDITION_FAILED"))
        })
        .await;
        assert!(!bus.connected());
        bus.close().await;
    })
    .await;
}
