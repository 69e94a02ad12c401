//! Bluesky's protocol where it is strict.

use serde_json::{Value, json};

use crate::given::{Answer, Given, answer, mp4, png};
use crate::posting::{Author, Network, log_in, record};

const CREATE: &str = "/xrpc/com.atproto.repo.createRecord";
const PUT: &str = "/xrpc/com.atproto.repo.putRecord";
const DELETE: &str = "/xrpc/com.atproto.repo.deleteRecord";
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";
const COLLECTION: &str = "app.bsky.feed.post";

async fn given() -> (Given, Author) {
    let given = Given::sandbox().await;
    let author = Network::Bluesky.author(&given, "alice").await;
    (given, author)
}

async fn write(given: &Given, author: &Author, call: &str, rkey: &str, record: Value) -> Answer {
    let body = json!({"repo": author.account.id, "collection": COLLECTION, "rkey": rkey, "record": record});
    answer(given.post(call).bearer_auth(&author.token).json(&body)).await
}

async fn upload(given: &Given, author: &Author, bytes: Vec<u8>, content_type: &str) -> Value {
    let request = given.post("/xrpc/com.atproto.repo.uploadBlob").bearer_auth(&author.token);
    let uploaded = answer(request.header("content-type", content_type).body(bytes)).await.expect(200);
    uploaded.body["blob"].clone()
}

fn with(text: &str, key: &str, value: Value) -> Value {
    let mut record = record(text);
    record[key] = value;
    record
}

fn images(images: Value) -> Value {
    with("Look", "embed", json!({"$type": "app.bsky.embed.images", "images": images}))
}

#[tokio::test]
async fn a_session_tells_who_it_is_of_and_where() {
    let (given, author) = given().await;
    assert!(author.account.id.starts_with("did:plc:") && author.account.id.len() == 32);
    assert_eq!(author.account.credentials["service"], given.sandbox.url());
    let session = answer(given.get("/xrpc/com.atproto.server.getSession").bearer_auth(&author.token)).await.expect(200);
    assert_eq!(session.body["did"], author.account.id);
    assert_eq!(session.body["handle"], "alice.bsky.test");
    assert_eq!(session.body["didDoc"]["service"][0]["serviceEndpoint"], given.sandbox.url());
    let resolved =
        answer(given.get("/xrpc/com.atproto.identity.resolveHandle?handle=alice.bsky.test")).await.expect(200);
    assert_eq!(resolved.body["did"], author.account.id);
    answer(given.get("/xrpc/com.atproto.identity.resolveHandle?handle=nobody.bsky.test")).await.expect(400);
    let profile = answer(given.get("/xrpc/app.bsky.actor.getProfile?actor=alice.bsky.test")).await.expect(200);
    assert_eq!(profile.body["postsCount"], 0);
    answer(given.get("/xrpc/com.atproto.server.describeServer")).await.expect(200);
    let unknown = answer(given.get("/xrpc/com.atproto.server.sparkle")).await.expect(501);
    assert_eq!(unknown.body["error"], "MethodNotImplemented");
}

#[tokio::test]
async fn tokens_are_checked_as_the_reference_server_does() {
    let (given, author) = given().await;
    let publish = |token: &str| {
        let body = json!({"repo": author.account.id, "collection": COLLECTION, "record": record("Hello")});
        given.post(CREATE).bearer_auth(token).json(&body)
    };
    let missing = answer(given.post(CREATE).json(&json!({}))).await.expect(401);
    assert_eq!(missing.body["error"], "AuthMissing");
    for bad in ["nonsense", &author.refresh, &format!("{}x", author.token)] {
        let refused = answer(publish(bad)).await.expect(400);
        assert_eq!(refused.body["error"], "InvalidToken", "{bad}");
    }
    let wrong = json!({"identifier": "alice.bsky.test", "password": "aaaa-bbbb-cccc-dddd"});
    let wrong = answer(given.post("/xrpc/com.atproto.server.createSession").json(&wrong)).await.expect(401);
    assert_eq!(wrong.body["error"], "AuthenticationRequired");

    given.advance("PT1H59M").await;
    answer(publish(&author.token)).await.expect(200);
    given.advance("PT2M").await;
    let expired = answer(publish(&author.token)).await.expect(400);
    assert_eq!(expired.body["error"], "ExpiredToken");
}

