//! LinkedIn's protocol where it is strict.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::given::{Account, Answer, Given, answer, mp4, png};
use crate::posting::linkedin as versioned;

const POSTS: &str = "/linkedin/rest/posts";

/// Somebody who may post, and the token for it.
struct Author {
    account: Account,
    token: String,
}

impl Author {
    fn of(account: Account) -> Self {
        let token = account.credentials["access_token"].as_str().expect("a token").to_owned();
        Self { account, token }
    }

    fn urn(&self) -> &str {
        &self.account.id
    }
}

async fn given() -> (Given, Author, Author) {
    let given = Given::sandbox().await;
    let person = Author::of(given.account("linkedin", "Alice Doe").await);
    let wanted = json!({"platform": "linkedin", "kind": "organization", "username": "Acme", "person": "Alice Doe"});
    let organization = Author::of(given.made(wanted).await);
    (given, person, organization)
}

fn body(author: &Author, commentary: &str, content: Option<Value>) -> Value {
    let mut body = json!({
        "author": author.urn(),
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": false,
    });
    if let Some(content) = content {
        body["content"] = content;
    }
    body
}

async fn send(given: &Given, author: &Author, body: Value) -> Answer {
    answer(versioned(given.post(POSTS), &author.token).json(&body)).await
}

async fn post(given: &Given, author: &Author, commentary: &str, content: Option<Value>) -> Answer {
    send(given, author, body(author, commentary, content)).await
}

fn encoded(urn: &str) -> String {
    url::form_urlencoded::byte_serialize(urn.as_bytes()).collect()
}

fn at(given: &Given, method: Method, path: &str, urn: &str, author: &Author) -> RequestBuilder {
    versioned(given.request(method, &format!("{path}/{}", encoded(urn))), &author.token)
}

/// The answer to `initializeUpload`.
async fn initialize(given: &Given, author: &Author, kind: &str, owner: &str) -> Answer {
    let body = json!({"initializeUploadRequest": {"owner": owner}});
    let path = format!("/linkedin/rest/{kind}?action=initializeUpload");
    answer(versioned(given.post(&path), &author.token).json(&body)).await
}

/// An upload in one piece, done.
async fn upload(given: &Given, author: &Author, kind: &str, bytes: Vec<u8>) -> String {
    let opened = initialize(given, author, kind, author.urn()).await.expect(200);
    let put = given.client.put(opened.text_at("/value/uploadUrl")).bearer_auth(&author.token).body(bytes);
    answer(put).await.expect(201);
    opened.text_at(&format!("/value/{}", kind.trim_end_matches('s')))
}

#[tokio::test]
async fn a_member_is_told_who_it_is_and_what_it_administers() {
    let (given, person, organization) = given().await;
    assert_eq!(person.account.credentials["as"], "personal");
    let number = organization.account.credentials["organization_id"].as_str().expect("an id");
    assert_eq!(organization.urn(), format!("urn:li:organization:{number}"));
    let me = answer(given.get("/linkedin/v2/userinfo").bearer_auth(&person.token)).await.expect(200);
    assert_eq!(person.urn(), format!("urn:li:person:{}", me.text_at("/sub")));
    assert_eq!((me.text_at("/name"), me.text_at("/given_name")), ("Alice Doe".to_owned(), "Alice".to_owned()));
    assert_eq!(me.body["email_verified"], true);

    let second = json!({"platform": "linkedin", "kind": "organization", "username": "Beta", "person": "Alice Doe"});
    given.made(second).await;
    given.organization("Somebody else's").await;
    let acls = "/linkedin/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED";
    let own = answer(versioned(given.get(acls), &organization.token)).await.expect(200);
    let elements = own.body["elements"].as_array().expect("elements");
    assert_eq!((elements.len(), &own.body["paging"]["total"]), (2, &json!(2)));
    assert!(elements.iter().any(|each| each["organization"] == organization.urn()));
    assert!(elements.iter().all(|each| each["roleAssignee"] == person.urn()));
    let page = answer(versioned(given.get(&format!("{acls}&start=1&count=1")), &organization.token)).await.expect(200);
    assert_eq!(page.body["elements"].as_array().map(Vec::len), Some(1));
    // A personal token has not the scope.
    answer(versioned(given.get(acls), &person.token)).await.expect(403);
    let name =
        answer(versioned(given.get(&format!("/linkedin/rest/organizations/{number}")), &organization.token)).await;
    assert_eq!(name.expect(200).text_at("/localizedName"), "Acme");
    answer(versioned(given.get("/linkedin/rest/organizations/1"), &organization.token)).await.expect(404);
    let other = json!({"platform": "linkedin", "username": "Bob", "person": "Alice Doe"});
    answer(given.post("/_sandbox/accounts").json(&other)).await.expect(422);
    answer(given.post("/_sandbox/accounts").json(&json!({"platform": "linkedin", "kind": "page"}))).await.expect(422);
}

