//! What only RabbitMQ can show: dead letters, poison, queues that vanish, what a message costs.

use bus::{QueueType, SendError};
use domain::job::{Handover, Queue};
use lapin::{BasicProperties, options::BasicPublishOptions, types::ShortString};

use crate::rig::{Broker, QUEUE, eventually, expect_nothing, fence, handover, next, send, with_broker};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_goes_to_the_dead_letters() {
    for queue_type in [QueueType::Quorum, QueueType::Classic] {
        with_broker(queue_type, async |broker| {
            let bus = broker.bus().await;
            send(&*bus, [7]).await;
            let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
            next(&mut receiver).await.reject().await;
            eventually("it is a dead letter", async || broker.get("fanfare.dead").await.is_some()).await;
            bus.close().await;
        })
        .await;
    }
}

async fn publish_raw(broker: &Broker, message_type: Option<&str>, payload: &[u8]) {
    let channel = broker.channel().await;
    let properties = match message_type {
        Some(message_type) => BasicProperties::default().with_type(message_type.into()),
        None => BasicProperties::default(),
    };
    let queue = ShortString::from(broker.name(&QUEUE.name()));
    let options = BasicPublishOptions::default();
    channel.basic_publish(ShortString::default(), queue, options, payload, properties).await.unwrap();
    channel.close(200, "OK".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_goes_to_the_dead_letters_and_the_queue_goes_on() {
    with_broker(QueueType::Classic, async |broker| {
        let bus = broker.bus().await;
        let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
        for (message_type, payload) in [
            (None, &b"hello"[..]),
            (Some("fanfare.jobs.v1.Handover"), &[0xff; 100]),
            (Some("fanfare.jobs.v1.Handover"), &[]),
            (Some("fanfare.jobs.v2.Handover"), &[]),
        ] {
            publish_raw(broker, message_type, payload).await;
            eventually("it is a dead letter", async || {
                broker.get("fanfare.dead").await.is_some_and(|dead| dead == payload)
            })
            .await;
        }
        assert_eq!(bus.stats().poison, 4);
        send(&*bus, [7]).await;
        let delivery = next(&mut receiver).await;
        assert_eq!(fence(&delivery), 7);
        delivery.ack().await;
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_gone_is_told_apart_and_declared_again() {
    with_broker(QueueType::Classic, async |broker| {
        let bus = broker.bus().await;
        broker.delete_queue(&QUEUE.name()).await;
        // Between those that have a queue, so that one must be told from the other.
        let refresh = || crate::rig::handover_to(Queue::Refresh, 1);
        let handovers = vec![refresh(), handover(1), refresh(), handover(2), refresh()];
        let gone = Err(SendError::Unroutable);
        assert_eq!(bus.send(handovers).await, [Ok(()), gone, Ok(()), gone, Ok(())]);
        assert_eq!(bus.stats().returned, 2);
        eventually("the queue is there again", async || bus.send(vec![handover(3)]).await == [Ok(())]).await;
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_survives_the_deletion_of_its_queue() {
    with_broker(QueueType::Quorum, async |broker| {
        let bus = broker.bus().await;
        let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
        send(&*bus, [1]).await;
        next(&mut receiver).await.ack().await;
        broker.delete_queue(&QUEUE.name()).await;
        eventually("the queue is there again", async || bus.send(vec![handover(2)]).await == [Ok(())]).await;
        assert_eq!(fence(&next(&mut receiver).await), 2);
        bus.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_gives_back_what_was_not_settled_and_keeps_what_was() {
    with_broker(QueueType::Classic, async |broker| {
        let bus = broker.bus().await;
        send(&*bus, 0..3).await;
        let mut receiver = bus.receive(QUEUE, 3).await.unwrap();
        let (settled, _held) = (next(&mut receiver).await, next(&mut receiver).await);
        settled.ack().await;
        bus.close().await;

        let bus = broker.bus().await;
        let mut receiver = bus.receive(QUEUE, 3).await.unwrap();
        let (first, second) = (next(&mut receiver).await, next(&mut receiver).await);
        assert_eq!((fence(&first), fence(&second)), (1, 2));
        expect_nothing(&mut receiver).await;
        bus.close().await;
    })
    .await;
}

/// The gate: at most 250 AMQP frames per 1,000 targets. Lanes filled beforehand hold 16 targets each, a message 16 lanes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_targets_cost_few_frames() {
    with_broker(QueueType::Quorum, async |broker| {
        let bus = broker.bus().await;
        let lane = handover(1).lanes.remove(0);
        let lanes = vec![lane; 1000_usize.div_ceil(16)];
        let handovers: Vec<Handover> =
            lanes.chunks(16).map(|lanes| Handover { queue: QUEUE, lanes: lanes.to_vec() }).collect();
        let messages = handovers.len() as u64;
        assert!(bus.send(handovers).await.iter().all(Result::is_ok));
        let mut receiver = bus.receive(QUEUE, 10).await.unwrap();
        for _ in 0..messages {
            next(&mut receiver).await.ack().await;
        }
        eventually("all is acked", async || bus.stats().acked == messages).await;
        let stats = bus.stats();
        assert_eq!(stats.frames_sent, 4 * messages);
        assert_eq!(stats.frames_received, 4 * messages);
        assert!(stats.frames_sent + stats.frames_received <= 250, "{stats:?}");
        bus.close().await;
    })
    .await;
}
