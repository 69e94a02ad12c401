//! Facebook's Graph API where it is strict.

use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::given::{Answer, Given, answer, mp4, png};
use crate::graph::{delete, each, get, hosted, jpeg, nowhere, post};

struct Page {
    id: String,
    token: String,
}

async fn page(given: &Given, name: &str) -> Page {
    let account = given.account("facebook", name).await;
    let token = account.credentials["access_token"].as_str().expect("a token").to_owned();
    Page { id: account.id, token }
}

async fn given() -> (Given, Page) {
    let given = Given::sandbox().await;
    let page = page(&given, "acme").await;
    (given, page)
}

impl Page {
    fn path(&self, edge: &str) -> String {
        format!("/facebook/v24.0/{}/{edge}", self.id)
    }

    async fn feed(&self, given: &Given, parameters: &[(&str, &str)]) -> Answer {
        post(given, &self.path("feed"), &self.token, parameters).await
    }

    async fn photo(&self, given: &Given, bytes: Vec<u8>, words: &[(&str, &str)]) -> Answer {
        let mut form =
            Form::new().part("source", Part::bytes(bytes).file_name("a").mime_str("image/png").expect("a type"));
        for (name, value) in words {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        answer(given.post(&self.path("photos")).bearer_auth(&self.token).multipart(form)).await
    }
}

#[tokio::test]
async fn a_post_is_read_back_and_deleted() {
    let (given, page) = given().await;
    let posted = page.feed(&given, &[("message", "Hello"), ("link", "https://example.com/a")]).await.expect(200);
    let id = posted.text_at("/id");
    assert!(id.starts_with(&format!("{}_", page.id)), "{id}");
    let fields =
        [("fields", "id,message,created_time,permalink_url,attachments{media_type,target},comments.summary(true)")];
    let read = get(&given, &format!("/facebook/v24.0/{id}"), &page.token, &fields).await.expect(200);
    assert_eq!(
        (&read.body["message"], &read.body["attachments"]["data"][0]["media_type"]),
        (&json!("Hello"), &json!("link"))
    );
    assert_eq!(read.body["comments"]["summary"]["total_count"], 0);
    assert!(read.text_at("/created_time").ends_with("+0000") && read.text_at("/permalink_url").contains(&page.id));
    let listed = get(&given, &page.path("published_posts"), &page.token, &fields).await.expect(200);
    assert_eq!(each(&listed, "id"), [&json!(id)]);
    assert!(listed.header("x-business-use-case-usage").contains(&page.id) && !listed.header("x-app-usage").is_empty());
    let with_fields = page.feed(&given, &[("message", "Again"), ("fields", "id,permalink_url")]).await.expect(200);
    assert!(with_fields.body["permalink_url"].is_string());

    let gone = delete(&given, &format!("/facebook/{id}"), &page.token).await.expect(200);
    assert_eq!(gone.body, json!({"success": true}));
    assert_eq!(delete(&given, &format!("/facebook/{id}"), &page.token).await.refused(), (400, 100, 33));
    let ledger = given.ledger("?platform=facebook").await;
    assert!(
        ledger[0]["platform_post_id"] == *id
            && ledger[0]["deleted_at"].is_string()
            && ledger[1]["deleted_at"].is_null()
    );
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_not_public() {
    let (given, page) = given().await;
    for (parameters, refused) in [
        (vec![], (400, 100, 0)),
        (vec![("message", "")], (400, 100, 0)),
        (vec![("message", "a"), ("mesage", "b")], (400, 100, 0)),
        (vec![("message", "a"), ("link", "example.com")], (400, 100, 0)),
        (vec![("message", "a"), ("link", "https://www.facebook.com/x")], (400, 100, 1_609_008)),
        (vec![("message", "a"), ("published", "perhaps")], (400, 100, 0)),
        (vec![("message", "a"), ("scheduled_publish_time", "1900000000"), ("published", "false")], (400, 100, 0)),
        (vec![("message", "a"), ("attached_media", "[{\"media_fbid\":\"1\"}]")], (400, 100, 0)),
        (vec![("message", "a"), ("attached_media", "1")], (400, 100, 0)),
        (vec![("message", "a"), ("fields", "colour")], (400, 100, 0)),
    ] {
        assert_eq!(page.feed(&given, &parameters).await.refused(), refused, "{parameters:?}");
    }
    let long = "x".repeat(63_207);
    let refused = page.feed(&given, &[("message", &long)]).await;
    assert!(refused.status == 400 && refused.message().contains("Name parameter too long"), "{refused:?}");
    assert!(given.ledger("").await.is_empty());
    page.feed(&given, &[("message", &long[1..])]).await.expect(200);
}

#[tokio::test]
async fn the_same_text_is_not_taken_twice_in_a_row() {
    let (given, page) = given().await;
    page.feed(&given, &[("message", "Hello")]).await.expect(200);
    assert_eq!(page.feed(&given, &[("message", "Hello")]).await.refused(), (400, 506, 0));
    page.feed(&given, &[("message", "Other")]).await.expect(200);
    page.feed(&given, &[("message", "Hello")]).await.expect(200);
    assert_eq!(given.ledger("").await.len(), 3);
}

#[tokio::test]
async fn photos_wait_unpublished_until_a_post_attaches_them() {
    let (given, page) = given().await;
    let unpublished = [("published", "false"), ("alt_text_custom", "red")];
    let one = page.photo(&given, png(), &unpublished).await.expect(200);
    assert_eq!(one.body.get("post_id"), None);
    let address = hosted(&given, jpeg(10, 10), "image/jpeg").await;
    let two =
        post(&given, &page.path("photos"), &page.token, &[("url", &address), ("published", "false")]).await.expect(200);
    assert!(given.ledger("").await.is_empty());

    let bob = crate::facebook::page(&given, "bob").await;
    let (one, two) = (one.text_at("/id"), two.text_at("/id"));
    let attach =
        |ids: &[&String]| json!(ids.iter().map(|id| json!({"media_fbid": id})).collect::<Vec<_>>()).to_string();
    let both = attach(&[&one, &two]);
    assert_eq!(bob.feed(&given, &[("message", "a"), ("attached_media", &both)]).await.refused(), (400, 100, 0));
    let twice = attach(&[&one, &one]);
    assert_eq!(page.feed(&given, &[("message", "a"), ("attached_media", &twice)]).await.refused(), (400, 100, 0));
    let posted = page.feed(&given, &[("message", "a"), ("attached_media", &both)]).await.expect(200);
    assert_eq!(page.feed(&given, &[("message", "b"), ("attached_media", &both)]).await.refused(), (400, 100, 0));

    let entry = &given.ledger("").await[0];
    assert_eq!((&entry["platform_post_id"], entry["media"].as_array().expect("media").len()), (&posted.body["id"], 2));
    assert_eq!(entry["media"][0]["alt_text"], "red");
    let path = format!("/facebook/v24.0/{}", posted.text_at("/id"));
    let read =
        get(&given, &path, &page.token, &[("fields", "attachments{media_type,subattachments}")]).await.expect(200);
    assert_eq!(read.body["attachments"]["data"][0]["media_type"], "album");
    // By the form's own way of writing a list, and with a photo that is a post of its own.
    let three = page.photo(&given, png(), &[("published", "false")]).await.text_at("/id");
    let written = json!({"media_fbid": three}).to_string();
    page.feed(&given, &[("message", "c"), ("attached_media[0]", &written)]).await.expect(200);
    let own = page.photo(&given, png(), &[("caption", "d")]).await.expect(200);
    assert!(own.text_at("/post_id").starts_with(&page.id));
    assert_eq!(given.ledger("").await[2]["text"], "d");
    delete(&given, &format!("/facebook/v24.0/{}", own.text_at("/id")), &page.token).await.expect(200);
    assert!(given.ledger("").await[2]["deleted_at"].is_string());
}

#[tokio::test]
async fn a_photo_that_is_none_is_refused() {
    let (given, page) = given().await;
    let bad = page.photo(&given, b"not a picture".to_vec(), &[]).await;
    assert_eq!((bad.refused(), bad.message()), ((400, 100, 0), "(#100) Invalid image"));
    assert_eq!(page.photo(&given, mp4(), &[]).await.refused(), (400, 100, 0));
    assert_eq!(page.photo(&given, Vec::new(), &[]).await.refused(), (400, 100, 0));
    assert_eq!(page.photo(&given, vec![0xFF; 10 * 1024 * 1024 + 1], &[]).await.refused(), (400, 100, 1_366_046));
    let by_address =
        async |address: &str| post(&given, &page.path("photos"), &page.token, &[("url", address)]).await.refused();
    assert_eq!(by_address("nonsense").await, (400, 100, 2_061_006));
    assert_eq!(by_address(&nowhere()).await, (400, 324, 2_069_019));
    assert_eq!(by_address(&format!("{}/nothing", given.sandbox.url())).await, (400, 324, 2_069_019));
    assert_eq!(by_address(&given.sandbox.url()).await, (400, 100, 0));
    let none = post(&given, &page.path("photos"), &page.token, &[("caption", "a")]).await;
    assert_eq!((none.refused(), none.message()), ((400, 324, 0), "(#324) Requires upload file"));
    assert!(given.ledger("").await.is_empty());
}

#[tokio::test]
async fn comments_carry_a_thread_on() {
    let (given, page) = given().await;
    let first = page.feed(&given, &[("message", "one")]).await.text_at("/id");
    let comment = async |id: &str, message: &str| {
        post(&given, &format!("/facebook/v24.0/{id}/comments"), &page.token, &[("message", message)]).await
    };
    let second = comment(&first, "two").await.expect(200).text_at("/id");
    assert!(second.starts_with(first.split('_').nth(1).expect("two halves")));
    let third = comment(&second, "three").await.expect(200).text_at("/id");
    comment(&third, "four").await.expect(200);
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[1]["kind"], &ledger[1]["parent"]), (&json!("comment"), &json!(first)));
    assert_eq!((&ledger[2]["text"], &ledger[2]["parent"]), (&json!("three"), &json!(second)));
    assert_eq!(comment(&first, " ").await.refused(), (400, 100, 0));
    let unread = [("message", "a"), ("fields", "id")];
    let path = format!("/facebook/v24.0/{first}/comments");
    assert_eq!(post(&given, &path, &page.token, &unread).await.refused(), (400, 100, 0));
    assert_eq!(comment("1_2", "a").await.refused(), (400, 100, 33));

