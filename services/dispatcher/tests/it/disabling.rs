//! When an endpoint gets nothing more, and what becomes of what waits for it.

use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, Wish};

#[tokio::test(flavor = "multi_thread")]
async fn a_410_disables_holds_what_waits_and_tells_the_others() {
    // Given an endpoint that is gone, another that listens, one that does not care
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/gone", [Answer::status(410)]);
    let gone = house.endpoint(&receiver.url("/gone"), Wish { max_in_flight: 1, ..Wish::default() }).await;
    house.endpoint(&receiver.url("/listens"), Wish::default()).await;
    house.endpoint(&receiver.url("/elsewhere"), Wish { events: "post.published", ..Wish::default() }).await;
    let sent = house.events(gone, 3).await;
    // When its first event is answered 410
    let running = house.dispatch();
    let told = receiver.wait_for("/listens", 1).await.remove(0);
    // Then it is disabled, that delivery failed and the others are held
    house.until_status(&sent[0], "failed").await;
    house.until_status(&sent[1], "held").await;
    house.until_status(&sent[2], "held").await;
    assert_eq!(house.endpoint_status(gone).await, "disabled");
    // And the project's other listener knows
    let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(body["type"], "endpoint.disabled");
    assert_eq!(body["data"]["webhook"]["id"], domain::ids::EndpointId(gone).to_string());
    assert_eq!(body["data"]["webhook"]["url"], receiver.url("/gone"));
    assert_eq!(body["data"]["webhook"]["status"], "disabled");
    assert!(body["data"]["webhook"]["failing_since"].is_string());
    assert!(body["data"]["resource_seq"].is_number());
    house.until_idle().await;
    assert_eq!(receiver.received_at("/gone").len(), 1);
    assert!(receiver.received_at("/elsewhere").is_empty());
    let of_gone = format!("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = '{gone}'");
    assert_eq!(house.test.count(&of_gone).await, 3, "it is not told of its own end");
    // And nothing wakes its lane by itself
    let asleep = format!("SELECT count(*) FROM jobs WHERE key = '{gone}' AND wake_at = 'infinity'");
    assert_eq!(house.test.count(&asleep).await, 1);

    // When it is enabled again
    receiver.answer("/gone", [Answer::status(200)]);
    house
        .test
        .execute(&format!("UPDATE webhook_endpoints SET status = 'active', failing_since = NULL WHERE id = '{gone}'"))
        .await;
    house.make_due(gone).await;
    // Then what was held flows
    house.until_status(&sent[1], "delivered").await;
    house.until_status(&sent[2], "delivered").await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_days_without_a_success_disable_and_less_does_not() {
    for (days, expected) in [("4 days 23 hours", "degraded"), ("5 days", "disabled")] {
        // Given an endpoint that has been failing
        let house = House::new().await;
        let receiver = Receiver::start().await;
        receiver.answer("/hook", [Answer::status(500)]);
        let endpoint = house.endpoint(&receiver.url("/hook"), Wish { status: "degraded", ..Wish::default() }).await;
        house.test.execute(&format!("UPDATE webhook_endpoints SET failing_since = now() - interval '{days}'")).await;
        // When one more delivery fails
        let sent = house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
        let running = house.dispatch();
        house.until_attempts(1).await;
        house.until_idle().await;
        // Then
        assert_eq!(house.endpoint_status(endpoint).await, expected, "{days}");
        house.until_status(&sent, if expected == "disabled" { "held" } else { "pending" }).await;
        let events = "SELECT count(*) FROM events WHERE type = 'endpoint.disabled'";
        assert_eq!(house.test.count(events).await, i64::from(expected == "disabled"));
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_after_days_of_failing_starts_the_count_anew() {
    // Given an endpoint that has been failing for six days and now answers, once
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::status(200), Answer::status(500)]);
    let endpoint =
        house.endpoint(&receiver.url("/hook"), Wish { status: "degraded", max_in_flight: 1, ..Wish::default() }).await;
    house.test.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '6 days'").await;
    // When two deliveries are made in one hold
    house.events(endpoint, 2).await;
    let running = house.dispatch();
    house.until_attempts(2).await;
    house.until_idle().await;
    // Then it is failing since a moment ago
    let fresh =
        "SELECT count(*) FROM webhook_endpoints WHERE status = 'degraded' AND failing_since > now() - interval '1 min'";
    assert_eq!(house.test.count(fresh).await, 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_disabled_or_deleted_endpoint_is_settled_when_its_lane_wakes() {
    for (change, status, left) in [("status = 'disabled'", "held", 1_200), ("deleted_at = now()", "failed", 0)] {
        // Given an endpoint with a long backlog that its owner turned off
        let house = House::new().await;
        let receiver = Receiver::start().await;
        let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
        let project = house.project;
        house
            .test
            .execute(&format!(
                "WITH d AS (\
                   INSERT INTO webhook_deliveries (id, project_id, endpoint_id, event_id, event_type, created_at) \
                   SELECT gen_random_uuid(), '{project}', '{endpoint}', gen_random_uuid(), 'post.published', now() \
                   FROM generate_series(1, 1200) RETURNING id, event_id) \
                 INSERT INTO delivery_queue (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, \
                   resource_seq) SELECT '{endpoint}', now(), event_id, id, '{project}', gen_random_uuid(), 1 FROM d; \
                 UPDATE webhook_endpoints SET {change}"
            ))
            .await;
        // When its lane wakes
        house.make_due(endpoint).await;
        let running = house.dispatch();
        // Then everything that waited says so, and nothing was sent
        let settled = format!("SELECT count(*) FROM webhook_deliveries WHERE status = '{status}'");
        house.until_count(&settled, 1_200).await;
        house.until_idle().await;
        assert_eq!(house.test.count("SELECT count(*) FROM delivery_queue").await, left);
        assert!(receiver.received().is_empty());
        running.stop().await;
    }
}
