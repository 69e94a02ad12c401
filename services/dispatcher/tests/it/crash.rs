//! What survives an end at any moment.

use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, SECRET, Wish, expected_signature};

fn held() -> Answer {
    Answer::Held(Box::new(Answer::status(200)))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_sending_and_recording_it_sends_again() {
    // Given a delivery that the receiver has and has not yet answered
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [held(), Answer::status(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{\"a\": 1}").await;
    let first = house.dispatch();
    receiver.wait_for("/hook", 1).await;
    // When the dispatcher is killed, another one runs and the lease has passed
    first.kill().await;
    assert_eq!(house.test.count("SELECT count(*) FROM webhook_attempts").await, 0);
    let second = house.dispatch();
    house.expire_leases().await;
    // Then the event arrives again: the same id, the same bytes
    let received = receiver.wait_for("/hook", 2).await;
    for request in &received {
        assert_eq!(request.header("webhook-id"), sent.id());
        assert_eq!(request.body, b"{\"a\": 1}");
        assert_eq!(request.header("webhook-signature"), expected_signature(SECRET, request));
    }
    house.until_status(&sent, "delivered").await;
    assert_eq!(house.test.count("SELECT count(*) FROM webhook_attempts").await, 1);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_lost_its_lane_changes_nothing_but_the_log() {
    // Given a delivery under way whose lane goes to another holder, who is also kept waiting
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Held(Box::new(Answer::status(500))), Answer::Hang]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    let running = house.dispatch();
    receiver.wait_for("/hook", 1).await;
    house.expire_leases().await;
    receiver.wait_for("/hook", 2).await;
    // When the first answer comes late, and it is a failure
    receiver.let_go();
    house.until_attempts(1).await;
    // Then the attempt is logged, and neither the delivery nor the endpoint moved
    let unmoved = "SELECT count(*) FROM delivery_queue q JOIN webhook_deliveries d ON d.id = q.delivery_id \
                   WHERE q.attempt = 0 AND q.due_at <= now() AND d.status = 'pending'";
    assert_eq!(house.test.count(unmoved).await, 1, "{}", sent.id());
    assert_eq!(house.endpoint_status(endpoint).await, "active");
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_kept_for_as_long_as_a_delivery_takes() {
    // Given a lease of a second and a delivery that takes longer
    let mut house = House::new().await;
    house.lease_ms = 1_000;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [held(), Answer::status(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    let running = house.dispatch();
    receiver.wait_for("/hook", 1).await;
    house.test.execute("CREATE TABLE before AS SELECT lease_until FROM jobs").await;
    // When more than two leases have passed
    let renewed = "SELECT count(*) FROM jobs j, before b WHERE j.lease_until > b.lease_until + interval '1.5 s'";
    house.until_count(renewed, 1).await;
    // Then nobody else took it, and the delivery is made once
    assert_eq!(house.test.count("SELECT fence FROM jobs").await, 2);
    receiver.let_go();
    house.until_status(&sent, "delivered").await;
    assert_eq!(receiver.received().len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_finishes_what_is_under_way_and_begins_nothing() {
    // Given one delivery under way and another waiting for its place
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [held()]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { max_in_flight: 1, ..Wish::default() }).await;
    let sent = house.events(endpoint, 2).await;
    let running = house.dispatch();
    receiver.wait_for("/hook", 1).await;
    // When it is told to stop, and the answer comes
    running.shutdown.stop();
    receiver.let_go();
    running.stop().await;
    // Then the first is recorded, the second untouched, and the lane is free at once
    house.until_status(&sent[0], "delivered").await;
    house.until_status(&sent[1], "pending").await;
    assert_eq!(receiver.received().len(), 1);
    let free = "SELECT count(*) FROM jobs WHERE wake_at <= now() + interval '1 s'";
    assert_eq!(house.test.count(free).await, 1);
    // And the next dispatcher delivers it without waiting for a lease
    receiver.answer("/hook", [Answer::status(200)]);
    let next = house.dispatch();
    house.until_status(&sent[1], "delivered").await;
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_every_event_arrives_everywhere_in_order() {
    // Given three ordered endpoints and forty events of four resources
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let mut endpoints = Vec::new();
    for nth in 0..3 {
        let wish = Wish { ordering: "per_resource", ..Wish::default() };
        endpoints.push(house.endpoint(&receiver.url(&format!("/hook{nth}")), wish).await);
    }
    let resources: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    for seq in 1..=10 {
        for (nth, resource) in resources.iter().enumerate() {
            house.event(&endpoints, *resource, seq, &format!("{nth} {seq}")).await;
        }
    }
    // When dispatchers are killed after some requests, each time
    for killed_after in [10, 30, 60] {
        let running = house.dispatch();
        let began = std::time::Instant::now();
        while receiver.received().len() < killed_after && began.elapsed() < std::time::Duration::from_secs(15) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        running.kill().await;
        house.expire_leases().await;
    }
    let running = house.dispatch();
    house.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'", 120).await;
    // Then each endpoint has each event, and the first arrivals of a resource are in order
    for nth in 0..3 {
        let mut seen: Vec<Vec<u32>> = vec![Vec::new(); resources.len()];
        for request in receiver.received_at(&format!("/hook{nth}")) {
            let text = String::from_utf8(request.body).unwrap();
            let (resource, seq) = text.split_once(' ').unwrap();
            let of_resource = &mut seen[resource.parse::<usize>().unwrap()];
            let seq = seq.parse().unwrap();
            if !of_resource.contains(&seq) {
                of_resource.push(seq);
            }
        }
        assert_eq!(seen, vec![(1..=10).collect::<Vec<u32>>(); 4], "endpoint {nth}");
    }
    running.stop().await;
}
