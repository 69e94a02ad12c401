use domain::platform::Platform;
use gateway::Scope;
use serde_json::{Value, json};

use super::later;
use crate::house::{House, faults};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_sees_and_touches_its_owners_posts_only() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let mine = house.account(&client, Platform::X, Some("user_42")).await;
    let theirs = house.account(&client, Platform::Bluesky, Some("user_43")).await;
    let nobodys = house.account(&client, Platform::Mastodon, None).await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::PostsRead, Scope::PostsWrite]).await;
    let at = later();
    let post = async |accounts: Value| {
        client.post("/v1/posts", json!({"content": "a", "accounts": accounts, "scheduled_at": at})).await.expect(201)
    };
    let (ours, shared, foreign) =
        (post(json!([mine])).await, post(json!([mine, theirs])).await, post(json!([nobodys])).await);
    // when, then: other owners' accounts are unknown
    let answer = bound.post("/v1/posts", json!({"content": "a", "accounts": [mine, theirs, nobodys]})).await;
    assert_eq!(answer.faults(), faults(&[("/accounts/1", "unknown_account"), ("/accounts/2", "unknown_account")]));
    // and so are posts that touch them
    let list = bound.get("/v1/posts").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], ours["id"]);
    let path = |post: &Value| format!("/v1/posts/{}", post["id"].as_str().unwrap());
    bound.get(&path(&ours)).await.expect(200);
    for hidden in [&shared, &foreign] {
        bound.get(&path(hidden)).await.expect(404);
        bound.patch(&path(hidden), json!({"content": "b"})).await.expect(404);
        bound.delete(&path(hidden)).await.expect(404);
        bound.post(&format!("{}/publish", path(hidden)), json!({})).await.expect(404);
        let target = hidden["targets"][0]["id"].as_str().unwrap();
        bound.post(&format!("{}/targets/{target}/cancel", path(hidden)), json!({})).await.expect(404);
    }
    // and what it may touch it may not hand to others
    let answer = bound.patch(&path(&ours), json!({"accounts": [mine, theirs]})).await;
    assert_eq!(answer.faults(), faults(&[("/accounts/1", "unknown_account")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_under_a_name_that_a_bound_key_may_not_see_is_taken() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let mine = house.account(&client, Platform::X, Some("user_42")).await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::PostsRead, Scope::PostsWrite]).await;
    let body = json!({"content": "a", "accounts": [mine], "external_ref": "r", "scheduled_at": later()});
    client.keyed("/v1/posts", "k", body.clone()).await.expect(201);
    // when, then: neither its name nor its idempotency key lets another key at it
    assert_eq!(bound.post("/v1/posts", body.clone()).await.expect(409)["code"], "external_ref_taken");
    assert_eq!(bound.keyed("/v1/posts", "k", body).await.expect(422)["code"], "idempotency_key_reused");
}