#[tokio::test]
async fn a_post_is_named_in_a_header_and_an_organizations_can_be_read_back() {
    let (given, person, organization) = given().await;
    let own = post(&given, &person, r"Hello \(world\)", None).await.expect(201);
    assert_eq!(own.text, "");
    let name = own.header("x-restli-id").to_owned();
    assert!(name.starts_with("urn:li:share:7") && name.len() == "urn:li:share:".len() + 19, "{name}");
    assert_eq!(given.ledger("").await[0]["text"], "Hello (world)");
    // A member's own post cannot be read: the scope is closed.
    answer(at(&given, Method::GET, POSTS, &name, &person)).await.expect(403);
    // Nor anybody else's, with the scope for organizations in hand.
    answer(at(&given, Method::GET, POSTS, &name, &organization)).await.expect(403);
    let other = Author::of(given.organization("Other").await);
    let theirs = post(&given, &other, "theirs", None).await.expect(201).header("x-restli-id").to_owned();
    answer(at(&given, Method::GET, POSTS, &theirs, &organization)).await.expect(403);

    let first = post(&given, &organization, "one", None).await.expect(201).header("x-restli-id").to_owned();
    let second = post(&given, &organization, "two", None).await.expect(201).header("x-restli-id").to_owned();
    let read = answer(at(&given, Method::GET, POSTS, &first, &organization)).await.expect(200);
    assert_eq!((read.text_at("/commentary"), read.text_at("/id")), ("one".to_owned(), first.clone()));
    let list = |query: &str| {
        let path = format!("{POSTS}?q=author&author={}{query}", encoded(organization.urn()));
        versioned(given.get(&path), &organization.token).header("x-restli-method", "FINDER")
    };
    let listed = answer(list("&count=10&sortBy=LAST_MODIFIED")).await.expect(200);
    let ids: Vec<&Value> = listed.body["elements"].as_array().expect("posts").iter().map(|post| &post["id"]).collect();
    assert_eq!(ids, [&json!(second), &json!(first)]);
    answer(list("&colour=red")).await.expect(400);

    // The name in a path is percent encoded.
    answer(versioned(given.get(&format!("{POSTS}/{first}")), &organization.token)).await.expect(400);
    let delete = || at(&given, Method::DELETE, POSTS, &first, &organization).header("x-restli-method", "DELETE");
    answer(delete()).await.expect(204);
    answer(delete()).await.expect(204);
    answer(at(&given, Method::GET, POSTS, &first, &organization)).await.expect(404);
    let of_acme = given.ledger(&format!("?account={}", organization.urn())).await;
    assert!(of_acme[0]["deleted_at"].is_string() && of_acme[1]["deleted_at"].is_null());
}

#[tokio::test]
async fn every_call_says_its_version() {
    let (given, person, _) = given().await;
    let bare = || given.post(POSTS).bearer_auth(&person.token).json(&body(&person, "a", None));
    let missing = answer(bare().header("x-restli-protocol-version", "2.0.0")).await.expect(400);
    assert_eq!(missing.body["code"], "VERSION_MISSING");
    for dead in ["202501", "202613", "209901", "20260", "latest"] {
        let request = bare().header("x-restli-protocol-version", "2.0.0").header("linkedin-version", dead);
        assert_eq!(answer(request).await.expect(426).body["code"], "NONEXISTENT_VERSION", "{dead}");
    }
    answer(bare().header("linkedin-version", "202609")).await.expect(400);
    let wrong = versioned(given.post(POSTS), &person.token).json(&body(&person, "a", None));
    answer(wrong.header("x-restli-method", "DELETE")).await.expect(400);
    assert!(given.ledger("").await.is_empty());
    for (token, code) in [("", 65604), ("nonsense", 65600)] {
        let request = versioned(given.post(POSTS), token).json(&body(&person, "a", None));
        assert_eq!(answer(request).await.expect(401).body["serviceErrorCode"], code);
    }
}

