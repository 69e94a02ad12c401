//! Deliveries: asking for one, looking at them, trying one again, and what enabling and disabling does to them.

use serde_json::{Value, json};

use crate::house::{Client, House, faults};

async fn endpoint(client: &Client) -> String {
    let body = json!({"url": "https://hooks.example.com/", "events": ["*"]});
    let made = client.post("/v1/webhooks", body).await.expect(201);
    format!("/v1/webhooks/{}", made["id"].as_str().unwrap())
}

/// As the dispatcher leaves a delivery that it gave up.
async fn give_up(house: &House) {
    house
        .db
        .execute(
            "INSERT INTO webhook_attempts (id, project_id, delivery_id, number, at, trigger, status_code, duration_ms, \
               response_head) \
             SELECT gen_random_uuid(), project_id, id, n, now(), 'auto', 500, 12, 'oops' FROM webhook_deliveries, \
               generate_series(1, 2) n; \
             UPDATE webhook_deliveries SET status = 'failed', next_attempt_at = NULL; \
             DELETE FROM delivery_queue; \
             UPDATE jobs SET wake_at = 'infinity'",
        )
        .await;
}

const WAKING: &str = "SELECT count(*) FROM jobs WHERE kind = 3 AND queue = 101 AND wake_at <= now()";

#[tokio::test]
async fn a_test_event_is_queued_for_its_endpoint_alone() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let path = endpoint(&client).await;
    endpoint(&client).await;
    // when
    let delivery = client.post(&format!("{path}/test"), json!({})).await.expect(201);
    // then
    assert_eq!(delivery["status"], "pending");
    assert_eq!(delivery["event_type"], "endpoint.test");
    assert_eq!(delivery["attempts"], json!([]));
    assert_eq!(client.get(&format!("{path}/deliveries")).await.expect(200)["data"], json!([delivery]));
    assert_eq!(house.count("SELECT count(*) FROM delivery_queue WHERE trigger = 'test'").await, 1);
    // and: the body is an event like any other, and no list of events shows it
    let body: Value = serde_json::from_str(&house.db.texts("SELECT body FROM events").await.concat()).unwrap();
    assert_eq!((&body["id"], &body["type"]), (&delivery["event_id"], &json!("endpoint.test")));
    assert!(body["data"]["resource_seq"].is_i64() && body["timestamp"].is_string(), "{body}");
    assert_eq!(client.get("/v1/events").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_delivery_that_was_given_up_is_tried_again_on_request() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let path = endpoint(&client).await;
    let delivery = client.post(&format!("{path}/test"), json!({})).await.expect(201);
    give_up(&house).await;
    let retry = format!("{path}/deliveries/{}/retry", delivery["id"].as_str().unwrap());
    // when
    let retried = client.keyed(&retry, "r1", json!({})).await.expect(202);
    // then
    assert_eq!(retried["status"], "pending");
    assert_eq!(retried["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(retried["attempts"][0]["status_code"], 500);
    let queued = "SELECT count(*) FROM delivery_queue WHERE trigger = 'manual' AND attempt = 2 AND due_at <= now()";
    assert_eq!(house.count(queued).await, 1);
    // and: asked again under the same key nothing more happens; while it waits, it is one item still
    assert_eq!(client.keyed(&retry, "r1", json!({})).await.expect(202), retried);
    client.post(&retry, json!({})).await.expect(202);
    assert_eq!(house.count("SELECT count(*) FROM delivery_queue").await, 1);
    // and: what is not there, or no longer kept, is told apart
    client
        .post(&format!("{path}/deliveries/{}/retry", "dlv_00000000000000000000000000000007"), json!({}))
        .await
        .problem(404, "not_found");
    house.db.execute("DELETE FROM delivery_queue; DELETE FROM events").await;
    client.post(&retry, json!({})).await.problem(409, "conflict");
}

#[tokio::test]
async fn deliveries_are_found_by_status_type_and_time() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let path = endpoint(&client).await;
    let old = client.post(&format!("{path}/test"), json!({})).await.expect(201);
    give_up(&house).await;
    house
        .db
        .execute("UPDATE webhook_deliveries SET created_at = '2026-01-01T00:00:00Z', event_type = 'post.error'")
        .await;
    let new = client.post(&format!("{path}/test"), json!({})).await.expect(201);
    let ids = async |query: &str| -> Vec<Value> {
        let list = client.get(&format!("{path}/deliveries?{query}")).await.expect(200);
        list["data"].as_array().unwrap().iter().map(|delivery| delivery["id"].clone()).collect()
    };
    // when, then
    assert_eq!(ids("").await, [new["id"].clone(), old["id"].clone()]);
    assert_eq!(ids("status=failed").await, [old["id"].clone()]);
    assert_eq!(ids("event_type=post.error").await, [old["id"].clone()]);
    assert_eq!(ids("until=2026-01-02T00:00:00Z").await, [old["id"].clone()]);
    assert_eq!(ids("since=2026-01-02T00:00:00Z").await, [new["id"].clone()]);
    assert_eq!(ids("limit=1").await, [new["id"].clone()]);
    let wrong = client.get(&format!("{path}/deliveries?status=lost&event_type=x&since=now")).await.faults();
    assert_eq!(
        wrong,
        faults(&[("?status", "unknown_word"), ("?event_type", "unknown_event"), ("?since", "invalid_time")])
    );
}

#[tokio::test]
async fn a_disabled_endpoint_holds_and_an_enabled_one_lets_flow() {
    // given: a delivery that the dispatcher found the endpoint disabled for
    let house = House::start().await;
    let client = house.client().await;
    let path = endpoint(&client).await;
    client.post(&format!("{path}/test"), json!({})).await.expect(201);
    house.db.execute("UPDATE jobs SET wake_at = 'infinity'").await;
    // when
    let disabled = client.patch(&path, json!({"is_active": false})).await.expect(200);
    // then: its lane is woken, so that the dispatcher marks what waits
    assert_eq!((&disabled["status"], &disabled["is_active"]), (&json!("disabled"), &json!(false)));
    assert_eq!(house.count(WAKING).await, 1);
    client.post(&format!("{path}/test"), json!({})).await.problem(409, "conflict");
    // when
    house.db.execute("UPDATE webhook_deliveries SET status = 'held'; UPDATE jobs SET wake_at = 'infinity'").await;
    house.db.execute("UPDATE webhook_endpoints SET failing_since = now()").await;
    let enabled = client.patch(&path, json!({"is_active": true})).await.expect(200);
    // then
    assert_eq!((&enabled["status"], &enabled["failing_since"]), (&json!("active"), &json!(null)));
    assert_eq!(house.count("SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'").await, 1);
    assert_eq!(house.count(WAKING).await, 1);
    // and: enabling one that is active is nothing, and leaves a degraded one degraded
    house.db.execute("UPDATE webhook_endpoints SET status = 'degraded'").await;
    assert_eq!(client.patch(&path, json!({"is_active": true})).await.expect(200)["status"], "degraded");
}
