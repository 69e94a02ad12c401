//! Instagram's API where it is strict, on both hosts.

use serde_json::json;

use crate::given::{Answer, Given, answer, mp4, png};
use crate::graph::{delete, each, get, hosted, jpeg, nowhere, post};

/// An account and the path that stands for its host.
struct User {
    id: String,
    token: String,
    root: &'static str,
}

async fn user(given: &Given, name: &str, login: &str) -> User {
    let body = json!({"platform": "instagram", "username": name, "login": login});
    let made = answer(given.post("/_sandbox/accounts").json(&body)).await;
    assert!([200, 201].contains(&made.status), "{made:?}");
    assert_eq!(
        (made.text_at("/credentials/login").as_str(), &made.body["credentials"]["user_id"]),
        (login, &made.body["account"])
    );
    let root = if login == "facebook" { "/facebook/v24.0" } else { "/instagram/v24.0" };
    User { id: made.text_at("/account"), token: made.text_at("/credentials/access_token"), root }
}

async fn given() -> (Given, User, String) {
    let given = Given::sandbox().await;
    let user = user(&given, "alice", "instagram").await;
    let picture = hosted(&given, jpeg(10, 10), "image/jpeg").await;
    (given, user, picture)
}

impl User {
    fn path(&self, edge: &str) -> String {
        format!("{}/{}/{edge}", self.root, self.id)
    }

    async fn container(&self, given: &Given, parameters: &[(&str, &str)]) -> Answer {
        post(given, &self.path("media"), &self.token, parameters).await
    }

    async fn publish(&self, given: &Given, creation: &str) -> Answer {
        post(given, &self.path("media_publish"), &self.token, &[("creation_id", creation)]).await
    }

    async fn node(&self, given: &Given, id: &str, fields: &str) -> Answer {
        get(given, &format!("{}/{id}", self.root), &self.token, &[("fields", fields)]).await
    }

    /// Both steps.
    async fn posted(&self, given: &Given, parameters: &[(&str, &str)]) -> String {
        let creation = self.container(given, parameters).await.expect(200).text_at("/id");
        self.publish(given, &creation).await.expect(200).text_at("/id")
    }
}

#[tokio::test]
async fn a_container_becomes_public_once_by_either_login() {
    for login in ["instagram", "facebook"] {
        let given = Given::sandbox().await;
        let alice = user(&given, "alice", login).await;
        let picture = hosted(&given, jpeg(10, 10), "image/jpeg").await;
        let creation =
            alice.container(&given, &[("image_url", &picture), ("caption", "Hello"), ("alt_text", "red")]).await;
        let creation = creation.expect(200).text_at("/id");
        let status = alice.node(&given, &creation, "status_code,status").await.expect(200);
        assert_eq!(status.body["status_code"], "FINISHED", "{login}");
        assert!(given.ledger("").await.is_empty());
        let id = alice.publish(&given, &creation).await.expect(200).text_at("/id");
        assert_eq!(alice.publish(&given, &creation).await.refused(), (400, 9007, 2_207_027));
        assert_eq!(alice.node(&given, &creation, "status_code").await.body["status_code"], "PUBLISHED");
        let ledger = given.ledger("?platform=instagram").await;
        assert_eq!(
            (ledger.len(), &ledger[0]["platform_post_id"], &ledger[0]["account"]),
            (1, &json!(id), &json!(alice.id))
        );
        assert_eq!(ledger[0]["media"][0]["alt_text"], "red");

        let fields = "id,caption,permalink,shortcode,timestamp,media_product_type,like_count,comments_count";
        let listed =
            get(&given, &alice.path("media"), &alice.token, &[("fields", fields), ("limit", "10")]).await.expect(200);
        let post = &listed.body["data"][0];
        assert_eq!(
            (&post["id"], &post["caption"], &post["media_product_type"]),
            (&json!(id), &json!("Hello"), &json!("FEED"))
        );
        let shortcode = post["shortcode"].as_str().expect("a short name");
        assert_eq!(post["permalink"], format!("https://www.instagram.com/p/{shortcode}/"));
        // Apps cannot delete posts.
        assert_eq!(delete(&given, &format!("{}/{id}", alice.root), &alice.token).await.refused(), (400, 100, 33));
        let page = answer(given.get("/?platform=instagram")).await.text;
        assert!(page.contains("Hello") && page.contains("alt=\"red\""));
    }
}