#[tokio::test]
async fn a_refresh_token_rotates_with_two_hours_of_grace() {
    let (given, author) = given().await;
    let refresh = |token: String| given.post(REFRESH).bearer_auth(token);
    let first = answer(refresh(author.refresh.clone())).await.expect(200);
    assert_ne!(first.text_at("/refreshJwt"), author.refresh);
    // The answer was lost: the old token leads to the same successor, so both answers' tokens are good.
    let again = answer(refresh(author.refresh.clone())).await.expect(200);
    answer(refresh(first.text_at("/refreshJwt"))).await.expect(200);
    answer(refresh(again.text_at("/refreshJwt"))).await.expect(200);

    given.advance("PT2H1M").await;
    let dead = answer(refresh(author.refresh.clone())).await.expect(400);
    assert_eq!(dead.body["error"], "ExpiredToken");
    let access = answer(refresh(author.token.clone())).await.expect(400);
    assert_eq!(access.body["error"], "InvalidToken");
}

#[tokio::test]
async fn sessions_are_limited_when_quotas_are_enforced() {
    let given = Given::sandbox().await;
    let account = given.account("bluesky", "alice").await;
    for _ in 0..40 {
        let session = log_in(&given, &account).await.expect(200);
        assert_eq!(session.header("ratelimit-limit"), "");
    }
    given.enforce_quotas().await;
    for left in (0..30).rev() {
        let session = log_in(&given, &account).await.expect(200);
        assert_eq!(session.header("ratelimit-remaining"), left.to_string());
        assert_eq!(session.header("ratelimit-policy"), "30;w=300");
    }
    let limited = log_in(&given, &account).await.expect(429);
    assert_eq!(limited.body["error"], "RateLimitExceeded");
    let wait: u64 = limited.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait));
    assert_eq!(limited.header("ratelimit-remaining"), "0");
    given.advance("PT5M").await;
    log_in(&given, &account).await.expect(200);
}

#[tokio::test]
async fn create_refuses_a_key_twice_and_put_does_not_mind() {
    let (given, author) = given().await;
    let rkey = "3lsandbox2k2a";
    let created = write(&given, &author, CREATE, rkey, record("Hello")).await.expect(200);
    assert_eq!(created.body["validationStatus"], "valid");
    assert!(created.body["commit"]["rev"].is_string());
    let twice = write(&given, &author, CREATE, rkey, record("Hello")).await.expect(500);
    assert_eq!(twice.body["error"], "InternalServerError");

    let same = write(&given, &author, PUT, rkey, record("Hello")).await.expect(200);
    assert_eq!((&same.body["cid"], same.body.get("commit")), (&created.body["cid"], None));
    assert_eq!(given.ledger("").await.len(), 1);

    let other = write(&given, &author, PUT, rkey, record("Changed")).await.expect(200);
    assert_ne!(other.body["cid"], created.body["cid"]);
    let ledger = given.ledger("").await;
    assert_eq!((ledger.len(), &ledger[1]["kind"]), (2, &json!("edit")));
}

#[tokio::test]
async fn swaps_compare_with_what_is_there() {
    let (given, author) = given().await;
    let put = |record: Value, swap: Value| {
        let mut body =
            json!({"repo": author.account.id, "collection": COLLECTION, "rkey": "3lsandbox2k2a", "record": record});
        body["swapRecord"] = swap;
        answer(given.post(PUT).bearer_auth(&author.token).json(&body))
    };
    let first = put(record("one"), Value::Null).await.expect(200);
    let refused = put(record("two"), Value::Null).await.expect(400);
    assert_eq!(refused.body["error"], "InvalidSwap");
    put(record("two"), first.body["cid"].clone()).await.expect(200);
    put(record("three"), first.body["cid"].clone()).await.expect(400);
}