    let comments = format!("/facebook/v24.0/{first}/comments");
    let fields =
        ("fields", "id,from,message,created_time,parent,like_count,comment_count,is_hidden,can_hide,permalink_url");
    let top = get(&given, &comments, &page.token, &[fields]).await.expect(200);
    assert_eq!((each(&top, "message"), &top.body["data"][0]["comment_count"]), (vec![&json!("two")], &json!(1)));
    let all = get(&given, &comments, &page.token, &[("filter", "stream"), ("order", "reverse_chronological")]).await;
    assert_eq!(each(&all.expect(200), "message"), ["four", "three", "two"]);
    assert_eq!(get(&given, &comments, &page.token, &[("filter", "some")]).await.refused(), (400, 100, 0));
    post(&given, &format!("/facebook/v24.0/{third}"), &page.token, &[("is_hidden", "true")]).await.expect(200);
    let hidden = get(&given, &format!("/facebook/v24.0/{third}"), &page.token, &[("fields", "is_hidden,parent")]).await;
    assert_eq!((&hidden.body["is_hidden"], &hidden.body["parent"]["id"]), (&json!(true), &json!(second)));
    // With a comment goes what was said below it, with a post everything.
    delete(&given, &format!("/facebook/v24.0/{second}"), &page.token).await.expect(200);
    let deleted = given.ledger("").await.iter().map(|entry| !entry["deleted_at"].is_null()).collect::<Vec<_>>();
    assert_eq!(deleted, [false, true, true, true]);
}

