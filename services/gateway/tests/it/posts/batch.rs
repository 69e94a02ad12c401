use serde_json::{Value, json};

use super::{later, three};
use crate::house::faults;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_post_is_accepted_for_itself_and_in_its_order() {
    // given
    let (house, client, [x, ..]) = three().await;
    let mut posts: Vec<_> = (0..60).map(|n| json!({"content": format!("{n}"), "accounts": [x]})).collect();
    posts[1] = json!({"content": "a".repeat(281), "accounts": [x]});
    posts[2] = json!(7);
    posts[3] = json!({"content": "a\0", "accounts": [x]});
    // when
    let answer = client.keyed("/v1/posts/batch", "b", json!({"posts": posts})).await;
    // then
    let data = answer.clone().expect(207)["data"].clone();
    let statuses: Vec<_> = data.as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses[..5], [201, 422, 422, 422, 201]);
    assert_eq!(data[1]["problem"]["errors"][0]["pointer"], "/content");
    assert_eq!(data[1]["problem"]["code"], "validation_failed");
    assert_eq!(data[3]["problem"]["errors"][0]["code"], "nul_character");
    assert_eq!(data[4]["post"]["content"], "4");
    let sent = house
        .db
        .texts(
            "SELECT c.content FROM publish_queue q JOIN post_targets t ON t.id = q.subject_id \
             JOIN post_containers c ON c.post_id = t.post_id ORDER BY q.seq",
        )
        .await;
    let expected: Vec<_> = (0..60).filter(|n| !(1..=3).contains(n)).map(|n| n.to_string()).collect();
    assert_eq!(sent, expected, "an account's posts keep the order they were named in");
    // and again under the same key it is the same
    let replay = client.keyed("/v1/posts/batch", "b", json!({"posts": posts})).await;
    let ids = |data: &Value| {
        data["data"].as_array().unwrap().iter().map(|item| item["post"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&replay.expect(207)), ids(&answer.body));
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 57);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_bounds() {
    let (house, client, [x, ..]) = three().await;
    let post = json!({"content": "a", "accounts": [x], "scheduled_at": later()});
    let bad = async |body: Value| client.post("/v1/posts/batch", body).await.faults();
    assert_eq!(bad(json!({})).await, faults(&[("/posts", "required")]));
    assert_eq!(bad(json!({"posts": []})).await, faults(&[("/posts", "too_few")]));
    assert_eq!(bad(json!({"posts": vec![post; 101]})).await, faults(&[("/posts", "too_many")]));
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 0);
}