#[tokio::test]
async fn each_host_takes_its_own_tokens_and_its_own_accounts() {
    let given = Given::sandbox().await;
    let (alice, bob) = (user(&given, "alice", "instagram").await, user(&given, "bob", "facebook").await);
    let me = get(&given, "/instagram/v24.0/me", &alice.token, &[("fields", "id,user_id,username,account_type")])
        .await
        .expect(200);
    assert_eq!((&me.body["user_id"], &me.body["username"]), (&json!(alice.id), &json!("alice")));
    let scoped = me.text_at("/id");
    assert_ne!(scoped, alice.id);
    let wrong =
        post(&given, &format!("/instagram/v24.0/{scoped}/media"), &alice.token, &[("image_url", "https://a.example")])
            .await;
    assert_eq!(wrong.refused(), (400, 100, 33));
    assert_eq!(get(&given, "/instagram/v24.0/me", &bob.token, &[]).await.refused(), (400, 190, 0));
    assert_eq!(get(&given, &format!("/facebook/v24.0/{}", alice.id), &alice.token, &[]).await.refused(), (400, 190, 0));
    assert_eq!(get(&given, &format!("/facebook/v24.0/{}", alice.id), &bob.token, &[]).await.refused(), (400, 100, 33));
    let own =
        get(&given, &format!("/facebook/v24.0/{}", bob.id), &bob.token, &[("fields", "id,username")]).await.expect(200);
    assert_eq!(own.body, json!({"id": bob.id, "username": "bob"}));
    let fields = [("fields", "id,name,access_token,instagram_business_account{id,username}")];
    let pages = get(&given, "/facebook/v24.0/me/accounts", &bob.token, &fields).await.expect(200);
    assert_eq!(pages.body["data"][0]["instagram_business_account"], json!({"id": bob.id, "username": "bob"}));
    // The password of whoever runs the page ends the way over Facebook.
    given
        .fault(json!({"platform": "instagram", "account": bob.id, "operation": "identity", "fault": "revoke_token"}))
        .await;
    for _ in 0..2 {
        let ended = get(&given, &format!("/facebook/v24.0/{}", bob.id), &bob.token, &[]).await;
        assert_eq!(ended.refused(), (400, 190, 460));
    }
    get(&given, "/instagram/v24.0/me", &alice.token, &[]).await.expect(200);
    given
        .fault(json!({"platform": "instagram", "account": alice.id, "operation": "identity", "fault": "expire_token"}))
        .await;
    for _ in 0..2 {
        assert_eq!(get(&given, "/instagram/me", &alice.token, &[]).await.refused(), (400, 190, 463));
    }
}

#[tokio::test]
async fn pictures_are_fetched_and_looked_at() {
    let (given, alice, good) = given().await;
    let image = async |address: &str| alice.container(&given, &[("image_url", address)]).await.refused();
    assert_eq!(image(&nowhere()).await, (400, 9004, 2_207_052));
    assert_eq!(image(&format!("{}/nothing", given.sandbox.url())).await, (400, 9004, 2_207_052));
    assert_eq!(image("nonsense").await, (400, 9004, 2_207_052));
    assert_eq!(image(&given.sandbox.url()).await, (400, 36_001, 2_207_005));
    assert_eq!(image(&hosted(&given, png(), "image/png").await).await, (400, 36_001, 2_207_005));
    assert_eq!(image(&hosted(&given, jpeg(20, 10), "image/jpeg").await).await, (400, 36_003, 2_207_009));
    let mut heavy = jpeg(10, 10);
    heavy.resize(8 * 1024 * 1024 + 1, 0);
    assert_eq!(image(&hosted(&given, heavy, "image/jpeg").await).await, (400, 36_000, 2_207_004));
    alice.container(&given, &[("image_url", &good)]).await.expect(200);
    let tall = hosted(&given, jpeg(9, 16), "image/jpeg").await;
    let story = alice.posted(&given, &[("media_type", "STORIES"), ("image_url", &tall)]).await;
    assert_eq!(each(&get(&given, &alice.path("stories"), &alice.token, &[]).await, "id"), [&json!(story)]);
    assert!(each(&get(&given, &alice.path("media"), &alice.token, &[]).await, "id").is_empty());
    given.advance("P1D").await;
    assert!(each(&get(&given, &alice.path("stories"), &alice.token, &[]).await, "id").is_empty());
}