#[tokio::test]
async fn listings_have_pages_and_bounds() {
    let (given, page) = given().await;
    for number in 0..5 {
        page.feed(&given, &[("message", &number.to_string())]).await.expect(200);
        given.advance("PT1M").await;
    }
    let path = page.path("published_posts");
    let mut seen = Vec::new();
    let mut next = Some(format!("{}{path}?limit=2&fields=message", given.sandbox.url()));
    while let Some(address) = next {
        let answered = answer(given.client.get(&address).bearer_auth(&page.token)).await.expect(200);
        seen.extend(each(&answered, "message").into_iter().cloned());
        next = answered.body["paging"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    let now: jiff::Timestamp = answer(given.get("/_sandbox/clock")).await.text_at("/now").parse().expect("a time");
    let since = (now.as_second() - 150).to_string();
    assert_eq!(each(&get(&given, &path, &page.token, &[("since", &since)]).await, "message"), ["4", "3"]);
    for bad in
        [("since", "yesterday"), ("limit", "-1"), ("after", "nonsense"), ("fields", "colour"), ("fields", "id,{")]
    {
        assert_eq!(get(&given, &path, &page.token, &[bad]).await.status, 400, "{bad:?}");
    }
}

#[tokio::test]
async fn unknown_paths_versions_and_tokens_are_refused() {
    let (given, page) = given().await;
    assert_eq!(get(&given, "/facebook/v1.0/me", &page.token, &[]).await.refused(), (400, 2500, 0));
    assert_eq!(get(&given, "/facebook/v24.0/me/nothing", &page.token, &[]).await.refused(), (400, 2500, 0));
    assert_eq!(get(&given, "/facebook/v24.0/77", &page.token, &[]).await.refused(), (400, 100, 33));
    assert_eq!(get(&given, "/facebook/v24.0/me", "nonsense", &[]).await.refused(), (400, 190, 0));
    assert_eq!(answer(given.get("/facebook/v24.0/me")).await.refused(), (400, 104, 0));
    let me = answer(given.get("/facebook/me").query(&[("access_token", &page.token)])).await.expect(200);
    assert_eq!(me.body, json!({"id": page.id, "name": "acme"}));
    let bob = crate::facebook::page(&given, "bob").await;
    let foreign = post(&given, &page.path("feed"), &bob.token, &[("message", "a")]).await;
    assert_eq!(foreign.refused(), (403, 200, 0));
    assert!(given.ledger("").await.is_empty());
}

#[tokio::test]
async fn only_living_metrics_are_counted() {
    let (given, page) = given().await;
    let id = page.feed(&given, &[("message", "a")]).await.text_at("/id");
    let of_post = async |metric: &str| {
        get(&given, &format!("/facebook/v24.0/{id}/insights"), &page.token, &[("metric", metric)]).await
    };
    let counted = of_post("post_media_view,post_clicks,post_reactions_by_type_total").await.expect(200);
    assert_eq!(counted.body["data"][1]["values"], json!([{"value": 0}]));
    let gone = of_post("post_clicks,post_impressions").await;
    assert_eq!((gone.refused(), gone.message()), ((400, 100, 0), "(#100) The value must be a valid insights metric"));
    let of_page = [("metric", "page_media_view"), ("period", "day")];
    let days = get(&given, &page.path("insights"), &page.token, &of_page).await.expect(200);
    assert_eq!(days.body["data"][0]["values"].as_array().expect("days").len(), 2);
    let long = [of_page[0], ("since", "1700000000"), ("until", "1790000000")];
    assert_eq!(get(&given, &page.path("insights"), &page.token, &long).await.refused(), (400, 100, 0));
}

#[tokio::test]
async fn faults_speak_with_the_numbers_of_the_graph_api() {
    let (given, page) = given().await;
    let fault = async |plan: serde_json::Value| {
        given.fault(plan).await;
        page.feed(&given, &[("message", "Hello")]).await
    };
    let words = json!({"message": "(#368/1346003) Blocked", "status": 403});
    let told = fault(json!({"operation": "publish", "fault": "reject", "params": words})).await;
    assert_eq!((told.refused(), told.message()), ((403, 368, 1_346_003), "(#368) Blocked"));
    let throttled = fault(json!({"operation": "publish", "fault": "throttle", "params": {"reset_s": 61}})).await;
    assert_eq!(throttled.refused(), (400, 80_001, 0));
    let usage: serde_json::Value = serde_json::from_str(throttled.header("x-business-use-case-usage")).expect("JSON");
    let usage = usage.as_object().and_then(|usage| usage.values().next()).expect("an entry");
    assert_eq!(usage[0]["estimated_time_to_regain_access"], 2);
    let broken = fault(json!({"operation": "publish", "fault": "error_after_accept"})).await;
    assert_eq!(broken.refused(), (500, 2, 0));
    assert_eq!(broken.body["error"]["is_transient"], true);
    assert_eq!(given.ledger("").await.len(), 1);
}

#[tokio::test]
async fn a_changed_password_ends_every_token_of_the_person() {
    let given = Given::sandbox().await;
    let mut pages = Vec::new();
    for name in ["one", "two"] {
        let body = json!({"platform": "facebook", "username": name, "person": "alice"});
        let made = answer(given.post("/_sandbox/accounts").json(&body)).await.expect(201);
        let page = Page { id: made.text_at("/account"), token: made.text_at("/credentials/access_token") };
        page.feed(&given, &[("message", "a")]).await.expect(200);
        pages.push(page);
    }
    let other = page(&given, "three").await;
    given.fault(json!({"account": pages[0].id, "operation": "publish", "fault": "revoke_token"})).await;
    for page in &pages {
        assert_eq!(page.feed(&given, &[("message", "b")]).await.refused(), (400, 190, 460));
    }
    other.feed(&given, &[("message", "b")]).await.expect(200);
    given.fault(json!({"account": other.id, "operation": "publish", "fault": "expire_token"})).await;
    for _ in 0..2 {
        assert_eq!(other.feed(&given, &[("message", "c")]).await.refused(), (400, 190, 463));
    }
    page(&given, "three").await.feed(&given, &[("message", "c")]).await.expect(200);
}

#[tokio::test]
async fn calls_are_counted_against_the_pages_limit() {
    let (given, page) = given().await;
    given.enforce_quotas().await;
    for _ in 0..48 {
        get(&given, "/facebook/v24.0/me", &page.token, &[]).await.expect(200);
    }
    let answered = get(&given, "/facebook/v24.0/me", &page.token, &[]).await;
    let usage: serde_json::Value = serde_json::from_str(answered.header("x-app-usage")).expect("JSON");
    assert_eq!(usage["call_count"], 1);
}