#[tokio::test]
async fn an_unescaped_reserved_character_ends_the_text_with_success() {
    let (given, person, _) = given().await;
    post(&given, &person, "Prices (from 5 EUR) are down", None).await.expect(201);
    post(&given, &person, r"All of it \{here\} #tag \* end", None).await.expect(201);
    post(&given, &person, "Thanks @[Acme](urn:li:organization:1)", None).await.expect(422);
    let texts: Vec<Value> = given.ledger("").await.iter().map(|entry| entry["text"].clone()).collect();
    assert_eq!(texts, [json!("Prices "), json!("All of it {here} #tag * end")]);
}

#[tokio::test]
async fn posts_that_break_a_rule_are_refused_and_not_public() {
    let (given, person, organization) = given().await;
    let bob = Author::of(given.account("linkedin", "Bob").await);
    let with = |name: &str, value: Value| {
        let mut changed = body(&person, "a", None);
        changed[name] = value;
        changed
    };
    for (changed, status) in [
        (json!([]), 422),
        (with("author", json!(bob.urn())), 403),
        (with("author", json!(organization.urn())), 403),
        (with("author", json!("urn:li:organization:1")), 403),
        (with("author", Value::Null), 422),
        (with("commentary", json!(" ")), 422),
        (with("commentary", json!("x".repeat(3_001))), 422),
        (with("visibility", json!("EVERYBODY")), 422),
        (with("lifecycleState", json!("DRAFT")), 422),
        (with("distribution", json!({"feedDistribution": "NONE"})), 422),
        (with("colour", json!("red")), 422),
        (with("content", json!({"media": {"id": "urn:li:image:C1"}})), 422),
        (with("content", json!({"media": {"id": "urn:li:image:C1"}, "poll": {}})), 422),
        (with("content", json!({"multiImage": {"images": [{"id": "urn:li:image:C1"}]}})), 422),
        (with("content", json!({"article": {"source": "ftp://example.com", "title": "t"}})), 422),
        (with("content", json!({"article": {"source": "https://example.com"}})), 422),
        (with("content", json!({"carousel": {}})), 422),
        (
            with(
                "content",
                json!({"poll": {"question": "?", "options": [{"text": "a"}], "settings": {"duration": "ONE_DAY"}}}),
            ),
            422,
        ),
        (with("content", json!({})), 422),
    ] {
        let refused = send(&given, &person, changed.clone()).await;
        assert_eq!(refused.status, status, "{changed} {refused:?}");
        assert!(refused.body["message"].is_string() && refused.body["status"] == status, "{changed} {refused:?}");
    }
    let text = versioned(given.post(POSTS), &person.token).header("content-type", "text/plain").body("{}");
    answer(text).await.expect(400);
    assert!(given.ledger("").await.is_empty());
    // Backslashes do not count.
    post(&given, &person, &r"\(".repeat(3_000), None).await.expect(201);
    let article = json!({"article": {"source": "https://example.com/a", "title": "A", "description": "d"}});
    post(&given, &person, "read", Some(article)).await.expect(201);
    let poll = json!({"poll": {"question": "?", "options": [{"text": "a"}, {"text": "b"}], "settings": {"duration": "THREE_DAYS"}}});
    post(&given, &organization, "choose", Some(poll)).await.expect(201);
}

