use domain::{ids::AccountId, platform::Platform};
use gateway::Scope;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Client, House, faults};

fn path(id: AccountId) -> String {
    format!("/v1/social-accounts/{id}")
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/social-accounts?{query}")).await.expect(200);
    page["data"].as_array().unwrap().iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect()
}

async fn events(house: &House, kind: &str) -> Vec<Value> {
    let bodies = house.db.texts(&format!("SELECT body FROM events WHERE type = '{kind}' ORDER BY id")).await;
    bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_filter_narrows_the_list_and_pages_follow_one_another() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let x = house.account(&client, Platform::X, Some("user_42")).await;
    let bluesky = house.account(&client, Platform::Bluesky, Some("user_42")).await;
    let mastodon = house.account(&client, Platform::Mastodon, None).await;
    house
        .db
        .execute(&format!(
            "UPDATE social_accounts SET username = 'bob', status = 'needs_reconnect' WHERE id = '{}'",
            x.0
        ))
        .await;
    let stranger = house.client().await;
    house.account(&stranger, Platform::X, Some("user_42")).await;
    let unique = format!("network_unique_id=n-{}", bluesky.0);
    let cases: &[(&str, &[AccountId])] = &[
        ("", &[mastodon, bluesky, x]),
        ("external_id=user_42", &[bluesky, x]),
        ("platform=mastodon", &[mastodon]),
        ("status=needs_reconnect", &[x]),
        ("username=alice", &[mastodon, bluesky]),
        (&unique, &[bluesky]),
        ("external_id=user_42&status=active", &[bluesky]),
        ("external_id=nobody", &[]),
    ];
    for (query, expected) in cases {
        // when, then
        let expected: Vec<_> = expected.iter().map(AccountId::to_string).collect();
        assert_eq!(ids(&client, query).await, expected, "{query}");
    }
    let first = client.get("/v1/social-accounts?limit=2").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&client, &format!("limit=2&cursor={cursor}")).await, [x.to_string()]);
    // and a bound key sees its owner's
    let bound = house.key(client.project, Some("user_42"), &[Scope::AccountsRead]).await;
    assert_eq!(ids(&bound, "").await, [bluesky.to_string(), x.to_string()]);
    bound.get(&path(x)).await.expect(200);
    bound.get(&path(mastodon)).await.expect(404);
    // and what cannot be read is told
    assert_eq!(
        client.get("/v1/social-accounts?status=gone&colour=red").await.faults(),
        faults(&[("?status", "unknown_word"), ("?colour", "unknown_field")])
    );
    assert_eq!(client.get("/v1/social-accounts?platform=vimeo").await.expect(422)["code"], "unsupported_platform");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_changed_and_an_owner_is_named_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let id = house.account(&client, Platform::X, None).await;
    // when
    let changed = client.patch(&path(id), json!({"display_name": "Alice", "external_id": "user_42"})).await.expect(200);
    // then
    assert_eq!((&changed["display_name"], &changed["external_id"]), (&json!("Alice"), &json!("user_42")));
    let told = events(&house, "account.updated").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["account"], changed);
    assert_eq!(told[0]["data"]["resource_seq"], 1);
    assert_eq!(house.db.texts("SELECT action FROM audit_log WHERE action LIKE 'account.%'").await, ["account.adopted"]);
    // and the same owner again is no fault, another is
    client.patch(&path(id), json!({"external_id": "user_42"})).await.expect(200);
    let owned = client.patch(&path(id), json!({"external_id": "user_43", "display_name": "Mallory"})).await.expect(409);
    assert_eq!((&owned["code"], &owned["account_id"]), (&json!("account_owned"), &json!(id)));
    assert_eq!(client.get(&path(id)).await.expect(200)["display_name"], "Alice");
    // and a name can be taken away
    assert_eq!(client.patch(&path(id), json!({"display_name": null})).await.expect(200)["display_name"], Value::Null);
    // and nothing is nothing
    let before = events(&house, "account.updated").await.len();
    client.patch(&path(id), json!({})).await.expect(200);
    assert_eq!(events(&house, "account.updated").await.len(), before);
    assert_eq!(
        client.patch(&path(id), json!({"display_name": "", "username": "a"})).await.faults(),
        faults(&[("/display_name", "too_short"), ("/username", "unknown_field")])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_destroys_the_tokens_and_stirs_what_waits() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let id = house.account(&client, Platform::X, Some("user_42")).await;
    client
        .post("/v1/posts", json!({"content": "a", "accounts": [id], "scheduled_at": "2030-01-01T00:00:00Z"}))
        .await
        .expect(201);
    client
        .post("/v1/posts", json!({"content": "b", "accounts": [id], "scheduled_at": "2030-01-01T00:00:00Z"}))
        .await
        .expect(201);
    house
        .db
        .execute("UPDATE post_targets SET state = 'needs_reconnect' WHERE id = (SELECT min(id::text)::uuid FROM post_targets)")
        .await;
    // when
    let gone = client.delete(&path(id)).await.expect(200);
    // then
    assert_eq!(gone["status"], "disconnected");
    assert_eq!(house.count("SELECT count(*) FROM account_tokens").await, 0);
    assert_eq!(events(&house, "account.disconnected").await[0]["data"]["account"], gone);
    assert_eq!(house.count("SELECT count(*) FROM jobs WHERE kind = 1 AND wake_at <= clock_timestamp()").await, 1);
    assert_eq!(
        house.count("SELECT count(*) FROM publish_queue WHERE due_at <= clock_timestamp()").await,
        1,
        "what was held"
    );
    // and once is enough
    assert_eq!(client.delete(&path(id)).await.expect(200), gone);
    assert_eq!(events(&house, "account.disconnected").await.len(), 1);
    assert_eq!(ids(&client, "status=disconnected").await, [id.to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purging_forgets_the_profile_and_keeps_the_posts() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let used = house.account(&client, Platform::X, Some("user_42")).await;
    let unused = house.account(&client, Platform::X, Some("user_42")).await;
    let post = client
        .post("/v1/posts", json!({"content": "a", "accounts": [used], "scheduled_at": "2030-01-01T00:00:00Z"}))
        .await
        .expect(201);
    for id in [used, unused] {
        // when
        client.delete(&format!("{}?purge=true", path(id))).await.expect(204);
        // then
        client.get(&path(id)).await.expect(404);
        client.delete(&format!("{}?purge=true", path(id))).await.expect(404);
        client.patch(&path(id), json!({"display_name": "a"})).await.expect(404);
    }
    assert_eq!(ids(&client, "").await, [""; 0]);
    assert_eq!(house.count("SELECT count(*) FROM account_tokens").await, 0);
    assert_eq!(house.count("SELECT count(*) FROM social_accounts").await, 1);
    assert_eq!(
        house.count("SELECT count(*) FROM social_accounts WHERE username <> '' OR external_id IS NOT NULL").await,
        0
    );
    client.get(&format!("/v1/posts/{}", post["id"].as_str().unwrap())).await.expect(200);
    let answer = client.post("/v1/posts", json!({"content": "a", "accounts": [used]})).await;
    assert_eq!(answer.faults(), faults(&[("/accounts/0", "unknown_account")]));
    assert_eq!(events(&house, "account.disconnected").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_and_unknown_ids_are_not_found() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let id = house.account(&client, Platform::X, Some("user_42")).await;
    let stranger = house.client().await;
    let bound = house.key(client.project, Some("user_43"), &[Scope::AccountsRead, Scope::AccountsWrite]).await;
    let unknown = AccountId(Uuid::now_v7());
    for (who, id) in [(&stranger, id), (&bound, id), (&client, unknown)] {
        // when, then
        who.get(&path(id)).await.expect(404);
        who.patch(&path(id), json!({"display_name": "a"})).await.expect(404);
        who.delete(&path(id)).await.expect(404);
        who.delete(&format!("{}?purge=true", path(id))).await.expect(404);
    }
    client.get("/v1/social-accounts/acc_1").await.expect(404);
    assert_eq!(client.get(&path(id)).await.expect(200)["status"], "active");
    // and a bound key takes over nobody
    let nobodys = house.account(&client, Platform::X, None).await;
    bound.patch(&path(nobodys), json!({"external_id": "user_43"})).await.expect(404);
}
