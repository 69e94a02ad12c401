//! A bus to test, and what a test needs to say about it.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
    time::Duration,
};

use bus::{Bus, Delivery, Question, Questions, QueueType, RabbitSettings, Receiver};
use domain::{
    job::{Call, Handover, Kind, Lane, Queue},
    platform::Platform,
};
use futures::FutureExt as _;
use jiff::Timestamp;
use lapin::{
    Channel, Connection, ConnectionProperties,
    options::{BasicGetOptions, ExchangeDeleteOptions, QueueDeleteOptions},
};
use uuid::Uuid;

use crate::proxy::Proxy;

/// The queue most tests use.
pub(crate) const QUEUE: Queue = Queue::Publish(Platform::X);

/// Nothing that should happen takes this long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What should not happen would have happened by then.
const MOMENT: Duration = Duration::from_millis(250);

/// A handover with one lane, told apart by its fence.
pub(crate) fn handover(fence: i64) -> Handover {
    handover_to(QUEUE, fence)
}

pub(crate) fn handover_to(queue: Queue, fence: i64) -> Handover {
    let kind = match queue {
        Queue::Publish(_) => Kind::Publish,
        Queue::Refresh => Kind::Refresh,
        Queue::Deliver => Kind::Deliver,
    };
    let lane = Lane { kind, key: Uuid::from_u128(7), fence, first_due: Timestamp::UNIX_EPOCH, trace: None };
    Handover { queue, lanes: vec![lane] }
}

pub(crate) fn fence(delivery: &Delivery) -> i64 {
    delivery.handover.lanes[0].fence
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never came about that {what}"));
}

/// Sends handovers with these fences and expects all to be confirmed.
pub(crate) async fn send(bus: &dyn Bus, fences: impl IntoIterator<Item = i64>) {
    for outcome in bus.send(fences.into_iter().map(handover).collect()).await {
        outcome.unwrap();
    }
}

pub(crate) async fn next(receiver: &mut Box<dyn Receiver>) -> Delivery {
    tokio::time::timeout(PATIENCE, receiver.next()).await.expect("a delivery in time").expect("an open bus")
}

pub(crate) async fn next_question(questions: &mut Box<dyn Questions>) -> Question {
    tokio::time::timeout(PATIENCE, questions.next()).await.expect("a question in time").expect("an open bus")
}

pub(crate) async fn expect_nothing(receiver: &mut Box<dyn Receiver>) {
    if let Ok(delivery) = tokio::time::timeout(MOMENT, receiver.next()).await {
        panic!("expected nothing and got {delivery:?}");
    }
}

pub(crate) async fn expect_no_question(questions: &mut Box<dyn Questions>) {
    if let Ok(question) = tokio::time::timeout(MOMENT, questions.next()).await {
        panic!("expected nothing and got {question:?}");
    }
}

/// A RabbitMQ for one test: its own names on the broker of the run, deleted at the end.
pub(crate) struct Broker {
    pub(crate) settings: RabbitSettings,
    /// `host:port`
    address: String,
    connection: Connection,
}

impl Broker {
    async fn new(queue_type: QueueType) -> Self {
        let url = std::env::var("FANFARE__BROKER__URL")
            .expect("FANFARE__BROKER__URL is not set: run `make test`, which starts a private RabbitMQ for the tests");
        let address = url.rsplit('@').next().and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        let settings = RabbitSettings {
            prefix: format!("test.{}.", Uuid::new_v4().simple()),
            queue_type,
            ..RabbitSettings::for_url(url)
        };
        Self { settings, address, connection }
    }

    /// Connected, with everything declared.
    pub(crate) async fn bus(&self) -> Arc<dyn Bus> {
        connected(bus::rabbitmq(self.settings.clone()).await.unwrap()).await
    }

    /// A way to the broker that can be cut, and the settings that lead over it.
    pub(crate) async fn behind_proxy(&self) -> (Proxy, RabbitSettings) {
        let proxy = Proxy::to(self.address.clone()).await;
        let url = self.settings.url.expose().replace(&self.address, &proxy.addr.to_string());
        (proxy, RabbitSettings { url: url.into(), ..self.settings.clone() })
    }

    pub(crate) async fn channel(&self) -> Channel {
        self.connection.create_channel().await.unwrap()
    }

    /// The name on the broker of one of ours.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    /// Takes a message off a queue.
    pub(crate) async fn get(&self, queue: &str) -> Option<Vec<u8>> {
        let channel = self.channel().await;
        let got = channel.basic_get(self.name(queue).into(), BasicGetOptions { no_ack: true }).await.unwrap();
        channel.close(200, "OK".into()).await.unwrap();
        got.map(|message| message.delivery.data)
    }

    pub(crate) async fn delete_queue(&self, queue: &str) {
        let channel = self.channel().await;
        channel.queue_delete(self.name(queue).into(), QueueDeleteOptions::default()).await.unwrap();
        channel.close(200, "OK".into()).await.unwrap();
    }

    async fn delete_everything(&self) {
        let calls = [Call::Live, Call::Connect].map(|call| call.name().to_owned());
        for queue in Queue::all().map(Queue::name).chain(calls).chain(["fanfare.dead".to_owned()]) {
            self.delete_queue(&queue).await;
        }
        let channel = self.channel().await;
        let exchange = self.name("fanfare.work").into();
        channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await.unwrap();
        self.connection.close(200, "OK".into()).await.unwrap();
    }
}

pub(crate) async fn connected(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    eventually("the bus is connected", async || bus.connected()).await;
    bus
}

/// Runs a test on a broker of its own and cleans up after it, also when it fails.
pub(crate) async fn with_broker(queue_type: QueueType, test: impl AsyncFnOnce(&Broker)) {
    let broker = Broker::new(queue_type).await;
    let outcome = AssertUnwindSafe(test(&broker)).catch_unwind().await;
    broker.delete_everything().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Runs a test over a bus and closes it.
pub(crate) async fn over_rabbitmq(queue_type: QueueType, test: impl AsyncFnOnce(&dyn Bus)) {
    with_broker(queue_type, async |broker| {
        let bus = broker.bus().await;
        test(&*bus).await;
        bus.close().await;
        assert_eq!(bus.stats().connections, 1, "nothing that is in order costs a connection");
    })
    .await;
}

/// Makes a test of each named function for each transport.
macro_rules! over_all_transports {
    ($($test:ident,)*) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let bus = bus::local();
                super::$test(&*bus).await;
                bus.close().await;
            })*
        }

        mod quorum {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::rig::over_rabbitmq(bus::QueueType::Quorum, async |bus| super::$test(bus).await).await;
            })*
        }

        mod classic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::rig::over_rabbitmq(bus::QueueType::Classic, async |bus| super::$test(bus).await).await;
            })*
        }
    };
}
pub(crate) use over_all_transports;