#[tokio::test]
async fn what_breaks_a_rule_makes_no_container() {
    let (given, alice, picture) = given().await;
    let picture = ("image_url", picture.as_str());
    let (long, tags, names) = ("x".repeat(2_201), "#a ".repeat(31), "@a ".repeat(21));
    for (parameters, code, subcode) in [
        (vec![], 100, 0),
        (vec![("caption", "a")], 100, 0),
        (vec![picture, ("colour", "red")], 100, 0),
        (vec![picture, ("media_type", "SONG")], 100, 2_207_023),
        (vec![("video_url", "https://a.example"), ("media_type", "VIDEO")], 100, 2_207_023),
        (vec![picture, ("media_type", "REELS")], 100, 0),
        (vec![picture, ("caption", &long)], 36_004, 2_207_010),
        (vec![picture, ("caption", &tags)], 36_004, 2_207_010),
        (vec![picture, ("caption", &names)], 36_004, 2_207_010),
        (vec![picture, ("share_to_feed", "true")], 100, 0),
        (vec![("media_type", "REELS"), ("video_url", "https://a.example"), ("thumb_offset", "x")], 1, 2_207_057),
        (vec![("media_type", "CAROUSEL"), ("children", "1")], 100, 2_207_028),
        (vec![("media_type", "CAROUSEL"), ("children", "1,2")], 24, 2_207_008),
        (vec![picture, ("collaborators", "[\"a\",\"b\",\"c\",\"d\"]")], 100, 2_207_040),
        (vec![picture, ("user_tags", "[{\"username\":\"a\",\"x\":2,\"y\":0}]")], 100, 0),
    ] {
        assert_eq!(alice.container(&given, &parameters).await.refused(), (400, code, subcode), "{parameters:?}");
    }
    alice.posted(&given, &[picture, ("caption", &long[1..]), ("collaborators", "[\"a\"]")]).await;
}

#[tokio::test]
async fn a_carousel_holds_its_items_in_order() {
    let (given, alice, picture) = given().await;
    let wide = hosted(&given, jpeg(15, 10), "image/jpeg").await;
    let mut items = Vec::new();
    for address in [&wide, &picture] {
        let item = alice.container(&given, &[("image_url", address), ("is_carousel_item", "true")]).await.expect(200);
        items.push(item.text_at("/id"));
    }
    assert_eq!(alice.publish(&given, &items[0]).await.refused(), (400, 24, 2_207_008));
    let carousel = [("media_type", "CAROUSEL"), ("children", &*items.join(",")), ("caption", "two")];
    let id = alice.posted(&given, &carousel).await;
    let read = alice.node(&given, &id, "media_type,children{media_url}").await.expect(200);
    assert_eq!(read.body["media_type"], "CAROUSEL_ALBUM");
    let first = given.client.get(read.text_at("/children/data/0/media_url")).send().await.expect("an answer");
    assert_eq!(first.bytes().await.expect("bytes"), jpeg(15, 10));
    assert_eq!(given.ledger("").await[0]["media"].as_array().map(Vec::len), Some(2));
    let bob = user(&given, "bob", "instagram").await;
    assert_eq!(bob.container(&given, &carousel).await.refused(), (400, 24, 2_207_008));
    assert_eq!(bob.node(&given, &id, "id").await.refused(), (400, 100, 33));
}

