//! What goes over the wire.

use jiff::SignedDuration;
use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, SECRET, Wish, expected_signature};

const BODY: &str = "{ \"type\":\"post.published\",\n \"data\": {\"text\":\"Gr\u{fc}\u{df}e \u{1f426}\"} }";

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_what_the_standard_says() {
    // Given an endpoint and an event
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook?team=7"), Wish::default()).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    house.test.execute(&format!("UPDATE events SET trace = '{trace}' WHERE id = '{}'", sent.event)).await;
    // When the dispatcher runs
    let running = house.dispatch();
    let request = receiver.wait_for("/hook?team=7", 1).await.remove(0);
    // Then the request has the standard's headers, the stored bytes and a true signature
    assert_eq!(request.header("webhook-id"), sent.id());
    assert_eq!(request.header("webhook-timestamp"), "1767225600");
    assert_eq!(request.header("webhook-signature"), expected_signature(SECRET, &request));
    assert_eq!(request.header("user-agent"), "Fanfare-Webhooks/1");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.body, BODY.as_bytes());
    assert!(request.header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_ne!(request.header("traceparent"), trace);
    // And it is recorded
    house.until_status(&sent, "delivered").await;
    assert_eq!(house.test.count("SELECT count(*) FROM delivery_queue").await, 0);
    let attempt = house
        .test
        .texts("SELECT concat_ws(' ', number, trigger, status_code, coalesce(error, '-')) FROM webhook_attempts")
        .await;
    assert_eq!(attempt, ["1 auto 200 -"]);
    let metrics = running.metrics.encode().unwrap();
    assert!(metrics.contains("outcome=\"delivered\",service=\"dispatcher\"} 1"), "{metrics}");
    assert!(metrics.contains("fanfare_webhook_delivery_seconds_count{service=\"dispatcher\"} 1"), "{metrics}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_live_secret_signs_and_no_other() {
    // Given an endpoint in a rotation, and a secret that ran out
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let newer = "whsec_c2VjcmV0LXR3by1zZWNyZXQtdHdvLTI0Ynl0";
    house.secret(endpoint, newer, "now() + interval '1 day'").await;
    house.secret(endpoint, "whsec_b2xk", "now() - interval '1 second'").await;
    // When an event is delivered
    house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    let running = house.dispatch();
    let request = receiver.wait_for("/hook", 1).await.remove(0);
    // Then both live ones signed, the newer first
    let expected = format!("{} {}", expected_signature(newer, &request), expected_signature(SECRET, &request));
    assert_eq!(request.header("webhook-signature"), expected);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_headers_are_sent_and_reserved_ones_are_not_theirs() {
    // Given headers of the caller's, two of which are not theirs
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let headers = r#"{"X-Team": "seven", "Webhook-Id": "forged", "content-length": "1", "User-Agent": "forged"}"#;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { headers: Some(headers), ..Wish::default() }).await;
    // When an event is delivered
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    let running = house.dispatch();
    let request = receiver.wait_for("/hook", 1).await.remove(0);
    // Then
    assert_eq!(request.header("x-team"), "seven");
    assert_eq!(request.header("webhook-id"), sent.id());
    assert_eq!(request.header("user-agent"), "Fanfare-Webhooks/1");
    assert_eq!(request.body, BODY.as_bytes());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_has_the_same_id_and_bytes_and_a_time_of_its_own() {
    // Given a receiver that fails twice
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [500, 503, 200].map(Answer::status));
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    let running = house.dispatch();
    // When the times of the retries come
    for attempt in 1..=2 {
        house.until_attempts(attempt).await;
        house.until_idle().await;
        house.clock.advance(SignedDuration::from_secs(300));
        house.make_due(endpoint).await;
    }
    house.until_status(&sent, "delivered").await;
    // Then three requests differ in time and signature alone
    let received = receiver.received_at("/hook");
    assert_eq!(received.len(), 3);
    for (nth, request) in received.iter().enumerate() {
        assert_eq!(request.body, BODY.as_bytes());
        assert_eq!(request.header("webhook-id"), sent.id());
        assert_eq!(request.header("webhook-timestamp"), (1_767_225_600 + 300 * nth).to_string());
        assert_eq!(request.header("webhook-signature"), expected_signature(SECRET, request));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_guard_refuses_is_never_connected_to() {
    // Given a listener on a loopback port that is not on the allow list
    let mut house = House::new().await;
    house.allow = vec![];
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    // When the dispatcher tries
    let running = house.dispatch();
    house.until_attempts(1).await;
    // Then nothing came, the caller reads why, and it will be tried again
    assert!(receiver.received().is_empty());
    let errors = house.test.texts("SELECT error FROM webhook_attempts").await;
    assert!(errors[0].contains("scheme must be https"), "{errors:?}");
    house.until_status(&sent, "pending").await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_open_costs_no_attempt() {
    // Given a secret sealed for another row
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    house.test.execute("UPDATE webhook_secrets SET id = gen_random_uuid()").await;
    // When its lane was looked at
    let sent = house.event(&[endpoint], Uuid::now_v7(), 1, BODY).await;
    let running = house.dispatch();
    let later = "SELECT count(*) FROM jobs WHERE lease_until IS NULL \
                 AND wake_at BETWEEN now() + interval '50 s' AND now() + interval '70 s'";
    house.until_count(later, 1).await;
    // Then nothing was sent and nothing counted against the endpoint
    assert!(receiver.received().is_empty());
    assert_eq!(house.test.count("SELECT count(*) FROM webhook_attempts").await, 0);
    house.until_status(&sent, "pending").await;
    assert_eq!(house.endpoint_status(endpoint).await, "active");
    running.stop().await;
}
