//! Handing work over, on every transport.

use bus::{Bus, BusError, CONFIRM_WINDOW, QUEUE_LENGTH, SendError};
use domain::{
    job::{Handover, Kind, LANES_PER_MESSAGE, Lane, Queue},
    platform::Platform,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::rig::{QUEUE, eventually, expect_nothing, fence, handover, handover_to, next, over_all_transports, send};

over_all_transports! {
    a_handover_arrives_as_it_was_sent,
    handovers_of_a_queue_arrive_in_order,
    queues_do_not_mix,
    receivers_of_a_queue_share_its_work,
    prefetch_limits_what_is_not_settled,
    a_receiver_that_is_dropped_gives_everything_back,
    a_delivery_that_is_dropped_goes_back,
    a_rejected_delivery_does_not_come_back,
    a_handover_that_cannot_travel_is_refused_alone,
    a_full_queue_refuses_more,
    a_closed_bus_says_so,
}

async fn a_handover_arrives_as_it_was_sent(bus: &dyn Bus) {
    let lane = |n: u8| Lane {
        kind: Kind::Publish,
        key: Uuid::from_u128(u128::MAX / u128::from(n + 1)),
        fence: i64::from(n) << 40,
        first_due: Timestamp::from_microsecond(1_700_000_000_123_456 + i64::from(n)).unwrap(),
        trace: n.is_multiple_of(2).then(|| "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
    };
    let sent = Handover { queue: QUEUE, lanes: (0..16).map(lane).collect() };
    assert_eq!(bus.send(vec![sent.clone()]).await, [Ok(())]);

    let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
    let delivery = next(&mut receiver).await;
    assert_eq!(delivery.handover, sent);
    delivery.ack().await;
    eventually("the ack is written", async || bus.stats().acked == 1).await;
}

async fn handovers_of_a_queue_arrive_in_order(bus: &dyn Bus) {
    let many = 2 * i64::try_from(CONFIRM_WINDOW).unwrap() + 200;
    let mut receiver = bus.receive(QUEUE, 100).await.unwrap();
    send(bus, 0..many - 1).await;
    send(bus, [many - 1]).await;
    for expected in 0..many {
        let delivery = next(&mut receiver).await;
        assert_eq!(fence(&delivery), expected);
        delivery.ack().await;
    }
    let (stats, many) = (bus.stats(), u64::try_from(many).unwrap());
    assert_eq!((stats.published, stats.confirmed, stats.delivered), (many, many, many));
}

async fn queues_do_not_mix(bus: &dyn Bus) {
    let all: Vec<Queue> = Queue::all().collect();
    let numbered = || all.iter().copied().zip(0..);
    let outcomes = bus.send(numbered().map(|(queue, number)| handover_to(queue, number)).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for (queue, number) in numbered() {
        let mut receiver = bus.receive(queue, 10).await.unwrap();
        let delivery = next(&mut receiver).await;
        assert_eq!((delivery.handover.queue, fence(&delivery)), (queue, number));
        delivery.ack().await;
    }
    let mut receiver = bus.receive(Queue::Publish(Platform::Mastodon), 10).await.unwrap();
    expect_nothing(&mut receiver).await;
}

async fn receivers_of_a_queue_share_its_work(bus: &dyn Bus) {
    let mut one = bus.receive(QUEUE, 1).await.unwrap();
    let mut two = bus.receive(QUEUE, 1).await.unwrap();
    send(bus, 0..2).await;
    let (first, second) = (next(&mut one).await, next(&mut two).await);
    let mut fences = [fence(&first), fence(&second)];
    fences.sort_unstable();
    assert_eq!(fences, [0, 1]);
    first.ack().await;
    second.ack().await;
}

async fn prefetch_limits_what_is_not_settled(bus: &dyn Bus) {
    send(bus, 0..3).await;
    let mut receiver = bus.receive(QUEUE, 2).await.unwrap();
    let first = next(&mut receiver).await;
    let _second = next(&mut receiver).await;
    expect_nothing(&mut receiver).await;
    first.ack().await;
    assert_eq!(fence(&next(&mut receiver).await), 2);
}

async fn a_receiver_that_is_dropped_gives_everything_back(bus: &dyn Bus) {
    send(bus, 0..3).await;
    let mut receiver = bus.receive(QUEUE, 3).await.unwrap();
    let (taken, held) = (next(&mut receiver).await, next(&mut receiver).await);
    taken.ack().await;
    drop(receiver);

    let mut other = bus.receive(QUEUE, 3).await.unwrap();
    let again = next(&mut other).await;
    assert_eq!(fence(&again), 1, "what was acked before stays acked, and what comes back keeps its place");
    assert_eq!(fence(&next(&mut other).await), 2);
    assert_eq!(bus.stats().settled_too_late, 0);
    held.ack().await;
    assert_eq!(bus.stats().settled_too_late, 1, "it is the other receiver's by now");
    again.ack().await;
    eventually("the other's ack counts", async || bus.stats().acked == 2).await;
}

async fn a_delivery_that_is_dropped_goes_back(bus: &dyn Bus) {
    send(bus, [7]).await;
    let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
    drop(next(&mut receiver).await);
    let again = next(&mut receiver).await;
    assert_eq!(fence(&again), 7);
    again.ack().await;
    assert_eq!(bus.stats().requeued, 1);
}

async fn a_rejected_delivery_does_not_come_back(bus: &dyn Bus) {
    send(bus, 0..2).await;
    let mut receiver = bus.receive(QUEUE, 1).await.unwrap();
    next(&mut receiver).await.reject().await;
    let second = next(&mut receiver).await;
    assert_eq!(fence(&second), 1);
    second.ack().await;
    expect_nothing(&mut receiver).await;
    assert_eq!(bus.stats().rejected, 1);
}

async fn a_handover_that_cannot_travel_is_refused_alone(bus: &dyn Bus) {
    let lane = handover(1).lanes.remove(0);
    let empty = Handover { queue: QUEUE, lanes: Vec::new() };
    let oversize = Handover { queue: QUEUE, lanes: vec![lane.clone(); LANES_PER_MESSAGE + 1] };
    let misplaced = Handover { queue: Queue::Deliver, lanes: vec![lane] };
    let outcomes = bus.send(vec![empty, handover(1), oversize, misplaced, handover(2)]).await;
    let invalid = Err(SendError::Invalid);
    assert_eq!(outcomes, [invalid, Ok(()), invalid, invalid, Ok(())]);
    assert_eq!(bus.stats().published, 2);
}

async fn a_full_queue_refuses_more(bus: &dyn Bus) {
    // A quorum queue notices late that it is full: how late depends on what is in flight.
    let slack = 2 * CONFIRM_WINDOW;
    let fences = 0..i64::try_from(QUEUE_LENGTH + slack).unwrap();
    let outcomes = bus.send(fences.map(handover).collect()).await;
    let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((QUEUE_LENGTH..QUEUE_LENGTH + slack).contains(&accepted), "{accepted} accepted");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(SendError::Full))));

    let mut receiver = bus.receive(QUEUE, 1000).await.unwrap();
    for _ in 0..accepted {
        next(&mut receiver).await.ack().await;
    }
    send(bus, [1]).await;
}

async fn a_closed_bus_says_so(bus: &dyn Bus) {
    send(bus, [1]).await;
    let mut receiver = bus.receive(Queue::Refresh, 1).await.unwrap();
    assert!(bus.connected() && bus.trouble().is_none());
    let (_, ended) = tokio::join!(bus.close(), receiver.next());
    assert!(ended.is_none());
    assert!(!bus.connected());
    assert_eq!(bus.trouble().as_deref(), Some("the bus is closed"));
    assert_eq!(bus.send(vec![handover(2)]).await, [Err(SendError::Closed)]);
    assert_eq!(bus.receive(QUEUE, 1).await.err(), Some(BusError::Closed));
}
