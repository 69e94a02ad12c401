//! API keys.

use gateway::Scope;
use serde_json::json;

use crate::house::{House, faults};

#[tokio::test]
async fn a_key_is_shown_once_works_at_once_and_stops_at_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    // when
    let made = client.post("/v1/api-keys", json!({"name": "ci", "scopes": ["webhooks:read"]})).await.expect(201);
    // then
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("sk_test_"), "{made}");
    let new = house.with_key(text);
    new.get("/v1/webhooks").await.expect(200);
    // and: neither the list nor the database holds the key
    let listed = client.get("/v1/api-keys").await.expect(200);
    assert_eq!(listed["data"][0]["id"], made["id"]);
    assert_eq!(listed["data"][0]["scopes"], json!(["webhooks:read"]));
    assert!(!listed.to_string().contains(text));
    let stored = house.db.texts("SELECT row_to_json(k)::text FROM api_keys k").await.concat();
    let audited = house.db.texts("SELECT details::text FROM audit_log").await.concat();
    assert!(!stored.contains(&text[12..]) && !audited.contains(&text[12..]));
    // when
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    client.delete(&path).await.expect(204);
    // then
    new.get("/v1/webhooks").await.problem(401, "unauthorized");
    client.delete(&path).await.problem(404, "not_found");
    assert_eq!(
        house.count("SELECT count(*) FROM audit_log WHERE action LIKE 'key.%'").await,
        3,
        "one by the test itself"
    );
}

#[tokio::test]
async fn a_key_never_gives_more_than_it_has() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let admin = house.key(client.project, None, &[Scope::KeysAdmin, Scope::PostsRead]).await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::KeysAdmin]).await;
    // when, then
    let ask = json!({"name": "x", "scopes": ["posts:read", "posts:write"]});
    admin.post("/v1/api-keys", ask).await.problem(403, "scope_missing");
    let made = admin.post("/v1/api-keys", json!({"name": "x"})).await.expect(201);
    assert_eq!(made["scopes"], json!(["posts:read", "keys:admin"]));
    let other = bound.post("/v1/api-keys", json!({"name": "x", "external_id": "user_43"})).await.faults();
    assert_eq!(other, faults(&[("/external_id", "foreign_owner")]));
    let own = bound.post("/v1/api-keys", json!({"name": "x"})).await.expect(201);
    assert_eq!(own["external_id"], "user_42");
    // and: it sees and revokes only those of its owner
    let listed = bound.get("/v1/api-keys").await.expect(200);
    assert!(listed["data"].as_array().unwrap().iter().all(|key| key["external_id"] == "user_42"), "{listed}");
    bound.delete(&format!("/v1/api-keys/{}", made["id"].as_str().unwrap())).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_key_of_another_project_is_not_found() {
    let house = House::start().await;
    let (client, other) = (house.client().await, house.client().await);
    let made = other.post("/v1/api-keys", json!({"name": "x"})).await.expect(201);
    client.delete(&format!("/v1/api-keys/{}", made["id"].as_str().unwrap())).await.problem(404, "not_found");
}

#[tokio::test]
async fn n_calls_with_one_idempotency_key_make_one_key_and_show_it_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let before = house.count("SELECT count(*) FROM api_keys").await;
    // when: eight at once
    let calls = (0..8).map(|_| client.keyed("/v1/api-keys", "one", json!({"name": "x"})));
    let replies = futures::future::join_all(calls).await;
    // then
    let shown = replies.iter().filter(|reply| reply.body.get("key").is_some()).count();
    let replayed = replies.iter().filter(|reply| reply.header("idempotency-replayed") == "true").count();
    let ids: std::collections::HashSet<_> = replies.iter().map(|reply| reply.body["id"].to_string()).collect();
    assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
    assert_eq!((shown, replayed, ids.len()), (1, 7, 1));
    assert_eq!(house.count("SELECT count(*) FROM api_keys").await, before + 1);
    // and: another call under the key, by body, path or owner, is a mistake
    client.keyed("/v1/api-keys", "one", json!({"name": "y"})).await.problem(422, "idempotency_key_reused");
    client.keyed("/v1/webhooks", "one", json!({"name": "x"})).await.faults();
    let bound = house.key(client.project, Some("user_42"), &[Scope::KeysAdmin]).await;
    bound.keyed("/v1/api-keys", "one", json!({"name": "x"})).await.problem(422, "idempotency_key_reused");
    // and: another project's keys are its own
    house.client().await.keyed("/v1/api-keys", "one", json!({"name": "x"})).await.expect(201);
    // and: after a day it is a new call
    house.db.execute("UPDATE idempotency_keys SET expires_at = now()").await;
    client.keyed("/v1/api-keys", "one", json!({"name": "y"})).await.expect(201);
}

#[tokio::test]
async fn faults_of_a_key_are_told() {
    let house = House::start().await;
    let client = house.client().await;
    let body = json!({"name": "", "scopes": ["posts:read", "root"], "expires_at": "2020-01-01T00:00:00Z"});
    let expected = faults(&[("/name", "too_short"), ("/scopes/1", "unknown_word"), ("/expires_at", "in_the_past")]);
    assert_eq!(client.post("/v1/api-keys", body).await.faults(), expected);
}

#[tokio::test]
async fn a_list_goes_on_where_its_page_ended() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    for name in ["a", "b", "c"] {
        client.post("/v1/api-keys", json!({"name": name})).await.expect(201);
    }
    // when
    let mut names = Vec::new();
    let mut path = "/v1/api-keys?limit=2".to_owned();
    loop {
        let page = client.get(&path).await.expect(200);
        names.extend(page["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/api-keys?limit=2&cursor={next}");
    }
    // then
    assert_eq!(names, ["c", "b", "a", "test"]);
}
