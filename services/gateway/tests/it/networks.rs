//! `/v1/social-networks`

use domain::{ids::NetworkId, platform::Platform};
use gateway::Scope;
use serde_json::{Value, json};
use vault::Context;

use crate::house::{Client, House, faults};

const PATH: &str = "/v1/social-networks";
const SECRET: &str = "hunter2-hunter2";

fn mastodon() -> Value {
    json!({"platform": "mastodon", "variant": "m.example", "client_id": "one", "client_secret": SECRET})
}

/// The secret that is kept for an app.
async fn opened(house: &House, client: &Client, id: &str) -> String {
    let id: NetworkId = id.parse().unwrap();
    let sql = format!("SELECT encode(sealed_secret, 'hex') FROM social_networks WHERE id = '{}'", id.0);
    let sealed = hex::decode(&house.db.texts(&sql).await[0]).unwrap();
    let context = Context { table: "social_networks", column: "sealed_secret", row: id.0, project: client.project.0 };
    String::from_utf8(house.ring.open(&sealed, &context).unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_brought_once_for_each_variant_and_its_secret_is_never_shown() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    // when
    let answer = client.keyed(PATH, "a", mastodon()).await;
    // then
    assert!(!String::from_utf8_lossy(&answer.bytes).contains(SECRET));
    let made = answer.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["variant"], &made["is_enabled"], &made["extra"]),
        (&json!("m.example"), &json!(true), &json!({}))
    );
    assert!(made["callback_url"].as_str().unwrap().ends_with(&format!("/v1/oauth/callback/{id}")), "{made:#}");
    assert!(made["scopes"].as_array().unwrap().contains(&json!("write:statuses")), "{made:#}");
    assert_eq!(opened(&house, &client, id).await, SECRET);
    // and the same call under the same key is answered as before
    let again = client.keyed(PATH, "a", mastodon()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), made);
    assert!(!house.db.texts("SELECT body::text FROM idempotency_keys").await.concat().contains(SECRET));
    // and the variant's next app takes its place
    let mut other = mastodon();
    other["client_id"] = json!("two");
    other["client_secret"] = json!("other");
    other["scopes"] = json!(["read", "write", "read"]);
    let replaced = client.keyed(PATH, "b", other.clone()).await.expect(200);
    assert_eq!((&replaced["id"], &replaced["client_id"]), (&made["id"], &json!("two")));
    assert_eq!(replaced["scopes"], json!(["read", "write"]));
    assert_eq!(opened(&house, &client, id).await, "other");
    assert_eq!(client.keyed(PATH, "b", other).await.expect(200), replaced);
    // and another variant's does not
    let mut elsewhere = mastodon();
    elsewhere["variant"] = json!("n.example");
    assert_ne!(client.post(PATH, elsewhere).await.expect(201)["id"], made["id"]);
    assert_eq!(
        house.db.texts("SELECT action FROM audit_log WHERE action LIKE 'network.%'").await,
        ["network.upserted"; 3]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_an_app_is_told_at_once() {
    let house = House::start().await;
    let client = house.client().await;
    let post = async |body: Value| client.post(PATH, body).await;
    assert_eq!(
        post(json!({
            "platform": "mastodon", "variant": "not a host", "client_id": "a b", "scopes": ["a b", ""],
            "extra": [], "display_name": "", "surprise": 1,
        }))
        .await
        .faults(),
        faults(&[
            ("/client_id", "invalid_client_id"),
            ("/display_name", "too_short"),
            ("/extra", "wrong_type"),
            ("/scopes/0", "invalid_scope"),
            ("/scopes/1", "too_short"),
            ("/surprise", "unknown_field"),
            ("/variant", "unknown_variant"),
        ])
    );
    assert_eq!(
        post(json!({"platform": "mastodon", "variant": "m.example"})).await.faults(),
        faults(&[("/client_id", "required"), ("/client_secret", "required")])
    );
    assert_eq!(
        post(json!({"client_id": "a", "scopes": [], "extra": {"a": "b".repeat(10_001)}})).await.faults(),
        faults(&[("/extra", "too_long"), ("/platform", "required"), ("/scopes", "too_few")])
    );
    assert_eq!(post(json!({"platform": "vimeo"})).await.expect(422)["code"], "unsupported_platform");
    assert_eq!(house.count("SELECT count(*) FROM social_networks").await, 0);
    // and what a network's apps need not have may be left out
    let public = post(json!({"platform": "x", "client_id": "a"})).await.expect(201);
    assert_eq!((&public["variant"], &public["display_name"]), (&json!("default"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_read_changed_and_taken_away() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let made = client.post(PATH, mastodon()).await.expect(201);
    let x = client.post(PATH, json!({"platform": "x", "client_id": "a", "client_secret": "b"})).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    // when, then
    assert_eq!(client.get(&path).await.expect(200), made);
    let listed = async |query: &str| client.get(&format!("{PATH}?{query}")).await.expect(200)["data"].clone();
    assert_eq!(listed("").await, json!([x, made]));
    assert_eq!(listed("platform=mastodon").await, json!([made]));
    let first = client.get(&format!("{PATH}?limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(listed(&format!("limit=1&cursor={cursor}")).await, json!([made]));
    let changed =
        client.patch(&path, json!({"display_name": "Ours", "is_enabled": false, "client_secret": "new"})).await;
    assert!(!String::from_utf8_lossy(&changed.bytes).contains("new\""));
    let changed = changed.expect(200);
    assert_eq!((&changed["display_name"], &changed["is_enabled"]), (&json!("Ours"), &json!(false)));
    assert_eq!((&changed["client_id"], &changed["scopes"]), (&made["client_id"], &made["scopes"]));
    assert_eq!(opened(&house, &client, id).await, "new");
    assert_eq!(client.patch(&path, json!({})).await.expect(200), changed, "nothing is nothing");
    assert_eq!(client.patch(&path, json!({"display_name": null})).await.expect(200)["display_name"], Value::Null);
    assert_eq!(
        client.patch(&path, json!({"client_secret": null})).await.faults(),
        faults(&[("/client_secret", "required")])
    );
    client.patch(&format!("{PATH}/{}", x["id"].as_str().unwrap()), json!({"client_secret": null})).await.expect(200);
    assert_eq!(house.count("SELECT count(*) FROM social_networks WHERE sealed_secret IS NULL").await, 1);
    assert_eq!(
        client.patch(&path, json!({"platform": "x", "client_id": ""})).await.faults(),
        faults(&[("/client_id", "too_short"), ("/platform", "unknown_field")])
    );
    client.delete(&path).await.expect(204);
    client.delete(&path).await.expect(404);
    client.get(&path).await.expect(404);
    assert_eq!(listed("").await[0]["id"], x["id"]);
    assert_eq!(client.get(&format!("{PATH}?platform=vimeo")).await.expect(422)["code"], "unsupported_platform");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_its_whole_projects_and_nobody_elses() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let made = client.post(PATH, mastodon()).await.expect(201);
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let stranger = house.client().await;
    // when, then
    stranger.get(&path).await.expect(404);
    stranger.patch(&path, json!({"client_id": "a"})).await.expect(404);
    stranger.delete(&path).await.expect(404);
    assert_eq!(stranger.get(PATH).await.expect(200)["data"], json!([]));
    // and a key that acts for one owner changes nothing of it
    let bound = house.key(client.project, Some("user_42"), &[Scope::NetworksRead, Scope::NetworksWrite]).await;
    assert_eq!(bound.get(&path).await.expect(200), made);
    assert_eq!(bound.post(PATH, mastodon()).await.expect(403)["code"], "forbidden");
    assert_eq!(bound.patch(&path, json!({"client_id": "a"})).await.expect(403)["code"], "forbidden");
    assert_eq!(bound.delete(&path).await.expect(403)["code"], "forbidden");
    let reader = house.key(client.project, None, &[Scope::NetworksRead]).await;
    assert_eq!(reader.post(PATH, mastodon()).await.expect(403)["code"], "scope_missing");
    assert_eq!(reader.delete(&path).await.expect(403)["code"], "scope_missing");
    let writer = house.key(client.project, None, &[Scope::NetworksWrite]).await;
    assert_eq!(writer.get(&path).await.expect(403)["code"], "scope_missing");
    // and it is deleted while accounts are connected through it
    let account = house.account(&client, Platform::Mastodon, None).await;
    house
        .db
        .execute(&format!(
            "UPDATE social_accounts SET social_network_id = (SELECT id FROM social_networks) WHERE id = '{}'",
            account.0
        ))
        .await;
    let account = format!("/v1/social-accounts/{account}");
    assert_eq!(client.get(&account).await.expect(200)["social_network_id"], made["id"]);
    client.delete(&path).await.expect(204);
    assert_eq!(client.get(&account).await.expect(200)["social_network_id"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_lead_to_where_browsers_reach_the_connector() {
    let house = House::start_with(|settings| settings.gateway.oauth_url = "https://connect.example".to_owned()).await;
    let client = house.client().await;
    let made = client.post(PATH, json!({"platform": "x", "client_id": "a"})).await.expect(201);
    let expected = format!("https://connect.example/v1/oauth/callback/{}", made["id"].as_str().unwrap());
    assert_eq!(made["callback_url"], expected);
}
