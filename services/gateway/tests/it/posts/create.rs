use domain::ids::ContainerId;
use futures::future::join_all;
use gateway::Scope;
use serde_json::{Value, json};

use super::{later, three};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_answered_as_it_is_read_later() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    house
        .db
        .execute(&format!("UPDATE social_accounts SET status = 'needs_reconnect' WHERE id = '{}'", mastodon.0))
        .await;
    let own = json!({bluesky.to_string(): {"content": "for the blue"}, mastodon.to_string(): {"containers": [{"content": "one"}], "options": null}});
    let body = json!({
        "containers": [{"content": "main"}, {"content": "comment"}, {"content": "thread"}],
        "accounts": [x, bluesky, mastodon],
        "scheduled_at": later(),
        "external_id": "campaign_7",
        "external_ref": "ref-1",
        "config": {"x": {"reply_settings": "following"}},
        "account_config": own,
        "max_lateness": "PT1H",
    });
    // when
    let answer = client.post("/v1/posts", body).await;
    // then
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let post = answer.expect(201);
    assert_eq!(location, format!("/v1/posts/{}", post["id"].as_str().unwrap()));
    assert_eq!(client.get(&location).await.expect(200), post);
    assert_eq!(post["status"], "scheduled");
    assert_eq!(post["content"], "main");
    let roles: Vec<_> = post["containers"].as_array().unwrap().iter().map(|c| c["role"].clone()).collect();
    assert_eq!(roles, ["main", "first_comment", "thread"]);
    assert_eq!(post["warnings"][0]["code"], "account_needs_reconnect");
    assert_eq!(post["warnings"][0]["account_id"], mastodon.to_string());
    assert_eq!(post["account_config"][mastodon.to_string()], json!({"containers": [{"content": "one"}]}));
    assert_eq!(post["max_lateness"], "PT1H");
    // and each account gets what is its own
    let shared: Vec<_> = post["containers"].as_array().unwrap().iter().map(|c| c["id"].clone()).collect();
    let parts = |at: usize| -> Vec<Value> {
        let parts = post["targets"][at]["parts"].as_array().unwrap();
        parts.iter().map(|part| part["container_id"].clone()).collect()
    };
    assert_eq!(parts(0), shared);
    assert_eq!(parts(1)[1..], shared[1..]);
    let text = async |id: &Value| {
        let id: ContainerId = id.as_str().unwrap().parse().unwrap();
        house.db.texts(&format!("SELECT content FROM post_containers WHERE id = '{}'", id.0)).await
    };
    assert_eq!(text(&parts(1)[0]).await, ["for the blue"]);
    assert_eq!(parts(2).len(), 1);
    assert_eq!(text(&parts(2)[0]).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_with_one_key_make_one_post() {
    // given
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x], "scheduled_at": later(), "config": {"x": {"reply_settings": "following"}}});
    // when
    let answers = join_all((0..100).map(|_| client.keyed("/v1/posts", "launch-91", body.clone()))).await;
    // then
    let fresh: Vec<_> = answers.iter().filter(|answer| !answer.headers.contains_key("idempotency-replayed")).collect();
    assert_eq!(fresh.len(), 1);
    for answer in &answers {
        assert_eq!(answer.status, 201, "{:#}", answer.body);
        assert_eq!(answer.bytes, fresh[0].bytes, "a replay is the same bytes");
    }
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM events WHERE type = 'post.created'").await, 1);
    // and the order of fields is not what is asked for
    let text = format!(
        "{{\"scheduled_at\": {}, \"config\": {{\"x\": {{\"reply_settings\": \"following\"}}}}, \"accounts\": [\"{x}\"], \"content\": \"a\"}}",
        body["scheduled_at"]
    );
    let again = client.keyed("/v1/posts", "launch-91", serde_json::from_str(&text).unwrap()).await;
    assert_eq!(again.bytes, fresh[0].bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_for_one_call() {
    let (house, client, [x, ..]) = three().await;
    client.keyed("/v1/posts", "k", json!({"content": "a", "accounts": [x]})).await.expect(201);
    let other = client.keyed("/v1/posts", "k", json!({"content": "b", "accounts": [x]})).await.expect(422);
    assert_eq!(other["code"], "idempotency_key_reused");
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
    // and another project's key of the same name is another key
    let stranger = house.client().await;
    let account = house.account(&stranger, domain::platform::Platform::X, None).await;
    stranger.keyed("/v1/posts", "k", json!({"content": "b", "accounts": [account]})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_answered_though_the_call_is_no_longer_good() {
    // given
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x], "external_ref": "r"});
    let first = client.keyed("/v1/posts", "k", body.clone()).await;
    let id = first.body["id"].clone();
    house.db.execute(&format!("UPDATE social_accounts SET status = 'disconnected' WHERE id = '{}'", x.0)).await;
    // when
    let replay = client.keyed("/v1/posts", "k", body.clone()).await;
    let by_name = client.post("/v1/posts", body).await;
    // then
    assert_eq!((replay.status, &replay.bytes), (201, &first.bytes));
    assert_eq!(by_name.expect(200)["id"], id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_external_ref_names_one_post() {
    // given
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x], "external_ref": "r", "scheduled_at": later()});
    let first = client.post("/v1/posts", body.clone()).await.expect(201);
    // when
    let same = client.post("/v1/posts", body.clone()).await.expect(200);
    let other =
        client.post("/v1/posts", json!({"content": "b", "accounts": [x], "external_ref": "r"})).await.expect(409);
    // then
    assert_eq!(same["id"], first["id"]);
    assert_eq!(other["code"], "external_ref_taken");
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
    // and an edit does not make the first call another one
    let path = format!("/v1/posts/{}", first["id"].as_str().unwrap());
    client.patch(&path, json!({"content": "c"})).await.expect(200);
    assert_eq!(client.post("/v1/posts", body).await.expect(200)["content"], "c");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_and_a_key_together_lead_to_the_post_that_is_there() {
    // given a post under a name
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x], "external_ref": "r", "scheduled_at": later()});
    let first = client.post("/v1/posts", body.clone()).await.expect(201);
    // when the same call comes many times at once under a key
    let answers = join_all((0..50).map(|_| client.keyed("/v1/posts", "k", body.clone()))).await;
    // then none of them is told of a post that is not there
    for answer in answers {
        assert_eq!(answer.expect(200)["id"], first["id"]);
    }
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_ends_with_the_time_or_with_the_post() {
    // given
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x]});
    // when nobody sends it
    let began = std::time::Instant::now();
    let answer = client.post("/v1/posts?wait=300ms", body.clone()).await.expect(201);
    // then
    assert!(began.elapsed().as_millis() >= 300);
    assert_eq!(answer["status"], "queued");
    // when it settles meanwhile
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.post("/v1/posts?wait=20s", body).await }
    });
    while house.count("SELECT count(*) FROM posts").await < 2 {
        tokio::task::yield_now().await;
    }
    let newest = client.get("/v1/posts?limit=1").await.expect(200)["data"][0].clone();
    let cancel = format!(
        "/v1/posts/{}/targets/{}/cancel",
        newest["id"].as_str().unwrap(),
        newest["targets"][0]["id"].as_str().unwrap()
    );
    client.post(&cancel, json!({})).await.expect(200);
    // then
    assert_eq!(waiting.await.unwrap().expect(201)["status"], "canceled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_cannot_be_read_is_told() {
    let (_house, client, [x, ..]) = three().await;
    let answer = client.post("/v1/posts?wait=soon&wait_for=1", json!({"content": "a", "accounts": [x]})).await;
    assert_eq!(answer.faults(), crate::house::faults(&[("?wait", "invalid_duration"), ("?wait_for", "unknown_field")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drafts_key_makes_drafts_and_nothing_else() {
    // given
    let (house, client, [x, ..]) = three().await;
    let intern = house.key(client.project, None, &[Scope::PostsDraft]).await;
    // when
    let draft = intern.post("/v1/posts", json!({"content": "a", "accounts": [x], "draft": true})).await.expect(201);
    // then
    assert_eq!(draft["status"], "draft");
    let id = draft["id"].as_str().unwrap();
    let post = intern.post("/v1/posts", json!({"content": "a", "accounts": [x]})).await;
    assert_eq!(post.expect(403)["code"], "scope_missing");
    intern.post(&format!("/v1/posts/{id}/publish"), json!({})).await.expect(403);
    intern.patch(&format!("/v1/posts/{id}"), json!({"draft": false})).await.expect(403);
    intern.delete(&format!("/v1/posts/{id}")).await.expect(403);
    intern.get(&format!("/v1/posts/{id}")).await.expect(403);
    assert_eq!(house.count("SELECT count(*) FROM publish_queue").await, 0);
}
