use domain::ids::{PostId, TargetId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{later, three};
use crate::house::{House, faults};

fn path(post: &Value) -> String {
    format!("/v1/posts/{}", post["id"].as_str().unwrap())
}

fn target(post: &Value, at: usize) -> String {
    format!("{}/targets/{}", path(post), post["targets"][at]["id"].as_str().unwrap())
}

/// Puts a target where only a publisher brings it.
async fn set(house: &House, post: &Value, at: usize, state: &str, part: &str) {
    let id: TargetId = post["targets"][at]["id"].as_str().unwrap().parse().unwrap();
    let column = match state {
        "failed" => "n_failed",
        "unconfirmed" => "n_unknown",
        "published" => "n_published",
        _ => "n_open",
    };
    house
        .db
        .execute(&format!(
            "UPDATE post_targets SET state = '{state}' WHERE id = '{0}'; \
             UPDATE target_parts SET status = '{part}' WHERE target_id = '{0}'; \
             DELETE FROM publish_queue WHERE subject_id = '{0}'; \
             UPDATE post_progress SET n_open = n_open - 1 \
               WHERE post_id = (SELECT post_id FROM post_targets WHERE id = '{0}'); \
             UPDATE post_progress SET {column} = {column} + 1 \
               WHERE post_id = (SELECT post_id FROM post_targets WHERE id = '{0}')",
            id.0
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_edited_and_published() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    let body = json!({"content": "a", "accounts": [x, bluesky], "draft": true,
        "account_config": {bluesky.to_string(): {"content": "blue"}}});
    let draft = client.post("/v1/posts", body).await.expect(201);
    assert_eq!(house.count("SELECT count(*) FROM publish_queue").await, 0);
    // when
    let edited = client
        .patch(&path(&draft), json!({"content": "b", "accounts": [x, mastodon], "external_id": "tag"}))
        .await
        .expect(200);
    // then
    assert_eq!((&edited["status"], &edited["content"]), (&json!("draft"), &json!("b")));
    assert_eq!(edited["external_id"], "tag");
    assert_eq!(edited["account_config"], json!({}), "what was one account's went with it");
    let accounts: Vec<_> = edited["targets"].as_array().unwrap().iter().map(|t| t["account_id"].clone()).collect();
    assert_eq!(accounts, [json!(x), json!(mastodon)]);
    assert_eq!(edited["targets"][0]["id"], draft["targets"][0]["id"], "a kept account keeps its target");
    assert_eq!(house.count("SELECT count(*) FROM events WHERE type = 'post.updated'").await, 1);
    // when
    let published = client.post(&format!("{}/publish", path(&draft)), json!({})).await.expect(200);
    // then
    assert_eq!(published["status"], "queued");
    assert_eq!(house.count("SELECT count(*) FROM publish_queue").await, 2);
    // and a second time is a conflict
    let again = client.post(&format!("{}/publish", path(&draft)), json!({})).await.expect(409);
    assert_eq!(again["code"], "conflict");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_post_is_moved_and_its_faults_are_where_they_were_given() {
    // given
    let (house, client, [x, ..]) = three().await;
    let body = json!({"containers": [{"content": "a"}, {"content": "b"}], "accounts": [x], "scheduled_at": later()});
    let post = client.post("/v1/posts", body).await.expect(201);
    let bad = async |patch: Value| client.patch(&path(&post), patch).await;
    let long = "a".repeat(281);
    // when, then
    assert_eq!(bad(json!({"content": long})).await.faults(), faults(&[("/content", "text_too_long")]));
    assert_eq!(
        bad(json!({"containers": [{"content": long}]})).await.faults(),
        faults(&[("/containers/0/content", "text_too_long")])
    );
    assert_eq!(bad(json!({"surprise": 1})).await.faults(), faults(&[("/surprise", "unknown_field")]));
    assert_eq!(bad(json!({"scheduled_at": null})).await.faults(), faults(&[("/scheduled_at", "required")]));
    assert_eq!(
        bad(json!({"content": "a", "containers": [{"content": "a"}]})).await.faults(),
        faults(&[("/containers", "conflicting_fields")])
    );
    bad(json!([])).await.expect(422);
    assert_eq!(client.get(&path(&post)).await.expect(200), post, "nothing was written");
    // when
    let at = "2030-01-01T00:00:00Z";
    let moved = bad(json!({"scheduled_at": at, "content": "c"})).await.expect(200);
    // then
    assert_eq!((&moved["status"], &moved["scheduled_at"]), (&json!("scheduled"), &json!(at)));
    let texts: Vec<_> = moved["containers"].as_array().unwrap().iter().map(|c| c["content"].clone()).collect();
    assert_eq!(texts, ["c", "b"], "the other containers stay");
    let due = house.db.texts("SELECT due_at::text FROM publish_queue").await;
    assert_eq!(due.len(), 1);
    assert!(due[0].starts_with("2030-01-01"), "{due:?}");
    // and it can be kept back
    let kept = bad(json!({"draft": true})).await.expect(200);
    assert_eq!(kept["status"], "draft");
    assert_eq!(house.count("SELECT count(*) FROM publish_queue").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_whose_time_has_passed_can_still_be_edited() {
    let (house, client, [x, ..]) = three().await;
    let body = json!({"content": "a", "accounts": [x], "draft": true, "scheduled_at": later()});
    let post = client.post("/v1/posts", body).await.expect(201);
    house.db.execute("UPDATE posts SET scheduled_at = '2020-01-01T00:00:00Z'").await;
    let edited = client.patch(&path(&post), json!({"content": "b"})).await.expect(200);
    assert_eq!((&edited["content"], &edited["scheduled_at"]), (&json!("b"), &json!("2020-01-01T00:00:00Z")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_is_not_edited() {
    let (house, client, [x, ..]) = three().await;
    let post = client.post("/v1/posts", json!({"content": "a", "accounts": [x]})).await.expect(201);
    assert_eq!(client.patch(&path(&post), json!({"content": "b"})).await.expect(409)["code"], "conflict");
    set(&house, &post, 0, "publishing", "sending").await;
    for answer in [client.patch(&path(&post), json!({"content": "b"})).await, client.delete(&path(&post)).await] {
        assert_eq!(answer.expect(409)["code"], "already_publishing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_takes_away_cancels_or_hides() {
    // given
    let (house, client, [x, ..]) = three().await;
    let draft = client.post("/v1/posts", json!({"content": "a", "accounts": [x], "draft": true})).await.expect(201);
    let waiting =
        client.post("/v1/posts", json!({"content": "a", "accounts": [x], "scheduled_at": later()})).await.expect(201);
    // when, then: a draft is gone
    client.delete(&path(&draft)).await.expect(204);
    client.get(&path(&draft)).await.expect(404);
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
    // what has not gone out is canceled
    let canceled = client.delete(&path(&waiting)).await.expect(200);
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(house.count("SELECT count(*) FROM publish_queue").await, 0);
    // what is settled is hidden and kept
    client.delete(&path(&waiting)).await.expect(204);
    client.get(&path(&waiting)).await.expect(404);
    client.delete(&path(&waiting)).await.expect(404);
    assert_eq!(client.get("/v1/posts").await.expect(200)["data"], json!([]));
    assert_eq!(house.count("SELECT count(*) FROM posts").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM events WHERE type = 'post.deleted'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_target_is_canceled_retried_resolved() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    let body = json!({"content": "a", "accounts": [x, bluesky, mastodon], "scheduled_at": later()});
    let post = client.post("/v1/posts", body).await.expect(201);
    // when
    let canceled = client.post(&format!("{}/cancel", target(&post, 0)), json!({})).await.expect(200);
    // then
    assert_eq!((&canceled["targets"][0]["status"], &canceled["status"]), (&json!("canceled"), &json!("scheduled")));
    client.post(&format!("{}/cancel", target(&post, 0)), json!({})).await.expect(409);
    // given one that failed and one that nobody can know of
    set(&house, &post, 1, "failed", "failed").await;
    set(&house, &post, 2, "unconfirmed", "unconfirmed").await;
    // when
    let retried = client.keyed(&format!("{}/retry", target(&post, 1)), "again", json!({})).await;
    // then
    assert_eq!(retried.body["targets"][1]["status"], "queued", "{:#}", retried.body);
    let replay = client.keyed(&format!("{}/retry", target(&post, 1)), "again", json!({})).await;
    assert_eq!((replay.status, &replay.bytes), (200, &retried.bytes));
    assert!(replay.headers.contains_key("idempotency-replayed"));
    client.post(&format!("{}/retry", target(&post, 1)), json!({})).await.expect(409);
    // when
    let resolve = async |body: Value| client.post(&format!("{}/resolve", target(&post, 2)), body).await;
    assert_eq!(resolve(json!({})).await.faults(), faults(&[("/as", "required")]));
    assert_eq!(resolve(json!({"as": "gone"})).await.faults(), faults(&[("/as", "unknown_word")]));
    assert_eq!(
        resolve(json!({"as": "failed", "platform_post_id": "1"})).await.faults(),
        faults(&[("/platform_post_id", "conflicting_fields")])
    );
    let resolved = resolve(json!({"as": "published", "platform_post_id": "77"})).await.expect(200);
    // then
    assert_eq!(resolved["targets"][2]["status"], "published");
    assert_eq!(resolved["targets"][2]["platform_post_id"], "77");
    resolve(json!({"as": "failed"})).await.expect(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_and_unknown_ids_are_not_found() {
    // given
    let (house, client, [x, ..]) = three().await;
    let post =
        client.post("/v1/posts", json!({"content": "a", "accounts": [x], "scheduled_at": later()})).await.expect(201);
    let stranger = house.client().await;
    let nobody = json!({"id": PostId(Uuid::now_v7()), "targets": [{"id": TargetId(Uuid::now_v7())}]});
    let garbled = json!({"id": "post_1", "targets": [{"id": "tgt_1"}]});
    for (who, post) in [(&stranger, &post), (&client, &nobody), (&client, &garbled)] {
        // when, then
        who.get(&path(post)).await.expect(404);
        who.get(&format!("{}/attempts", path(post))).await.expect(404);
        who.patch(&path(post), json!({"content": "b"})).await.expect(404);
        who.delete(&path(post)).await.expect(404);
        who.post(&format!("{}/publish", path(post)), json!({})).await.expect(404);
        for verb in ["cancel", "retry"] {
            who.post(&format!("{}/{verb}", target(post, 0)), json!({})).await.expect(404);
        }
        who.post(&format!("{}/resolve", target(post, 0)), json!({"as": "failed"})).await.expect(404);
    }
    assert_eq!(client.get(&path(&post)).await.expect(200), post);
    // and a target of another post is not a target of this one
    let other =
        client.post("/v1/posts", json!({"content": "b", "accounts": [x], "scheduled_at": later()})).await.expect(201);
    let mixed = json!({"id": post["id"], "targets": other["targets"]});
    client.post(&format!("{}/cancel", target(&mixed, 0)), json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_listed_oldest_first() {
    // given
    let (house, client, [x, ..]) = three().await;
    let post = client.post("/v1/posts", json!({"content": "a", "accounts": [x]})).await.expect(201);
    let (id, of): (PostId, TargetId) =
        (post["id"].as_str().unwrap().parse().unwrap(), post["targets"][0]["id"].as_str().unwrap().parse().unwrap());
    for number in 1..=3 {
        house
            .db
            .execute(&format!(
                "INSERT INTO publish_attempts (id, project_id, post_id, target_id, number, part, step, started_at, \
                   ended_at, outcome, http_status) \
                 VALUES ('{}', '{}', '{}', '{}', {number}, 0, 'send', now(), now(), 'rejected', 400)",
                Uuid::now_v7(),
                client.project.0,
                id.0,
                of.0
            ))
            .await;
    }
    // when
    let first = client.get(&format!("{}/attempts?limit=2", path(&post))).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = client.get(&format!("{}/attempts?limit=2&cursor={cursor}", path(&post))).await.expect(200);
    // then
    let numbers =
        |page: &Value| page["data"].as_array().unwrap().iter().map(|a| a["number"].clone()).collect::<Vec<_>>();
    assert_eq!((numbers(&first), numbers(&rest)), (vec![json!(1), json!(2)], vec![json!(3)]));
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_eq!(rest["data"][0]["target_id"], post["targets"][0]["id"]);
}
