//! When a delivery is tried again, and when it is given up.

use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, Wish, ids};

/// The contract's schedule in seconds; each wait may be a fifth longer or shorter.
const SCHEDULE: [f64; 9] = [5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0];

impl House {
    /// Seconds from the latest recording until the one delivery is due again, as the caller and the queue see it.
    async fn wait_for_next(&self) -> f64 {
        let seconds = "SELECT (extract(epoch FROM q.due_at - now()))::text FROM delivery_queue q \
                       JOIN webhook_deliveries d ON d.id = q.delivery_id AND d.next_attempt_at = q.due_at";
        self.test.texts(seconds).await[0].parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_attempts_by_the_schedule_and_no_more() {
    // Given a receiver that always fails
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Reply(500, vec![], b"no\0 thanks".to_vec())]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    let running = house.dispatch();
    // When each retry's time comes
    for (nth, expected) in SCHEDULE.into_iter().enumerate() {
        house.until_attempts(nth as i64 + 1).await;
        house.until_idle().await;
        // Then the next one is as far away as the contract says
        let wait = house.wait_for_next().await;
        assert!(wait <= expected * 1.2 && wait > expected * 0.8 - 4.0, "after attempt {}: {wait} s", nth + 1);
        house.until_status(&sent, "pending").await;
        house.make_due(endpoint).await;
    }
    // And after the tenth it is failed
    house.until_status(&sent, "failed").await;
    assert_eq!(house.test.count("SELECT count(*) FROM delivery_queue").await, 0);
    assert_eq!(receiver.received().len(), 10);
    let attempts = "SELECT count(DISTINCT number) FROM webhook_attempts WHERE status_code = 500 \
                    AND response_head = 'no thanks' AND error IS NULL";
    assert_eq!(house.test.count(attempts).await, 10);
    assert_eq!(house.endpoint_status(endpoint).await, "degraded");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_heeded_on_429_and_503_alone() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let date = jiff::Timestamp::from_second(1_767_225_600 + 7_200).unwrap();
    let date =
        jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", &date.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    let running = house.dispatch();
    let cases = [
        ("/seconds", 503, "3600", 3_590.0..=3_600.0),
        ("/date", 429, date.as_str(), 7_190.0..=7_200.0),
        ("/capped", 503, "31536000", 86_390.0..=86_400.0),
        ("/elsewhere", 500, "3600", 0.0..=6.0),
        ("/shorter", 429, "0", 2.0..=6.0),
    ];
    for (nth, (path, status, value, expected)) in cases.into_iter().enumerate() {
        // Given a receiver that asks for a wait
        receiver.answer(path, [Answer::with_header(status, "retry-after", value)]);
        let endpoint = house.endpoint(&receiver.url(path), Wish::default()).await;
        // When an event is refused
        house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
        house.until_attempts(nth as i64 + 1).await;
        // Then the next attempt is when it was asked for, or by the schedule
        let wait = house.wait_for_next().await;
        assert!(expected.contains(&wait), "{path}: {wait}");
        house.test.execute(&format!("DELETE FROM delivery_queue WHERE endpoint_id = '{endpoint}'")).await;
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    // Given a receiver that moved
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/old", [Answer::with_header(301, "location", &receiver.url("/new"))]);
    let endpoint = house.endpoint(&receiver.url("/old"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    // When an event is delivered
    let running = house.dispatch();
    house.until_attempts(1).await;
    house.until_idle().await;
    // Then it did not arrive anywhere
    house.until_status(&sent, "pending").await;
    assert_eq!(receiver.received().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/old"]);
    assert_eq!(house.test.count("SELECT status_code::bigint FROM webhook_attempts").await, 301);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_has_one_attempt_and_says_nothing_about_the_endpoint() {
    // Given a test delivery to a receiver that fails
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::status(500)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    house.test.execute("UPDATE delivery_queue SET trigger = 'test'").await;
    // When it was tried
    let running = house.dispatch();
    // Then that was all
    house.until_status(&sent, "failed").await;
    assert_eq!(house.test.texts("SELECT trigger FROM webhook_attempts").await, ["test"]);
    assert_eq!(house.endpoint_status(endpoint).await, "active");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_longer_kept_is_given_up() {
    // Given a delivery whose event was dropped
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    house.test.execute("DELETE FROM events").await;
    // When its turn comes
    let running = house.dispatch();
    // Then it fails and says why
    house.until_status(&sent, "failed").await;
    assert_eq!(house.test.texts("SELECT error FROM webhook_attempts").await, ["the event is no longer kept"]);
    assert!(receiver.received().is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_resource_waits_for_those_before_it_and_for_nothing_else() {
    // Given an ordered endpoint that refuses the first event of one of two resources
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::status(500), Answer::status(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { ordering: "per_resource", ..Wish::default() }).await;
    let (stuck, free) = (Uuid::now_v7(), Uuid::now_v7());
    let mut of_stuck = vec![house.event(&[endpoint], stuck, 1, "{}").await.id()];
    let running = house.dispatch();
    house.until_attempts(1).await;
    let mut of_free = Vec::new();
    for seq in 2..=5 {
        of_stuck.push(house.event(&[endpoint], stuck, seq, "{}").await.id());
        of_free.push(house.event(&[endpoint], free, seq, "{}").await.id());
    }
    // When the lane was served while the first one waits for its retry
    house.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'", 4).await;
    house.until_idle().await;
    // Then only the other resource's went out, in order
    assert_eq!(ids(&receiver.received())[1..], of_free);
    // And when the retry's time comes, the rest follows in order
    house.test.execute("UPDATE delivery_queue SET due_at = now() - resource_seq * interval '1 s'").await;
    house.make_due(endpoint).await;
    house.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'", 9).await;
    assert_eq!(ids(&receiver.received())[5..], of_stuck);
    running.stop().await;
}