#[tokio::test]
async fn the_same_post_again_is_refused_by_the_name_of_the_first() {
    let (given, person, organization) = given().await;
    let first = post(&given, &person, "Hello", None).await.expect(201).header("x-restli-id").to_owned();
    let again = post(&given, &person, "Hello", None).await.expect(422);
    assert_eq!(again.body["message"], format!("Content is a duplicate of {first}"));
    assert_eq!(again.body["errorDetails"]["inputErrors"][0]["code"], "DUPLICATE_POST");
    post(&given, &organization, "Hello", None).await.expect(201);
    // Deleting it does not make LinkedIn forget it.
    answer(at(&given, Method::DELETE, POSTS, &first, &person)).await.expect(204);
    post(&given, &person, "Hello", None).await.expect(422);
    given.advance("PT25H").await;
    post(&given, &person, "Hello", None).await.expect(201);
}

#[tokio::test]
async fn pictures_go_up_first_and_are_shown_with_their_words() {
    let (given, person, organization) = given().await;
    let opened = initialize(&given, &person, "images", person.urn()).await.expect(200);
    let (image, address) = (opened.text_at("/value/image"), opened.text_at("/value/uploadUrl"));
    assert!(opened.body["value"]["uploadUrlExpiresAt"].is_i64() && image.starts_with("urn:li:image:"));
    let media = |urn: &str| Some(json!({"media": {"id": urn, "altText": "red"}}));
    let early = post(&given, &person, "look", media(&image)).await.expect(400);
    assert!(early.text_at("/message").contains("WAITING_UPLOAD"));
    let put = |bytes: Vec<u8>| answer(given.client.put(&address).bearer_auth(&person.token).body(bytes));
    put(b"not a picture".to_vec()).await.expect(400);
    put(Vec::new()).await.expect(400);
    put(png()).await.expect(201);
    put(png()).await.expect(400);
    // A member may not ask how its picture is, an organization may.
    answer(at(&given, Method::GET, "/linkedin/rest/images", &image, &person)).await.expect(403);
    let theirs = upload(&given, &organization, "images", png()).await;
    let status = answer(at(&given, Method::GET, "/linkedin/rest/images", &theirs, &organization)).await.expect(200);
    assert_eq!(status.body["status"], "AVAILABLE");
    answer(at(&given, Method::GET, "/linkedin/rest/videos", &theirs, &organization)).await.expect(404);

    post(&given, &person, "look", media(&theirs)).await.expect(422);
    let name = post(&given, &person, "look", media(&image)).await.expect(201).header("x-restli-id").to_owned();
    assert!(name.starts_with("urn:li:share:"));
    let noted = &given.ledger("").await[0]["media"][0];
    assert_eq!((&noted["alt_text"], &noted["mime_type"]), (&json!("red"), &json!("image/png")));
    let page = answer(given.get("/?platform=linkedin")).await.expect(200).text;
    assert!(page.contains("alt=\"red\"") && page.contains("Alice Doe") && page.contains("on LinkedIn"));
    let source = page.split("<img src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a picture");
    assert_eq!(given.get(source).send().await.expect("an answer").bytes().await.expect("bytes"), png());

    let mut several = Vec::new();
    for _ in 0..3 {
        several.push(json!({"id": upload(&given, &person, "images", png()).await, "altText": "a"}));
    }
    post(&given, &person, "three", Some(json!({"multiImage": {"images": several}}))).await.expect(201);
    assert_eq!(given.ledger("?since=1").await[0]["media"].as_array().map(Vec::len), Some(3));
    initialize(&given, &person, "images", "urn:li:person:nobody").await.expect(403);
    initialize(&given, &person, "images", organization.urn()).await.expect(403);
}

#[tokio::test]
async fn a_document_needs_a_title() {
    let (given, person, _) = given().await;
    let document = upload(&given, &person, "documents", b"%PDF-1.7 and so on".to_vec()).await;
    post(&given, &person, "read", Some(json!({"media": {"id": document}}))).await.expect(422);
    post(&given, &person, "read", Some(json!({"media": {"id": document, "title": "Report"}}))).await.expect(201);
    assert_eq!(given.ledger("").await[0]["media"][0]["mime_type"], "application/pdf");
}

