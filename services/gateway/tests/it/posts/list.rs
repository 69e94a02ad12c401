use domain::{
    post::{PostStatus, roll_up},
    target::Status,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{later, three};
use crate::house::{Client, faults};

async fn ids(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/posts?{query}")).await.expect(200);
    page["data"].as_array().unwrap().iter().map(|post| post["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_filter_narrows_the_list() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    let mut made = Vec::new();
    for body in [
        json!({"content": "a", "accounts": [x, bluesky], "external_id": "tag", "scheduled_at": "2030-01-01T00:00:00Z"}),
        json!({"content": "b", "accounts": [bluesky], "external_ref": "ref", "scheduled_at": "2030-01-02T00:00:00Z"}),
        json!({"content": "c", "accounts": [mastodon], "draft": true}),
    ] {
        house.clock.advance(SignedDuration::from_secs(1));
        made.push(client.post("/v1/posts", body).await.expect(201));
    }
    let stranger = house.client().await;
    let account = house.account(&stranger, domain::platform::Platform::X, None).await;
    stranger.post("/v1/posts", json!({"content": "d", "accounts": [account]})).await.expect(201);
    let created = made[1]["created_at"].as_str().unwrap();
    let cases: &[(String, &[usize])] = &[
        (String::new(), &[2, 1, 0]),
        ("status=scheduled".into(), &[1, 0]),
        ("status=draft".into(), &[2]),
        ("status=published".into(), &[]),
        (format!("account_id={bluesky}"), &[1, 0]),
        (format!("account_id={account}"), &[]),
        ("platform=mastodon".into(), &[2]),
        (format!("platform=x&account_id={bluesky}"), &[]),
        ("external_id=tag".into(), &[0]),
        ("external_ref=ref".into(), &[1]),
        ("scheduled_after=2030-01-02T00:00:00Z".into(), &[1]),
        ("scheduled_before=2030-01-02T00:00:00Z".into(), &[0]),
        (format!("created_after={created}"), &[2, 1]),
        (format!("created_before={created}"), &[0]),
        (format!("status=scheduled&platform=bluesky&external_id=tag&created_before={created}"), &[0]),
    ];
    for (query, expected) in cases {
        // when, then
        let expected: Vec<_> = expected.iter().map(|at| made[*at]["id"].clone()).collect();
        assert_eq!(ids(&client, query).await, expected, "{query}");
    }
    // and what the list shows is what is read one by one
    assert_eq!(client.get("/v1/posts?external_ref=ref").await.expect(200)["data"][0], made[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_one_another_without_gap_or_double() {
    // given
    let (_house, client, [x, ..]) = three().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(
            client
                .post("/v1/posts", json!({"content": "a", "accounts": [x], "scheduled_at": later()}))
                .await
                .expect(201)["id"]
                .clone(),
        );
    }
    made.reverse();
    // when
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    let mut pages = 0;
    loop {
        let page = client.get(&format!("/v1/posts?limit=3&cursor={cursor}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|post| post["id"].clone()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
        if pages == 1 {
            // One that arrives meanwhile is no reason to see another twice.
            client.post("/v1/posts", json!({"content": "a", "accounts": [x]})).await.expect(201);
        }
    }
    // then
    assert_eq!((seen, pages), (made, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_cannot_be_read_is_told() {
    let (_house, client, _) = three().await;
    let answer =
        client.get("/v1/posts?status=lost&account_id=alice&scheduled_after=soon&limit=0&cursor=x&colour=red").await;
    assert_eq!(
        answer.faults(),
        faults(&[
            ("?status", "unknown_word"),
            ("?account_id", "unknown_account"),
            ("?scheduled_after", "invalid_time"),
            ("?limit", "out_of_range"),
            ("?cursor", "invalid_cursor"),
            ("?colour", "unknown_field"),
        ])
    );
    assert_eq!(client.get("/v1/posts?platform=vimeo").await.expect(422)["code"], "unsupported_platform");
}

/// The SQL of the filter and the domain's rule are two texts of one thing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_found_under_the_status_it_shows() {
    // given
    let (house, client, [x, bluesky, _]) = three().await;
    let post =
        client.post("/v1/posts", json!({"content": "a", "accounts": [x, bluesky], "draft": true})).await.expect(201);
    let every = <Status as strum::IntoEnumIterator>::iter().flat_map(|status| match status {
        Status::Unconfirmed => vec![(status, false), (status, true)],
        status => vec![(status, false)],
    });
    let every: Vec<_> = every.collect();
    for first in &every {
        for second in every.iter().filter(|second| second.0 as u8 >= first.0 as u8) {
            let set = |(status, probing): &(Status, bool), account: &domain::ids::AccountId| {
                let next = if *probing { "now()" } else { "NULL" };
                format!(
                    "UPDATE post_targets SET state = '{status}', next_at = {next} WHERE account_id = '{}';",
                    account.0
                )
            };
            house.db.execute(&format!("{}{}", set(first, &x), set(second, &bluesky))).await;
            // when
            let status: PostStatus = roll_up([*first, *second]);
            // then
            assert_eq!(ids(&client, &format!("status={status}")).await, [post["id"].clone()], "{first:?} {second:?}");
        }
    }
}