#[tokio::test]
async fn records_that_break_a_rule_are_refused_and_not_public() {
    let (given, author) = given().await;
    let feature = |feature: Value| json!([{"index": {"byteStart": 0, "byteEnd": 4}, "features": [feature]}]);
    let blob = json!({"$type": "blob", "ref": {"$link": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}, "mimeType": "image/png", "size": 1});
    let bad = [
        record(&"x".repeat(301)),
        with("Look", "langs", json!(["english, mostly"])),
        with("Look", "facets", feature(json!({"$type": "app.bsky.richtext.facet#sparkle"}))),
        with("Loo", "facets", feature(json!({"$type": "app.bsky.richtext.facet#tag", "tag": "a"}))),
        with("Look", "embed", json!({"$type": "app.bsky.embed.hologram"})),
        with("Look", "createdAt", json!("yesterday")),
        with("Look", "colour", json!("red")),
        with("Look", "$type", json!("app.bsky.feed.like")),
        images(json!([{"image": blob}])),
        images(json!([{"image": blob, "alt": "", "aspectRatio": {"width": 1.5, "height": 1}}])),
        images(json!([1, 2, 3, 4, 5])),
        json!("text"),
        json!({"$type": COLLECTION, "text": "no date"}),
    ];
    for record in bad {
        let refused = write(&given, &author, CREATE, "3lsandbox2k2a", record.clone()).await;
        assert_eq!(
            (refused.status, refused.text_at("/error").as_str()),
            (400, "InvalidRequest"),
            "{record} {refused:?}"
        );
    }
    let unknown = write(&given, &author, CREATE, "3lsandbox2k2a", images(json!([{"image": blob, "alt": ""}]))).await;
    assert_eq!(unknown.body["error"], "BlobNotFound");
    for rkey in ["self", "3lsandbox2k2", "zlsandbox2k2a"] {
        let refused = write(&given, &author, PUT, rkey, record("Hello")).await.expect(400);
        assert_eq!(refused.body["error"], "InvalidRequest", "{rkey}");
    }
    let foreign = given.account("bluesky", "bob").await;
    for (repo, collection, status) in [
        (foreign.id.as_str(), COLLECTION, 401),
        ("did:plc:nobody", COLLECTION, 400),
        (author.account.id.as_str(), "app.bsky.feed.like", 400),
    ] {
        let body = json!({"repo": repo, "collection": collection, "record": record("Hello")});
        answer(given.post(CREATE).bearer_auth(&author.token).json(&body)).await.expect(status);
    }
    let body = json!({"repo": author.account.id, "collection": COLLECTION, "record": record("Hello"), "extra": 1});
    answer(given.post(CREATE).bearer_auth(&author.token).json(&body)).await.expect(400);
    assert!(given.ledger("").await.is_empty());
}

#[tokio::test]
async fn pictures_belong_to_the_author_and_are_what_they_say() {
    let (given, author) = given().await;
    let blob = upload(&given, &author, png(), "image/jpeg").await;
    assert_eq!(blob["mimeType"], "image/png");
    assert!(blob["ref"]["$link"].as_str().expect("a cid").starts_with("bafkrei"));
    let image = |blob: &Value| json!([{"image": blob, "alt": "red", "aspectRatio": {"width": 8, "height": 4}}]);

    let mut lying = blob.clone();
    lying["mimeType"] = json!("image/jpeg");
    let refused = write(&given, &author, CREATE, "3lsandbox2k2a", images(image(&lying))).await.expect(400);
    assert_eq!(refused.body["error"], "InvalidMimeType");
    let mut lying = blob.clone();
    lying["size"] = json!(1);
    let refused = write(&given, &author, CREATE, "3lsandbox2k2a", images(image(&lying))).await.expect(400);
    assert_eq!(refused.body["error"], "InvalidSize");
    let video = upload(&given, &author, mp4(), "video/mp4").await;
    let refused = write(&given, &author, CREATE, "3lsandbox2k2a", images(image(&video))).await.expect(400);
    assert_eq!(refused.body["error"], "InvalidMimeType");
    let heavy = upload(&given, &author, [png(), vec![0; 2_000_000]].concat(), "image/png").await;
    let refused = write(&given, &author, CREATE, "3lsandbox2k2a", images(image(&heavy))).await.expect(400);
    assert_eq!(refused.body["error"], "BlobTooLarge");
    let bob = Network::Bluesky.author(&given, "bob").await;
    let refused = write(&given, &bob, CREATE, "3lsandbox2k2a", images(image(&blob))).await.expect(400);
    assert_eq!(refused.body["error"], "BlobNotFound");

    write(&given, &author, CREATE, "3lsandbox2k2a", images(image(&blob))).await.expect(200);
    let ledger = given.ledger("").await;
    assert_eq!(ledger[0]["media"][0]["alt_text"], "red");
    assert_eq!(ledger[0]["media"][0]["id"], blob["ref"]["$link"]);
    // What no record uses is swept away; what one uses stays.
    given.advance("PT1H1M").await;
    let refreshed = answer(given.post(REFRESH).bearer_auth(&author.refresh)).await.expect(200);
    let author = Author { token: refreshed.text_at("/accessJwt"), ..author };
    let embed = |blob: &Value| json!({"$type": "app.bsky.embed.video", "video": blob, "alt": "clip"});
    let swept = write(&given, &author, CREATE, "3lsandbox2k2b", with("Clip", "embed", embed(&video))).await.expect(400);
    assert_eq!(swept.body["error"], "BlobNotFound");
    write(&given, &author, CREATE, "3lsandbox2k2b", images(image(&blob))).await.expect(200);
}