#[tokio::test]
async fn a_video_goes_up_in_parts_that_must_all_be_there() {
    let (given, person, _) = given().await;
    let bytes = [mp4(), vec![7; 4 * 1024 * 1024 + 1000]].concat();
    let wanted = json!({"initializeUploadRequest": {
        "owner": person.urn(), "fileSizeBytes": bytes.len(), "uploadCaptions": false, "uploadThumbnail": false,
    }});
    let call = |action: &str, body: Value| {
        answer(versioned(given.post(&format!("/linkedin/rest/videos?action={action}")), &person.token).json(&body))
    };
    let opened = call("initializeUpload", wanted).await.expect(200);
    let video = opened.text_at("/value/video");
    let parts = opened.body["value"]["uploadInstructions"].as_array().expect("parts").clone();
    assert_eq!(parts.len(), 2);
    let range = |part: &Value| {
        let place = |name: &str| usize::try_from(part[name].as_u64().expect("a place")).expect("small");
        bytes[place("firstByte")..=place("lastByte")].to_vec()
    };
    let put = |part: &Value, bytes: Vec<u8>| {
        let request = given.client.put(part["uploadUrl"].as_str().expect("an address"));
        answer(request.header("content-type", "application/octet-stream").body(bytes))
    };
    put(&parts[1], range(&parts[0])).await.expect(400);
    let first = put(&parts[0], range(&parts[0])).await.expect(200).header("etag").trim_matches('"').to_owned();
    let finalize = |ids: Vec<&str>| {
        let body = json!({"finalizeUploadRequest": {"video": video, "uploadToken": "", "uploadedPartIds": ids}});
        call("finalizeUpload", body)
    };
    finalize(vec![&first]).await.expect(422);
    let second = put(&parts[1], range(&parts[1])).await.expect(200).header("etag").trim_matches('"').to_owned();
    finalize(vec![&second, &first]).await.expect(422);
    let slow = json!({"platform": "linkedin", "operation": "media", "fault": "slow", "params": {"delay_ms": 60_000}});
    given.fault(slow).await;
    finalize(vec![&first, &second]).await.expect(200);
    let status = || at(&given, Method::GET, "/linkedin/rest/videos", &video, &person);
    assert_eq!(answer(status()).await.expect(200).body["status"], "PROCESSING");
    let content = Some(json!({"media": {"id": video, "title": "clip"}}));
    post(&given, &person, "clip", content.clone()).await.expect(400);
    given.advance("PT61S").await;
    assert_eq!(answer(status()).await.expect(200).body["status"], "AVAILABLE");
    let posted = post(&given, &person, "clip", content).await.expect(201);
    assert!(posted.header("x-restli-id").starts_with("urn:li:ugcPost:"));
    assert_eq!(given.ledger("").await[0]["media"][0]["size"], bytes.len());
}

