//! Targets a CPU second from claim to result, against a loop of the broker alone: publish, consume, POST, ack, with a
//! message for each and no database.

use std::time::{Duration, Instant};

use e2e::{House, Options, Transport, full_lanes::FullLanes, instant::Memory, process};
use egress::{Body, Deadline, Door, EgressSettings, Limits, Method, Request};
use futures::StreamExt as _;
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions,
    },
    types::FieldTable,
};
use serde_json::json;
use url::Url;

use crate::{network::InstantServer, report::Report};

const ROUNDS: usize = 3;
/// On each network.
const LANES: usize = 150;
const AHEAD: Duration = Duration::from_secs(9);
/// Calls in flight at once.
const IN_FLIGHT: u16 = 256;
const CONFIRM_WINDOW: usize = 500;

/// CPU of everything that takes part on this machine.
struct Meter {
    processes: Vec<u32>,
}

impl Meter {
    fn read(&self) -> Duration {
        let own = process::cpu(std::process::id()).unwrap_or_default();
        own + self.processes.iter().map(|process| process::cpu_of_family(*process)).sum::<Duration>()
    }
}

pub(crate) async fn measure(report: &mut Report) {
    let server = InstantServer::start();
    let memory = Memory::posting_to(server.url.clone());
    let options = Options::over(Transport::RabbitMq).networks(memory.networks()).sending_to(&server.url);
    let house = House::up(options).await;
    let lanes = FullLanes::of(&house, LANES).await;
    let broker = house.broker().expect("a broker");
    let Some(broker_process) = broker.process().await.filter(|process| process::cpu(*process).is_some()) else {
        report.note("targets a CPU second", "the broker's process is not on this machine".to_owned());
        return;
    };
    let backend = u32::try_from(house.db.count("SELECT pg_backend_pid()::bigint").await).unwrap_or_default();
    let Some(postgres) = process::parent(backend).filter(|_| process::name(backend).as_deref() == Some("postgres"))
    else {
        report.note("targets a CPU second", "PostgreSQL's processes are not on this machine".to_owned());
        return;
    };
    let (all, without_database) =
        (Meter { processes: vec![broker_process, postgres] }, Meter { processes: vec![broker_process] });
    let url = broker.url().to_owned();
    let (mut ours, mut bare, mut took) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        memory.forget();
        lanes.fill(AHEAD).await;
        let (before, began) = (all.read(), Instant::now());
        lanes.empty(&house, &memory).await;
        ours += all.read().saturating_sub(before);
        // It is handed over ahead of its time, and that time is not ours.
        took += began.elapsed().saturating_sub(Duration::from_secs(1));

        let before = without_database.read();
        bare_loop(&url, &server.url, lanes.targets()).await;
        bare += without_database.read().saturating_sub(before);
    }
    house.down().await.expect("an orderly end");
    let targets = (ROUNDS * lanes.targets()) as f64;
    report.note(
        "targets a CPU second, claim to result, PostgreSQL and broker included",
        format!("{:.0}", targets / ours.as_secs_f64()),
    );
    report.note("targets a CPU second of the bare loop", format!("{:.0}", targets / bare.as_secs_f64()));
    report.note("targets a second", format!("{:.0}", targets / took.as_secs_f64()));
    report.at_least("targets a CPU second / those of the bare loop", bare.as_secs_f64() / ours.as_secs_f64(), 1.0);
}

/// As cheap as the broker can be had: transient messages in a classic queue, confirmed by the window.
async fn bare_loop(url: &str, server: &Url, count: usize) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("the broker");
    let publisher = connection.create_channel().await.expect("a channel");
    publisher.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    let queue = "bench.bare";
    publisher
        .queue_declare(queue.into(), QueueDeclareOptions::default(), FieldTable::default())
        .await
        .expect("a queue");
    let consumer_channel = connection.create_channel().await.expect("a channel");
    consumer_channel.basic_qos(IN_FLIGHT, BasicQosOptions::default()).await.expect("a prefetch");
    let consumer = consumer_channel
        .basic_consume(queue.into(), "bench".into(), BasicConsumeOptions::default(), FieldTable::default())
        .await
        .expect("a consumer");
    let publishing = async {
        for window in (0..count).collect::<Vec<_>>().chunks(CONFIRM_WINDOW) {
            let mut confirms = Vec::new();
            for number in window {
                let body = json!({"target": number}).to_string();
                let sent = publisher
                    .basic_publish(
                        "".into(),
                        queue.into(),
                        BasicPublishOptions::default(),
                        body.as_bytes(),
                        BasicProperties::default(),
                    )
                    .await;
                confirms.push(sent.expect("a connection"));
            }
            for confirm in confirms {
                confirm.await.expect("a confirm");
            }
        }
    };
    let door = Door::new(&EgressSettings::default()).expect("a door").only(server);
    let consuming = consumer.take(count).for_each_concurrent(usize::from(IN_FLIGHT), async |delivery| {
        let delivery = delivery.expect("a delivery");
        let body = json!({"text": "number 1", "key": String::from_utf8_lossy(&delivery.data)});
        let request = Request::new(Method::POST, server.clone()).body(Body::Json(body));
        let limits = Limits::new(Deadline::after(Duration::from_secs(30)), 64 << 10);
        door.exchange(request, limits).await.expect("an answer");
        delivery.ack(BasicAckOptions::default()).await.expect("an ack");
    });
    tokio::join!(publishing, consuming);
    connection.close(200, "done".into()).await.expect("a connection");
}

/// The same three counts as the test's gate, here of optimised programs.
pub(crate) async fn count(report: &mut Report) {
    let memory = Memory::new(Duration::ZERO);
    let house = House::up(Options::over(Transport::RabbitMq).tapped().networks(memory.networks())).await;
    let lanes = FullLanes::of(&house, LANES).await;
    lanes.fill(AHEAD).await;
    house.tap().take();
    let before = house.bus.stats();
    lanes.empty(&house, &memory).await;
    let (heard, after) = (house.tap().take(), house.bus.stats());
    house.down().await.expect("an orderly end");
    let thousands = lanes.targets() as f64 / 1_000.0;
    let frames = (after.frames_sent + after.frames_received) - (before.frames_sent + before.frames_received);
    report.at_most("commits for 1,000 targets", heard.commits() as f64 / thousands, 20.0);
    report.at_most("AMQP frames for 1,000 targets", frames as f64 / thousands, 250.0);
    report.at_most("statements a flush", heard.longest().0 as f64, 9.0);
}
