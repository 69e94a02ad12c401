//! The feed of events.

use std::time::Duration;

use domain::ids::{EventId, ProjectId};
use gateway::Scope;
use serde_json::{Value, json};
use testkit::TestDatabase;
use tokio::time::Instant;
use uuid::Uuid;

use crate::house::{Client, House, faults};

const PATIENCE: Duration = Duration::from_secs(20);

/// An event as `store` records it.
fn insert(project: ProjectId, name: &str, kind: &str, owners: &[&str]) -> String {
    let id = EventId(Uuid::now_v7());
    let body = json!({"id": id, "type": kind, "data": {"name": name}});
    let owners: Vec<String> = owners.iter().map(|owner| format!("'{owner}'")).collect();
    format!(
        "INSERT INTO events (id, project_id, type, resource_id, resource_seq, owners, body, created_at) \
         VALUES ('{}', '{}', '{kind}', '{}', 1, ARRAY[{}]::text[], '{body}', now());",
        id.0,
        project.0,
        Uuid::now_v7(),
        owners.join(",")
    )
}

async fn happen(db: &TestDatabase, client: &Client, names: &[&str]) {
    for name in names {
        db.execute(&insert(client.project, name, "post.published", &[""])).await;
    }
}

fn names(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|event| event["data"]["name"].as_str().unwrap().to_owned()).collect()
}

async fn read(client: &Client, query: &str) -> (Vec<String>, String) {
    let page = client.get(&format!("/v1/events?{query}")).await.expect(200);
    (names(&page), page["next_cursor"].as_str().expect("never null").to_owned())
}

/// Reads until these are there: whatever transaction is open anywhere on the server holds back what came after it.
async fn await_events(client: &Client, query: &str, expected: &[&str]) {
    let began = Instant::now();
    loop {
        let (seen, _) = read(client, query).await;
        if seen == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{seen:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_reader_that_keeps_its_cursor_sees_each_event_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let (none, start) = read(&client, "").await;
    assert_eq!(none, [""; 0]);
    happen(&house.db, &client, &["a", "b", "c"]).await;
    // when, then: from the very start, from the empty page's cursor, and by pages
    await_events(&client, "", &["a", "b", "c"]).await;
    let (first, next) = read(&client, &format!("after={start}&limit=2")).await;
    assert_eq!(first, ["a", "b"]);
    let (second, next) = read(&client, &format!("after={next}&limit=2")).await;
    assert_eq!(second, ["c"]);
    let (last, next) = read(&client, &format!("after={next}")).await;
    assert_eq!(last, [""; 0]);
    happen(&house.db, &client, &["d"]).await;
    await_events(&client, &format!("after={next}"), &["d"]).await;
    // and: from an event on
    let page = client.get("/v1/events?limit=1").await.expect(200);
    let id = page["data"][0]["id"].as_str().unwrap();
    assert_eq!(read(&client, &format!("after={id}")).await.0, ["b", "c", "d"]);
    let unknown = client.get("/v1/events?after=evt_00000000000000000000000000000007").await.faults();
    assert_eq!(unknown, faults(&[("?after", "unknown_event")]));
}

#[tokio::test]
async fn a_slow_transaction_is_not_skipped() {
    // given: one that begins first and commits last
    let house = House::start().await;
    let client = house.client().await;
    let (mut slow, connection) = tokio_postgres::connect(house.db.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let transaction = slow.transaction().await.unwrap();
    transaction.batch_execute(&insert(client.project, "slow", "post.published", &[""])).await.unwrap();
    happen(&house.db, &client, &["quick"]).await;
    // when: what came later waits for what may still come before it
    let (seen, next) = read(&client, "").await;
    assert_eq!(seen, [""; 0]);
    transaction.commit().await.unwrap();
    // then
    await_events(&client, &format!("after={next}"), &["slow", "quick"]).await;
}

#[tokio::test]
async fn events_are_narrowed_by_type_project_and_owner() {
    // given
    let house = House::start().await;
    let (client, other) = (house.client().await, house.client().await);
    let bound = house.key(client.project, Some("user_42"), &[Scope::WebhooksRead]).await;
    for (name, kind, owners) in [
        ("own", "post.published", vec!["user_42"]),
        ("own error", "post.error", vec!["user_42", "user_42"]),
        ("shared", "post.published", vec!["user_42", "user_43"]),
        ("ownerless", "post.published", vec!["", "user_42"]),
        ("nobody's", "endpoint.disabled", vec![]),
    ] {
        let statement = insert(client.project, name, kind, &owners).replace("nobody's", "nobody''s");
        house.db.execute(&statement).await;
    }
    happen(&house.db, &other, &["foreign"]).await;
    // when, then
    await_events(&other, "", &["foreign"]).await;
    assert_eq!(read(&client, "").await.0, ["own", "own error", "shared", "ownerless", "nobody's"]);
    assert_eq!(read(&client, "type=post.error").await.0, ["own error"]);
    assert_eq!(read(&bound, "").await.0, ["own", "own error"]);
}

#[tokio::test]
async fn bodies_are_the_very_bytes_that_were_recorded() {
    let house = House::start().await;
    let client = house.client().await;
    let body = r#"{"z": 1,  "a": "\u00e9", "data": {"name": "x"}}"#;
    let statement = insert(client.project, "x", "post.error", &[]);
    house.db.execute(&statement).await;
    house.db.execute(&format!("UPDATE events SET body = '{body}'")).await;
    let began = Instant::now();
    let mut reply = client.get("/v1/events").await;
    while reply.body["data"] == json!([]) && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = client.get("/v1/events").await;
    }
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(String::from_utf8(reply.bytes).unwrap().contains(body));
}