#[tokio::test]
async fn uploads_over_the_ceiling_are_refused() {
    let given = Given::with(|settings| settings.max_upload_bytes = 10_000).await;
    let author = Network::Bluesky.author(&given, "alice").await;
    let request = given.post("/xrpc/com.atproto.repo.uploadBlob").bearer_auth(&author.token);
    let refused = answer(request.header("content-type", "image/png").body(vec![0; 10_001])).await.expect(413);
    assert_eq!(refused.body["error"], "PayloadTooLarge");
}

#[tokio::test]
async fn a_thread_holds_together() {
    let (given, author) = given().await;
    let strong = |post: &Answer| json!({"uri": post.body["uri"], "cid": post.body["cid"]});
    let reply = |root: &Answer, parent: &Answer| {
        with("reply", "reply", json!({"root": strong(root), "parent": strong(parent)}))
    };
    let one = write(&given, &author, CREATE, "3lsandbox2k2a", record("one")).await.expect(200);
    let two = write(&given, &author, CREATE, "3lsandbox2k2b", reply(&one, &one)).await.expect(200);
    let three = write(&given, &author, CREATE, "3lsandbox2k2c", reply(&one, &two)).await.expect(200);
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[2]["kind"], &ledger[2]["parent"]), (&json!("reply"), &two.body["uri"]));

    write(&given, &author, CREATE, "3lsandbox2k2d", reply(&two, &three)).await.expect(400);
    let mut stale = reply(&one, &one);
    stale["reply"]["parent"]["cid"] = two.body["cid"].clone();
    write(&given, &author, CREATE, "3lsandbox2k2d", stale).await.expect(400);
    let body = json!({"repo": author.account.id, "collection": COLLECTION, "rkey": "3lsandbox2k2c"});
    for _ in 0..2 {
        answer(given.post(DELETE).bearer_auth(&author.token).json(&body)).await.expect(200);
    }
    write(&given, &author, CREATE, "3lsandbox2k2d", reply(&one, &three)).await.expect(400);
    assert!(given.ledger("").await[2]["deleted_at"].is_string());

    let uri = one.text_at("/uri");
    let posts = answer(given.get("/xrpc/app.bsky.feed.getPosts").query(&[("uris", &uri)])).await.expect(200);
    assert_eq!(posts.body["posts"][0]["replyCount"], 1);
}

#[tokio::test]
async fn records_can_be_read_by_anybody() {
    let (given, author) = given().await;
    for (rkey, text) in [("3lsandbox2k2a", "one"), ("3lsandbox2k2b", "two"), ("3lsandbox2k2c", "three")] {
        write(&given, &author, PUT, rkey, record(text)).await.expect(200);
    }
    let repo = &author.account.id;
    let get = |rkey: &str| {
        answer(given.get(&format!("/xrpc/com.atproto.repo.getRecord?repo={repo}&collection={COLLECTION}&rkey={rkey}")))
    };
    let found = get("3lsandbox2k2b").await.expect(200);
    assert_eq!(found.body["value"]["text"], "two");
    let missing = get("3lsandbox2k2d").await.expect(400);
    assert_eq!(missing.body["error"], "RecordNotFound");

    let list = |query: &str| {
        answer(given.get(&format!("/xrpc/com.atproto.repo.listRecords?repo={repo}&collection={COLLECTION}{query}")))
    };
    let texts = |listed: &Answer| -> Vec<String> {
        let records = listed.body["records"].as_array().expect("records").iter();
        records.map(|record| record["value"]["text"].as_str().expect("text").to_owned()).collect()
    };
    let first = list("&limit=2").await.expect(200);
    assert_eq!(texts(&first), ["three", "two"]);
    let rest = list(&format!("&limit=2&cursor={}", first.text_at("/cursor"))).await.expect(200);
    assert_eq!(texts(&rest), ["one"]);
    assert_eq!(texts(&list("&reverse=true&limit=1").await.expect(200)), ["one"]);
    list("&limit=101").await.expect(400);
    let feed = answer(given.get("/xrpc/app.bsky.feed.getAuthorFeed?actor=alice.bsky.test&limit=1")).await.expect(200);
    assert_eq!(feed.body["feed"][0]["post"]["record"]["text"], "three");
}
