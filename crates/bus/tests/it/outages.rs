//! What happens when the broker, or the way to it, does not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{AskError, Bus, QueueType, RabbitSettings, SendError};
use domain::job::Call;
use tokio::net::TcpListener;

use crate::{
    proxy::{Mode, Proxy},
    rig::{QUEUE, connected, eventually, expect_nothing, fence, handover, next, next_question, send, with_broker},
};

const LONG: Duration = Duration::from_secs(10);

async fn expect_unavailable(bus: &dyn Bus) {
    let begun = Instant::now();
    assert!(!bus.connected());
    assert_eq!(bus.send(vec![handover(1)]).await, [Err(SendError::Unavailable)]);
    assert_eq!(bus.ask(Call::Live, vec![], LONG).await, Err(AskError::Unavailable));
    assert!(begun.elapsed() < LONG / 2, "nobody waits for a broker that is not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_without_a_broker_starts_and_says_what_is_wrong() {
    // A port where nobody listens.
    let addr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bus = bus::rabbitmq(RabbitSettings::for_url(format!("amqp://u:hunter2@{addr}"))).await.unwrap();
    expect_unavailable(&*bus).await;
    eventually("the trouble is known", async || bus.trouble().is_some_and(|why| why.contains("refused"))).await;
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_said_and_not_shown() {
    with_broker(QueueType::Classic, async |broker| {
        let (_, password) = broker.settings.url.expose().rsplit_once('@').unwrap().0.rsplit_once(':').unwrap();
        let url = broker.settings.url.expose().replace(password, "hunter2");
        let bus = bus::rabbitmq(RabbitSettings { url: url.into(), ..broker.settings.clone() }).await.unwrap();
        eventually("the trouble is known", async || bus.trouble().is_some_and(|why| why.contains("REFUSED"))).await;
        assert!(!bus.trouble().unwrap().contains("hunter2"));
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_begins_once_the_broker_is_there() {
    with_broker(QueueType::Classic, async |broker| {
        let (proxy, settings) = broker.behind_proxy().await;
        proxy.set(Mode::Refuse);
        let bus = bus::rabbitmq(settings).await.unwrap();
        let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
        let mut questions = bus.answer(Call::Live, 1).await.unwrap();
        expect_unavailable(&*bus).await;

        proxy.set(Mode::Pass);
        let bus = connected(bus).await;
        send(&*bus, [7]).await;
        assert_eq!(fence(&next(&mut receiver).await), 7);
        let (answer, ()) = tokio::join!(bus.ask(Call::Live, b"?".to_vec(), LONG), async {
            next_question(&mut questions).await.reply(b"!".to_vec()).await;
        });
        assert_eq!(answer, Ok(b"!".to_vec()));
        bus.close().await;
    })
    .await;
}

/// Cuts the way and waits until the bus is on its next connection.
async fn reconnect(bus: &Arc<dyn Bus>, proxy: &Proxy) {
    let before = bus.stats().connections;
    proxy.cut();
    eventually("there is a new connection", async || bus.stats().connections > before && bus.connected()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cut_what_was_not_settled_comes_again_and_an_old_ack_is_refused() {
    for queue_type in [QueueType::Quorum, QueueType::Classic] {
        with_broker(queue_type, async |broker| {
            let (proxy, settings) = broker.behind_proxy().await;
            let bus = connected(bus::rabbitmq(settings).await.unwrap()).await;
            // Messages of a classic queue are transient, but only the way to the broker is cut.
            send(&*bus, 0..3).await;
            let mut receiver = bus.receive(QUEUE, 2).await.unwrap();
            let old = next(&mut receiver).await;
            assert_eq!(fence(&old), 0);

            reconnect(&bus, &proxy).await;
            let new = next(&mut receiver).await;
            assert_eq!(fence(&new), 0, "it comes again, before those that wait");
            let second = next(&mut receiver).await;
            assert_eq!(fence(&second), 1);

            // On the new connection the old tag is the new delivery's: were the ack written, the third would come.
            old.ack().await;
            assert_eq!(bus.stats().settled_too_late, 1);
            expect_nothing(&mut receiver).await;
            new.ack().await;
            assert_eq!(fence(&next(&mut receiver).await), 2);
            bus.close().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_before_a_cut_and_was_not_taken_comes_once() {
    with_broker(QueueType::Classic, async |broker| {
        let (proxy, settings) = broker.behind_proxy().await;
        let bus = connected(bus::rabbitmq(settings).await.unwrap()).await;
        send(&*bus, 0..2).await;
        let mut receiver = bus.receive(QUEUE, 10).await.unwrap();
        eventually("both have come", async || bus.stats().delivered == 2).await;
        reconnect(&bus, &proxy).await;
        eventually("both have come again", async || bus.stats().delivered == 4).await;
        for expected in 0..2 {
            let delivery = next(&mut receiver).await;
            assert_eq!(fence(&delivery), expected);
            delivery.ack().await;
        }
        expect_nothing(&mut receiver).await;
        assert_eq!(bus.stats().settled_too_late, 0);
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirm_that_never_comes_is_not_waited_for() {
    with_broker(QueueType::Classic, async |broker| {
        let (proxy, settings) = broker.behind_proxy().await;
        let settings = RabbitSettings { confirm_timeout_ms: 300, ..settings };
        let bus = connected(bus::rabbitmq(settings).await.unwrap()).await;
        send(&*bus, [1]).await;
        proxy.set(Mode::Mute);
        let timed_out = Err(SendError::Timeout);
        // The second may come too late for the first one's window: then it is not sent at all, and told so.
        let answers = bus.send(vec![handover(2), handover(3)]).await;
        assert_eq!(answers[0], timed_out);
        assert!(answers[1] == timed_out || answers[1] == Err(SendError::Unavailable), "{answers:?}");
        eventually("the connection is given up", async || !bus.connected()).await;
        assert!(bus.trouble().unwrap().contains("no confirm in time"));

        proxy.set(Mode::Pass);
        let bus = connected(bus).await;
        send(&*bus, [4]).await;
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_broker_is_noticed_by_its_missing_heartbeats() {
    with_broker(QueueType::Classic, async |broker| {
        let (proxy, settings) = broker.behind_proxy().await;
        let settings = RabbitSettings { heartbeat_seconds: 1, ..settings };
        let bus = connected(bus::rabbitmq(settings).await.unwrap()).await;
        proxy.set(Mode::Mute);
        eventually("the connection is given up", async || !bus.connected()).await;
        proxy.set(Mode::Pass);
        connected(bus).await.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_an_answer_is_told_of_a_cut() {
    with_broker(QueueType::Classic, async |broker| {
        let (proxy, settings) = broker.behind_proxy().await;
        let bus = connected(bus::rabbitmq(settings).await.unwrap()).await;
        let elsewhere = broker.bus().await;
        let mut questions = elsewhere.answer(Call::Live, 1).await.unwrap();
        let (answer, question) = tokio::join!(bus.ask(Call::Live, vec![], LONG), async {
            let question = next_question(&mut questions).await;
            proxy.set(Mode::Refuse);
            question
        });
        assert_eq!(answer, Err(AskError::Unavailable));
        question.reply(vec![]).await;
        bus.close().await;
        elsewhere.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_dropped_lets_its_connection_go() {
    with_broker(QueueType::Classic, async |broker| {
        let bus = broker.bus().await;
        send(&*bus, [1]).await;
        let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
        let _held = next(&mut receiver).await;
        drop(bus);
        assert!(receiver.next().await.is_none());
        eventually("the message is back", async || broker.get(&QUEUE.name()).await.is_some()).await;
    })
    .await;
}