#[tokio::test]
async fn comments_hang_below_a_post_by_its_activity() {
    let (given, _, organization) = given().await;
    let name = post(&given, &organization, "one", None).await.expect(201).header("x-restli-id").to_owned();
    let path = "/linkedin/rest/socialActions";
    let comments = |target: &str| format!("{path}/{}/comments", encoded(target));
    let send =
        |target: &str, body: Value| answer(versioned(given.post(&comments(target)), &organization.token).json(&body));
    let body = |text: &str| json!({"actor": organization.urn(), "object": name, "message": {"text": text}});
    let first = send(&name, body("first (comment) #1")).await.expect(201);
    let id = first.text_at("/id");
    assert_eq!(
        (first.header("x-restli-id"), &first.body["message"]["text"]),
        (id.as_str(), &json!("first (comment) #1"))
    );
    let activity = first.text_at("/object");
    assert!(
        activity.starts_with("urn:li:activity:") && !name.ends_with(activity.rsplit(':').next().expect("a number"))
    );
    let urn = first.text_at("/commentUrn");
    assert_eq!(urn, format!("urn:li:comment:({activity},{id})"));

    let mut nested = body("nested");
    nested["parentComment"] = json!(urn);
    send(&name, nested.clone()).await.expect(422);
    send(&urn, nested).await.expect(201);
    let entries = given.ledger("?since=1").await;
    assert_eq!((&entries[0]["kind"], &entries[0]["parent"]), (&json!("comment"), &json!(name)));
    assert_eq!((&entries[1]["parent"], &entries[0]["platform_post_id"]), (&json!(urn), &json!(urn)));
    let listed = answer(versioned(given.get(&comments(&name)), &organization.token)).await.expect(200);
    assert_eq!(listed.body["elements"].as_array().map(Vec::len), Some(2));
    let summary = answer(at(&given, Method::GET, path, &activity, &organization)).await.expect(200);
    assert_eq!(summary.body["commentsSummary"]["aggregatedTotalComments"], 2);

    let mut wrong = body("a");
    wrong["object"] = json!("urn:li:share:1");
    send(&name, wrong).await.expect(422);
    send("urn:li:share:1", body("a")).await.expect(404);
    send(&name, body("")).await.expect(422);
    send(&name, body(&"x".repeat(1_251))).await.expect(422);
    let bob = Author::of(given.account("linkedin", "Bob").await);
    answer(versioned(given.post(&comments(&name)), &bob.token).json(&body("a"))).await.expect(403);
    let uninvited = json!({"actor": bob.urn(), "object": name, "message": {"text": "me too"}});
    answer(versioned(given.post(&comments(&name)), &bob.token).json(&uninvited)).await.expect(201);

    let delete = |actor: &str, token: &str| {
        let path = format!("{}/{id}?actor={}", comments(&name), encoded(actor));
        answer(versioned(given.delete(&path), token))
    };
    delete(bob.urn(), &bob.token).await.expect(403);
    delete(organization.urn(), &organization.token).await.expect(204);
    delete(organization.urn(), &organization.token).await.expect(404);
    assert!(given.ledger("").await[1]["deleted_at"].is_string());
}

#[tokio::test]
async fn the_day_of_a_quota_ends_at_midnight_utc_and_no_header_tells() {
    let (given, person, _) = given().await;
    given.enforce_quotas().await;
    for number in 0..150 {
        post(&given, &person, &format!("post {number}"), None).await.expect(201);
    }
    let limited = post(&given, &person, "one more", None).await.expect(429);
    assert_eq!((limited.header("retry-after"), &limited.body["code"]), ("", &json!("TOO_MANY_REQUESTS")));
    let now: jiff::Timestamp = answer(given.get("/_sandbox/clock")).await.text_at("/now").parse().expect("a time");
    let left = 86_400 - now.as_second() % 86_400;
    given.advance(&format!("PT{left}S")).await;
    post(&given, &person, "one more", None).await.expect(201);
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_sending_the_same_again() {
    let (given, person, _) = given().await;
    given.fault(json!({"platform": "linkedin", "operation": "publish", "fault": "error_after_accept"})).await;
    post(&given, &person, "Hello", None).await.expect(500);
    let again = post(&given, &person, "Hello", None).await.expect(422);
    let entries = given.ledger("").await;
    assert_eq!(entries.len(), 1);
    assert!(again.text_at("/message").ends_with(entries[0]["platform_post_id"].as_str().expect("a name")));
}

#[tokio::test]
async fn everything_outlives_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = async || {
        let sandbox = sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox");
        Given::over(sandbox)
    };
    let given = start().await;
    let organization = Author::of(given.organization("Acme").await);
    let name = post(&given, &organization, "one", None).await.expect(201).header("x-restli-id").to_owned();
    let image = upload(&given, &organization, "images", png()).await;
    let path = format!("/linkedin/rest/socialActions/{}/comments", encoded(&name));
    let comment = json!({"actor": organization.urn(), "object": name, "message": {"text": "first"}});
    answer(versioned(given.post(&path), &organization.token).json(&comment)).await.expect(201);
    let before = given.ledger("").await;
    given.sandbox.stop().await;

    let given = start().await;
    assert_eq!(given.ledger("").await, before);
    answer(at(&given, Method::GET, POSTS, &name, &organization)).await.expect(200);
    post(&given, &organization, "one", None).await.expect(422);
    post(&given, &organization, "two", Some(json!({"media": {"id": image}}))).await.expect(201);
    let listed = answer(versioned(given.get(&path), &organization.token)).await.expect(200);
    assert_eq!(listed.body["elements"][0]["message"]["text"], "first");
    given.sandbox.stop().await;
}
