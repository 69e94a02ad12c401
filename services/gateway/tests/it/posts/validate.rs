use serde_json::json;

use super::three;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_post_shows_what_would_be_sent_and_nothing_is_written() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    let before = house.rows().await;
    // when
    let body = json!({"content": "Hello", "accounts": [x, bluesky, mastodon]});
    let answer = client.post("/v1/posts/validate", body).await.expect(200);
    // then
    assert_eq!(answer["valid"], true, "{answer:#}");
    assert_eq!(answer["errors"], json!([]));
    for (at, (id, platform)) in [(x, "x"), (bluesky, "bluesky"), (mastodon, "mastodon")].into_iter().enumerate() {
        let target = &answer["targets"][at];
        assert_eq!((&target["account_id"], &target["platform"]), (&json!(id), &json!(platform)));
        assert_eq!((&target["errors"], &target["warnings"]), (&json!([]), &json!([])));
        assert!(target["requests"].to_string().contains("Hello"), "{target:#}");
    }
    assert_eq!(house.rows().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_stands_with_the_target_it_concerns() {
    // given
    let (house, client, [x, bluesky, _]) = three().await;
    let before = house.rows().await;
    // when
    let body =
        json!({"content": "a".repeat(290), "accounts": [x, bluesky, "nobody"], "scheduled_at": "2001-01-01T00:00:00Z"});
    let answer = client.post("/v1/posts/validate", body).await.expect(200);
    // then
    assert_eq!(answer["valid"], false);
    let pointers = |faults: &serde_json::Value| {
        faults.as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut general = pointers(&answer["errors"]);
    general.sort();
    assert_eq!(general, ["/accounts/2", "/scheduled_at"]);
    assert_eq!(pointers(&answer["targets"][0]["errors"]), ["/content"]);
    assert_eq!(pointers(&answer["targets"][1]["errors"]), [""; 0]);
    assert_eq!(house.rows().await, before);
}