#[tokio::test]
async fn a_reel_is_processed_by_the_clock_and_may_fail() {
    let given = Given::with(|settings| settings.processing_ms = 60_000).await;
    let alice = user(&given, "alice", "instagram").await;
    let address = hosted(&given, mp4(), "video/mp4").await;
    let reel = async |address: &str| {
        let made = alice.container(&given, &[("media_type", "REELS"), ("video_url", address), ("caption", "a")]).await;
        made.expect(200).text_at("/id")
    };
    let (good, lost, bad) = (reel(&address).await, reel(&nowhere()).await, reel(&given.sandbox.url()).await);
    assert_eq!(alice.node(&given, &good, "status_code").await.body["status_code"], "IN_PROGRESS");
    assert_eq!(alice.publish(&given, &good).await.refused(), (400, 9007, 2_207_027));
    given.advance("PT1M").await;
    for (id, subcode) in [(&lost, "2207077"), (&bad, "2207026")] {
        let failed = alice.node(&given, id, "status_code,status").await.expect(200);
        assert_eq!(failed.body["status_code"], "ERROR");
        assert!(failed.text_at("/status").contains(subcode), "{failed:?}");
        assert_eq!(alice.publish(&given, id).await.refused(), (400, -1, 2_207_053));
    }
    let id = alice.publish(&given, &good).await.expect(200).text_at("/id");
    let read = alice.node(&given, &id, "permalink,media_product_type").await.expect(200);
    assert!(read.body["media_product_type"] == "REELS" && read.text_at("/permalink").contains("/reel/"));
    let late = reel(&address).await;
    given.advance("P1D").await;
    assert_eq!(alice.node(&given, &late, "status_code").await.body["status_code"], "EXPIRED");
    assert_eq!(alice.publish(&given, &late).await.refused(), (400, -2, 2_207_020));
}

#[tokio::test]
async fn a_days_posts_are_counted() {
    let (given, alice, picture) = given().await;
    given.enforce_quotas().await;
    for _ in 0..50 {
        alice.posted(&given, &[("image_url", &picture)]).await;
    }
    let creation = alice.container(&given, &[("image_url", &picture)]).await.expect(200).text_at("/id");
    assert_eq!(alice.publish(&given, &creation).await.refused(), (400, 9, 2_207_042));
    let fields = [("fields", "quota_usage,config")];
    let limit = get(&given, &alice.path("content_publishing_limit"), &alice.token, &fields).await.expect(200);
    let config = json!({"quota_total": 50, "quota_duration": 86_400});
    assert_eq!(limit.body["data"][0], json!({"quota_usage": 50, "config": config}));
    assert!(limit.header("x-business-use-case-usage").contains("\"type\":\"instagram\""));
    given.advance("PT23H59M").await;
    assert_eq!(alice.publish(&given, &creation).await.refused(), (400, 9, 2_207_042));
}

#[tokio::test]
async fn comments_are_one_reply_deep() {
    let (given, alice, picture) = given().await;
    let id = alice.posted(&given, &[("image_url", &picture), ("caption", "one")]).await;
    let say = async |path: String, message: &str| post(&given, &path, &alice.token, &[("message", message)]).await;
    let comment = say(format!("{}/{id}/comments", alice.root), "two").await.expect(200).text_at("/id");
    let reply = say(format!("{}/{comment}/replies", alice.root), "three").await.expect(200).text_at("/id");
    say(format!("{}/{reply}/replies", alice.root), "four").await.expect(200);
    assert_eq!(say(format!("{}/{id}/comments", alice.root), " ").await.refused(), (400, 100, 0));
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[1]["kind"], &ledger[1]["parent"]), (&json!("comment"), &json!(id)));
    assert_eq!((&ledger[3]["text"], &ledger[3]["parent"]), (&json!("four"), &json!(comment)));

    let fields = [("fields", "id,text,username,timestamp,like_count,hidden,replies{id,text}")];
    let listed = get(&given, &format!("{}/{id}/comments", alice.root), &alice.token, &fields).await.expect(200);
    assert_eq!(listed.body["data"][0]["replies"]["data"][1]["text"], "four");
    post(&given, &format!("{}/{comment}", alice.root), &alice.token, &[("hide", "true")]).await.expect(200);
    assert_eq!(alice.node(&given, &comment, "hidden").await.body["hidden"], true);
    let metrics = [("metric", "views,reach,likes,comments,saved,shares,total_interactions")];
    let counted = get(&given, &format!("{}/{id}/insights", alice.root), &alice.token, &metrics).await.expect(200);
    assert_eq!(counted.body["data"][3]["values"][0]["value"], 3);
    let gone = get(&given, &format!("{}/{id}/insights", alice.root), &alice.token, &[("metric", "impressions")]).await;
    assert_eq!(gone.refused(), (400, 100, 0));
    delete(&given, &format!("{}/{comment}", alice.root), &alice.token).await.expect(200);
    assert!(given.ledger("").await[1..].iter().all(|entry| entry["deleted_at"].is_string()));
    post(&given, &format!("{}/{id}", alice.root), &alice.token, &[("comment_enabled", "false")]).await.expect(200);
    assert_eq!(say(format!("{}/{id}/comments", alice.root), "five").await.refused(), (403, 10, 0));
}

