use domain::ids::{AccountId, MediaId};
use jiff::SignedDuration;
use runtime::clock::Clock as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::three;
use crate::house::faults;

/// What it is about, the body, and the place and code of each fault.
type Case<'a> = (&'a str, Value, &'a [(&'a str, &'a str)]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_has_its_place_and_nothing_is_written() {
    // given
    let (house, client, [x, bluesky, mastodon]) = three().await;
    let stranger = house.client().await;
    let foreign = house.account(&stranger, domain::platform::Platform::X, None).await;
    let unknown = AccountId(Uuid::now_v7());
    let gone = house.account(&client, domain::platform::Platform::X, None).await;
    house.db.execute(&format!("UPDATE social_accounts SET status = 'disconnected' WHERE id = '{}'", gone.0)).await;
    let past = (house.clock.now() - SignedDuration::from_secs(61)).to_string();
    let own = |own: Value| json!({x.to_string(): own});
    let long = "a".repeat(281);
    let mut many = Vec::new();
    for _ in 0..51 {
        many.push(house.account(&client, domain::platform::Platform::X, None).await);
    }
    let cases: &[Case<'_>] = &[
        ("unknown field", json!({"content": "a", "accounts": [x], "contents": 1}), &[("/contents", "unknown_field")]),
        (
            "wrong types",
            json!({"content": 1, "accounts": "x", "draft": "yes", "config": []}),
            &[
                ("/content", "wrong_type"),
                ("/accounts", "wrong_type"),
                ("/draft", "wrong_type"),
                ("/config", "wrong_type"),
            ],
        ),
        ("not an object", json!([]), &[("", "wrong_type")]),
        (
            "U+0000",
            json!({"content": "a\0", "accounts": [x], "external_ref": "\0"}),
            &[("/content", "nul_character"), ("/external_ref", "nul_character")],
        ),
        (
            "text too long for X only",
            json!({"content": long, "accounts": [bluesky, x]}),
            &[("/content", "text_too_long")],
        ),
        (
            "in a container",
            json!({"containers": [{"content": "a"}, {"content": long}], "accounts": [x]}),
            &[("/containers/1/content", "text_too_long")],
        ),
        (
            "an account's own text",
            json!({"content": "a", "accounts": [x, bluesky], "account_config": own(json!({"content": long}))}),
            &[(&format!("/account_config/{x}/content"), "text_too_long")],
        ),
        (
            "an account's own containers",
            json!({"content": "a", "accounts": [x], "account_config":
            own(json!({"containers": [{"content": "a"}, {"content": long}]}))}),
            &[(&format!("/account_config/{x}/containers/1/content"), "text_too_long")],
        ),
        ("no account", json!({"content": "a"}), &[("/accounts", "required")]),
        ("no accounts", json!({"content": "a", "accounts": []}), &[("/accounts", "too_few")]),
        (
            "unknown and foreign accounts",
            json!({"content": "a", "accounts": [x, unknown, foreign, "alice", 7]}),
            &[
                ("/accounts/1", "unknown_account"),
                ("/accounts/2", "unknown_account"),
                ("/accounts/3", "unknown_account"),
                ("/accounts/4", "unknown_account"),
            ],
        ),
        (
            "disconnected account",
            json!({"content": "a", "accounts": [gone]}),
            &[("/accounts/0", "account_disconnected")],
        ),
        (
            "a date in the past",
            json!({"content": "a", "accounts": [x], "scheduled_at": past}),
            &[("/scheduled_at", "in_the_past")],
        ),
        (
            "no date",
            json!({"content": "a", "accounts": [x], "scheduled_at": "tomorrow"}),
            &[("/scheduled_at", "invalid_time")],
        ),
        (
            "the end of time",
            json!({"content": "a", "accounts": [x], "scheduled_at": "9999-12-01T00:00:00Z"}),
            &[("/scheduled_at", "too_far")],
        ),
        ("empty", json!({"accounts": [x, bluesky]}), &[("/content", "text_missing")]),
        ("blank", json!({"content": " \n", "accounts": [x, bluesky]}), &[("/content", "text_missing")]),
        (
            "an empty container",
            json!({"containers": [{"content": "a"}, {}], "accounts": [x]}),
            &[("/containers/1/content", "text_missing")],
        ),
        ("no containers", json!({"containers": [], "accounts": [x]}), &[("/containers", "too_few")]),
        (
            "duplicate accounts",
            json!({"content": "a", "accounts": [x, bluesky, x]}),
            &[("/accounts/2", "duplicate_account")],
        ),
        (
            "both forms",
            json!({"content": "a", "containers": [{"content": "a"}], "accounts": [x]}),
            &[("/containers", "conflicting_fields")],
        ),
        ("more than 50 accounts", json!({"content": "a", "accounts": many}), &[("/accounts", "too_many")]),
        (
            "more than 25 containers",
            json!({"containers": vec![json!({"content": "a"}); 26], "accounts": [x]}),
            &[("/containers", "too_many")],
        ),
        (
            "unknown option",
            json!({"content": "a", "accounts": [x], "config": {"x": {"reply_settings": "nobody", "colour": 1}}}),
            &[("/config/x/reply_settings", "invalid_option"), ("/config/x/colour", "unknown_option")],
        ),
        (
            "an account's own option",
            json!({"content": "a", "accounts": [x], "config": {"x": {"reply_settings": "following"}},
            "account_config": own(json!({"options": {"reply_settings": "nobody"}}))}),
            &[(&format!("/account_config/{x}/options/reply_settings"), "invalid_option")],
        ),
        (
            "unknown network",
            json!({"content": "a", "accounts": [x], "config": {"vimeo": {}}}),
            &[("/config/vimeo", "unsupported_platform")],
        ),
        (
            "somebody else's config",
            json!({"content": "a", "accounts": [x], "account_config": {mastodon.to_string(): {}}}),
            &[(&format!("/account_config/{mastodon}"), "unknown_account")],
        ),
        (
            "lateness",
            json!({"content": "a", "accounts": [x], "max_lateness": "PT0S"}),
            &[("/max_lateness", "out_of_range")],
        ),
        (
            "lateness over a week",
            json!({"content": "a", "accounts": [x], "max_lateness": "P8D"}),
            &[("/max_lateness", "out_of_range")],
        ),
        ("a slot", json!({"content": "a", "accounts": [x], "next_slot_of": x}), &[("/next_slot_of", "not_available")]),
        (
            "names too long",
            json!({"content": "a", "accounts": [x], "external_id": "e".repeat(256), "external_ref": ""}),
            &[("/external_id", "too_long"), ("/external_ref", "too_short")],
        ),
    ];
    let before = house.rows().await;
    for (name, body, expected) in cases {
        // when
        let answer = client.post("/v1/posts", body.clone()).await;
        // then
        let mut found = answer.faults();
        found.dedup();
        assert_eq!(found, faults(expected), "{name}");
        assert_eq!(house.rows().await, before, "{name}: something was written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_looked_at_too() {
    // given
    let (house, client, [x, bluesky, _]) = three().await;
    let upload = async |status: &str, kind: &str, content_type: &str| {
        let id = MediaId(Uuid::now_v7());
        house
            .db
            .execute(&format!(
                "INSERT INTO media (id, project_id, status, kind, filename, content_type, size, width, height, expires_at) \
                 VALUES ('{}', '{}', '{status}', {kind}, 'a', '{content_type}', 1000, 10, 10, now() + interval '1 day')",
                id.0, client.project.0
            ))
            .await;
        json!({"id": id})
    };
    let image = upload("ready", "'image'", "image/jpeg").await;
    let video = upload("ready", "'video'", "video/mp4").await;
    let odd = upload("ready", "'image'", "image/tiff").await;
    let pending = upload("pending", "NULL", "image/jpeg").await;
    let unknown = json!({"id": MediaId(Uuid::now_v7())});
    let five = vec![image.clone(); 5];
    let url = |url: &str| json!([{"url": url}]);
    let cases: &[Case<'_>] = &[
        ("count", json!({"media": five, "accounts": [x]}), &[("/media", "too_many_media")]),
        (
            "in a container",
            json!({"containers": [{"content": "a"}, {"media": five}], "accounts": [bluesky]}),
            &[("/containers/1/media", "too_many_media")],
        ),
        (
            "mixed",
            json!({"media": [image, video], "accounts": [bluesky]}),
            &[("/media", "media_mixed"), ("/media", "media_kind")],
        ),
        ("kind", json!({"media": [odd], "accounts": [x]}), &[("/media/0", "media_type")]),
        (
            "not ready, unknown",
            json!({"media": [pending, unknown, {"id": "x"}], "accounts": [x]}),
            &[("/media/2/id", "unknown_media")],
        ),
        (
            "not ready",
            json!({"media": [image, pending, unknown], "accounts": [x]}),
            &[("/media/1/id", "media_not_ready"), ("/media/2/id", "unknown_media")],
        ),
        ("neither", json!({"media": [{}], "accounts": [x]}), &[("/media/0", "required")]),
        (
            "both",
            json!({"media": [{"id": image["id"], "url": "https://a.example/b.jpg"}], "accounts": [x]}),
            &[("/media/0", "conflicting_fields")],
        ),
        (
            "scheme",
            json!({"media": url("http://a.example/b.jpg"), "accounts": [x]}),
            &[("/media/0/url", "url_not_allowed")],
        ),
        (
            "address",
            json!({"media": url("https://169.254.169.254/"), "accounts": [x]}),
            &[("/media/0/url", "url_not_allowed")],
        ),
        (
            "user",
            json!({"media": url("https://a:b@a.example/"), "accounts": [x]}),
            &[("/media/0/url", "url_not_allowed")],
        ),
        (
            "alternative text",
            json!({"media": [{"id": image["id"], "alt_text": "a".repeat(1001)}], "accounts": [x]}),
            &[("/media/0/alt_text", "alt_text_too_long")],
        ),
        (
            "unknown field",
            json!({"media": [{"id": image["id"], "alt": "a"}], "accounts": [x]}),
            &[("/media/0/alt", "unknown_field")],
        ),
    ];
    let before = house.rows().await;
    for (name, body, expected) in cases {
        // when
        let answer = client.post("/v1/posts", body.clone()).await;
        // then
        assert_eq!(answer.faults(), faults(expected), "{name}");
        assert_eq!(house.rows().await, before, "{name}: something was written");
    }
    // and what is good is accepted
    client.post("/v1/posts", json!({"media": [image], "accounts": [x, bluesky]})).await.expect(201);
    client.post("/v1/posts", json!({"media": url("https://a.example/b.jpg"), "accounts": [x]})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_told_at_once() {
    // given: every kind of fault in one body
    let (house, client, [x, bluesky, _]) = three().await;
    let before = house.rows().await;
    let body = json!({
        "surprise": true,
        "containers": [{"content": "a".repeat(301)}, {"content": 5}, {"content": "a\0"}, {}],
        "accounts": [x, bluesky, x, "nobody"],
        "scheduled_at": "2001-01-01T00:00:00Z",
        "config": {"vimeo": {}, "x": {"reply_settings": "nobody"}},
        "account_config": {"nobody": {}},
        "max_lateness": "soon",
    });
    // when
    let answer = client.post("/v1/posts", body).await;
    // then
    let detail = answer.body["detail"].clone();
    let found = answer.faults();
    assert_eq!(
        found,
        faults(&[
            ("/surprise", "unknown_field"),
            ("/containers/0/content", "text_too_long"),
            ("/containers/0/content", "text_too_long"),
            ("/containers/1/content", "wrong_type"),
            ("/containers/2/content", "nul_character"),
            ("/containers/3/content", "text_missing"),
            ("/accounts/2", "duplicate_account"),
            ("/accounts/3", "unknown_account"),
            ("/scheduled_at", "in_the_past"),
            ("/config/vimeo", "unsupported_platform"),
            ("/config/x/reply_settings", "invalid_option"),
            ("/account_config/nobody", "unknown_account"),
            ("/max_lateness", "invalid_duration"),
        ])
    );
    assert_eq!(detail, format!("{} fields are not valid", found.len()));
    assert_eq!(house.rows().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_networks_rule_names_the_network_and_the_account() {
    let (_house, client, [x, _, _]) = three().await;
    let answer = client.post("/v1/posts", json!({"content": "a".repeat(301), "accounts": [x]})).await.expect(422);
    assert_eq!(answer["errors"][0]["platform"], "x");
    assert_eq!(answer["errors"][0]["account_id"], x.to_string());
    assert_eq!(answer["errors"][0]["detail"], "X allows 280 weighted characters; this has 301");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_in_the_past_still_means_now() {
    let (house, client, [x, _, _]) = three().await;
    let at = (house.clock.now() - SignedDuration::from_secs(59)).to_string();
    let post = client.post("/v1/posts", json!({"content": "a", "accounts": [x], "scheduled_at": at})).await.expect(201);
    assert_eq!(post["status"], "queued");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_a_mebibyte_is_refused_whole() {
    let (house, client, [x, _, _]) = three().await;
    let before = house.rows().await;
    let answer = client.post("/v1/posts", json!({"content": "a".repeat(1 << 20), "accounts": [x]})).await;
    assert_eq!(answer.expect(413)["code"], "payload_too_large");
    assert_eq!(house.rows().await, before);
}
