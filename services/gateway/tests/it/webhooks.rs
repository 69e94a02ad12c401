//! Webhook endpoints.

use gateway::Scope;
use serde_json::{Value, json};
use vault::Context;

use crate::house::{Client, House, faults};

fn endpoint() -> Value {
    json!({"url": "https://hooks.example.com/in?x=1", "events": ["post.published", "post.error"]})
}

async fn made(client: &Client, body: Value) -> (String, Value) {
    let made = client.post("/v1/webhooks", body).await.expect(201);
    (format!("/v1/webhooks/{}", made["id"].as_str().unwrap()), made)
}

#[tokio::test]
async fn an_endpoint_is_made_read_changed_and_deleted() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    // when
    let (path, made) = made(&client, endpoint()).await;
    // then
    assert_eq!(made["status"], "active");
    assert_eq!(made["is_active"], true);
    assert_eq!(made["max_in_flight"], 10);
    let secret = made["signing_secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{made}");
    let read = client.get(&path).await.expect(200);
    assert!(read.get("signing_secret").is_none(), "{read}");
    assert_eq!(client.get("/v1/webhooks").await.expect(200)["data"], json!([read]));
    // when
    let change = json!({"events": ["*"], "description": "all", "rate_per_second": 5, "ordering": "per_resource"});
    let changed = client.patch(&path, change).await.expect(200);
    // then
    assert_eq!((&changed["events"], &changed["rate_per_second"]), (&json!(["*"]), &json!(5)));
    assert_eq!(changed["url"], made["url"]);
    let changed = client.patch(&path, json!({"rate_per_second": null, "description": null})).await.expect(200);
    assert_eq!((&changed["description"], &changed["rate_per_second"]), (&json!(null), &json!(null)));
    assert_eq!(changed["events"], json!(["*"]));
    // when
    client.delete(&path).await.expect(204);
    // then
    client.get(&path).await.problem(404, "not_found");
    client.delete(&path).await.problem(404, "not_found");
    assert_eq!(house.count("SELECT count(*) FROM webhook_secrets").await, 0);
    let audited = house.db.texts("SELECT action FROM audit_log WHERE action LIKE 'webhook.%' ORDER BY id").await;
    assert_eq!(audited, ["webhook.created", "webhook.updated", "webhook.updated", "webhook.deleted"]);
}

#[tokio::test]
async fn secrets_are_sealed_to_their_place_and_never_come_back() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let secret = format!("whsec_{}", "QUJD".repeat(8));
    let mut body = endpoint();
    body["signing_secret"] = json!(secret);
    body["headers"] = json!({"Authorization": "Bearer hunter2", "X-Team": "blue"});
    // when
    let (path, made) = made(&client, body).await;
    // then
    assert_eq!(made["signing_secret"], json!(secret));
    assert_eq!(made["headers"], json!({"authorization": "****", "x-team": "****"}));
    let id: domain::ids::EndpointId = made["id"].as_str().unwrap().parse().unwrap();
    let stored = house.db.texts("SELECT encode(sealed, 'hex') || ' ' || id FROM webhook_secrets").await.concat();
    let (sealed, row) = stored.split_once(' ').unwrap();
    let place = |table, column, row| Context { table, column, row, project: client.project.0 };
    let opened =
        house.ring.open(&hex::decode(sealed).unwrap(), &place("webhook_secrets", "sealed", row.parse().unwrap()));
    assert_eq!(opened.unwrap().as_slice(), secret.as_bytes());
    let sealed = house.db.texts("SELECT encode(sealed_headers, 'hex') FROM webhook_endpoints").await.concat();
    let opened = house.ring.open(&hex::decode(sealed).unwrap(), &place("webhook_endpoints", "sealed_headers", id.0));
    let headers: Value = serde_json::from_slice(&opened.unwrap()).unwrap();
    assert_eq!(headers, json!({"authorization": "Bearer hunter2", "x-team": "blue"}));
    // and
    let shown = client.get(&path).await.expect(200).to_string();
    assert!(!shown.contains("hunter2") && !shown.contains("QUJD"), "{shown}");
    // when
    let changed = client.patch(&path, json!({"headers": null})).await.expect(200);
    // then
    assert_eq!(changed["headers"], json!({}));
    assert_eq!(house.count("SELECT count(*) FROM webhook_endpoints WHERE sealed_headers IS NOT NULL").await, 0);
}