#[tokio::test]
async fn faults_strike_the_step_they_name() {
    let (given, alice, picture) = given().await;
    let make = async |caption: &str| alice.container(&given, &[("image_url", &picture), ("caption", caption)]).await;
    given.fault(json!({"platform": "instagram", "operation": "media", "fault": "reject", "params": {"message": "(#9004/2207052) Not fetched"}})).await;
    assert_eq!(make("a").await.refused(), (400, 9004, 2_207_052));
    given
        .fault(json!({"platform": "instagram", "operation": "media", "fault": "slow", "params": {"delay_ms": 600_000}}))
        .await;
    let slow = make("a").await.expect(200).text_at("/id");
    assert_eq!(alice.publish(&given, &slow).await.refused(), (400, 9007, 2_207_027));
    for (marker, refused) in
        [("error_before_accept", (503, 1, 0)), ("throttle", (400, 80_002, 0)), ("reject", (400, 100, 0))]
    {
        let creation = make(&format!("[sandbox:{marker}]")).await.expect(200).text_at("/id");
        assert_eq!(alice.publish(&given, &creation).await.refused(), refused, "{marker}");
    }
    assert!(given.ledger("").await.is_empty());
    let creation = make("a [sandbox:drop_reply_after_accept]").await.expect(200).text_at("/id");
    let lost = given.post(&alice.path("media_publish")).bearer_auth(&alice.token).form(&[("creation_id", &creation)]);
    assert!(lost.send().await.is_err());
    assert_eq!(alice.node(&given, &creation, "status_code").await.body["status_code"], "PUBLISHED");
    let creation = make("b [sandbox:error_after_accept]").await.expect(200).text_at("/id");
    assert_eq!(alice.publish(&given, &creation).await.refused(), (500, 2, 0));
    assert_eq!(given.ledger("").await.len(), 2);
}

#[tokio::test]
async fn bytes_are_sent_apart_with_facebook_login_only() {
    let given = Given::with(|settings| settings.processing_ms = 60_000).await;
    let (alice, bob) = (user(&given, "alice", "instagram").await, user(&given, "bob", "facebook").await);
    let parameters = [("media_type", "REELS"), ("upload_type", "resumable"), ("caption", "Hello")];
    assert_eq!(alice.container(&given, &parameters).await.refused(), (400, 100, 0));
    let both = [parameters[0], parameters[1], ("video_url", "https://a.example")];
    assert_eq!(bob.container(&given, &both).await.refused(), (400, 100, 0));
    let made = bob.container(&given, &parameters).await.expect(200);
    let (creation, uri) = (made.text_at("/id"), made.text_at("/uri"));
    given.advance("PT1H").await;
    assert_eq!(bob.node(&given, &creation, "status_code").await.body["status_code"], "IN_PROGRESS");
    let send = async |offset: &str, bytes: Vec<u8>| {
        let request = given.client.post(&uri).header("authorization", format!("OAuth {}", bob.token));
        answer(request.header("offset", offset).header("file_size", mp4().len()).body(bytes)).await
    };
    assert_eq!(send("5", mp4()).await.refused(), (400, 100, 0));
    assert_eq!(send("0", mp4()[1..].to_vec()).await.refused(), (400, 100, 0));
    assert_eq!(send("0", mp4()).await.expect(200).body["success"], true);
    assert_eq!(send("0", mp4()).await.refused(), (400, 100, 33));
    assert_eq!(bob.publish(&given, &creation).await.refused(), (400, 9007, 2_207_027));
    given.advance("PT1M").await;
    bob.publish(&given, &creation).await.expect(200);
    assert_eq!(given.ledger("").await[0]["media"][0]["mime_type"], "video/mp4");
}
