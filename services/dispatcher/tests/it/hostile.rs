//! Receivers that do not behave.

use std::time::{Duration, Instant};

use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, Wish};

async fn attempts(house: &House) -> Vec<String> {
    house
        .test
        .texts("SELECT concat_ws(' ', coalesce(status_code::text, '-'), length(response_head)) FROM webhook_attempts")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_answers_is_given_up_at_the_deadline() {
    // Given a deadline of 300 ms and a receiver that reads and says nothing
    let mut house = House::new().await;
    house.exchange_timeout_ms = 300;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Hang]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    // When it is tried
    let running = house.dispatch();
    house.until_attempts(1).await;
    // Then the attempt took as long as the deadline and is to be repeated
    let took = house.test.count("SELECT duration_ms::bigint FROM webhook_attempts").await;
    assert!((300..2_000).contains(&took), "{took}");
    assert_eq!(attempts(&house).await, ["-"]);
    house.until_status(&sent, "pending").await;
    let metrics = running.metrics.encode().unwrap();
    assert!(metrics.contains("outcome=\"timed_out\",service=\"dispatcher\"} 1"), "{metrics}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_endless_answer_a_little_is_read_and_the_status_counts() {
    // Given a receiver whose answer has ten gigabytes
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Endless(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    // When an event is delivered
    let began = Instant::now();
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    let running = house.dispatch();
    house.until_status(&sent, "delivered").await;
    // Then it took no time, and what is kept of the answer is short
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(attempts(&house).await, ["200 1024"]);
    // Some megabytes may lie in the sockets' buffers; the connection is closed and the rest is never sent.
    let written = receiver.written();
    assert!(written < 32 * 1024 * 1024, "{written}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_at_a_time_ends_at_the_deadline_and_the_status_counts() {
    for (status, expected) in [(200, "delivered"), (500, "pending")] {
        // Given a receiver that answers at once and never comes to an end
        let mut house = House::new().await;
        house.exchange_timeout_ms = 300;
        let receiver = Receiver::start().await;
        receiver.answer("/hook", [Answer::Drip(status)]);
        let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
        let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
        // When it is tried
        let running = house.dispatch();
        house.until_attempts(1).await;
        // Then its status is what it said
        assert_eq!(attempts(&house).await, [status.to_string()]);
        house.until_status(&sent, expected).await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_up_is_tried_again() {
    // Given a receiver that closes the connection once, then answers
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Drop, Answer::status(204)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    let running = house.dispatch();
    house.until_attempts(1).await;
    house.until_idle().await;
    assert_eq!(receiver.received().len(), 1, "nothing is retried behind the schedule's back");
    // When its time comes
    house.make_due(endpoint).await;
    // Then
    house.until_status(&sent, "delivered").await;
    assert_eq!(receiver.received().len(), 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_there_is_tried_again() {
    // Given a port that nobody listens on
    let house = House::new().await;
    let url = Receiver::start().await.url("/hook");
    let endpoint = house.endpoint(&url, Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    // When it is tried
    let running = house.dispatch();
    house.until_attempts(1).await;
    // Then
    house.until_status(&sent, "pending").await;
    let metrics = running.metrics.encode().unwrap();
    assert!(metrics.contains("outcome=\"unreachable\",service=\"dispatcher\"} 1"), "{metrics}");
    running.stop().await;
}