#[tokio::test]
async fn an_address_that_the_guard_refuses_is_a_fault() {
    let house = House::start().await;
    let client = house.client().await;
    for url in [
        "http://example.com/",
        "https://u:p@example.com/",
        "ftp://example.com/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://localhost/",
        "nonsense",
        "",
    ] {
        let mut body = endpoint();
        body["url"] = json!(url);
        let found = client.post("/v1/webhooks", body).await.faults();
        assert_eq!(found[0].0, "/url", "{url}");
        assert_eq!(found.len(), 1, "{url}");
    }
    let (path, _) = made(&client, endpoint()).await;
    let changed = client.patch(&path, json!({"url": "https://10.0.0.1/", "events": []})).await.faults();
    assert_eq!(changed, faults(&[("/url", "invalid_url"), ("/events", "too_few")]));
}

#[tokio::test]
async fn a_lost_answer_is_given_again_without_the_secret() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let first = client.keyed("/v1/webhooks", "k1", endpoint()).await.expect(201);
    // when
    let again = client.keyed("/v1/webhooks", "k1", endpoint()).await.expect(201);
    // then
    assert_eq!(again["id"], first["id"]);
    assert!(first.get("signing_secret").is_some() && again.get("signing_secret").is_none(), "{again}");
    let kept = house.db.texts("SELECT body::text FROM idempotency_keys").await.concat();
    assert!(!kept.contains("whsec_"), "{kept}");
    assert_eq!(house.count("SELECT count(*) FROM webhook_endpoints").await, 1);
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_old_one_for_a_while() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let (path, made) = made(&client, endpoint()).await;
    // when
    let rotated = client.post(&format!("{path}/secret"), json!({"overlap": "PT1H"})).await.expect(201);
    // then
    assert_ne!(rotated["signing_secret"], made["signing_secret"]);
    let live = "SELECT count(*) FROM webhook_secrets WHERE expires_at IS NULL OR expires_at > now()";
    assert_eq!(house.count(live).await, 2);
    assert_eq!(
        house.count("SELECT count(*) FROM webhook_secrets WHERE expires_at < now() + interval '61 min'").await,
        1
    );
    // and: without overlap the others end at once
    client.post(&format!("{path}/secret"), json!({"overlap": "PT0S"})).await.expect(201);
    assert_eq!(house.count(live).await, 1);
    let long = client.post(&format!("{path}/secret"), json!({"overlap": "P8D"})).await.faults();
    assert_eq!(long, faults(&[("/overlap", "out_of_range")]));
}

#[tokio::test]
async fn a_foreign_endpoint_is_not_found_by_any_call() {
    // given: one of another project, and one that is not the bound key's owner's
    let house = House::start().await;
    let (client, other) = (house.client().await, house.client().await);
    let (foreign, _) = made(&other, endpoint()).await;
    let (general, _) = made(&client, endpoint()).await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::WebhooksRead, Scope::WebhooksWrite]).await;
    for (caller, path) in [(&client, &foreign), (&bound, &general)] {
        // when, then
        caller.get(path).await.problem(404, "not_found");
        caller.patch(path, json!({"is_active": false})).await.problem(404, "not_found");
        caller.delete(path).await.problem(404, "not_found");
        caller.get(&format!("{path}/deliveries")).await.problem(404, "not_found");
        caller.post(&format!("{path}/secret"), json!({})).await.problem(404, "not_found");
        caller.post(&format!("{path}/test"), json!({})).await.problem(404, "not_found");
    }
    assert_eq!(
        house.count("SELECT count(*) FROM webhook_endpoints WHERE status = 'active' AND deleted_at IS NULL").await,
        2
    );
    // and: what a bound key makes is its owner's
    let (own, made) = made(&bound, endpoint()).await;
    assert_eq!(made["external_id"], "user_42");
    bound.get(&own).await.expect(200);
    assert_eq!(bound.get("/v1/webhooks").await.expect(200)["data"].as_array().unwrap().len(), 1);
    let foreign_owner = json!({"url": "https://a.example/", "events": ["*"], "external_id": "user_43"});
    assert_eq!(bound.post("/v1/webhooks", foreign_owner).await.faults(), faults(&[("/external_id", "foreign_owner")]));
}
