//! Against software that others wrote: the official Bluesky PDS, and the Standard Webhooks libraries of npm and PyPI.
//! `make test-external` brings them.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use domain::platform::Platform;
use e2e::{
    Caller, House, Options, Tenant, Transport,
    hooks::Hook,
    pictures,
    tenant::{id, ids},
    world::Resident,
};
use serde_json::{Value, json};
use testkit::receiver::{Answer, Received, Receiver};
use url::Url;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run `make test-external`"))
}

/// The PDS and the account on it.
struct Pds {
    caller: Caller,
    resident: Resident,
}

impl Pds {
    fn running() -> Self {
        let file = variable("FANFARE_EXTERNAL_PDS_JSON");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let said: Value = serde_json::from_str(&text).expect("JSON");
        let text = |name: &str| said[name].as_str().unwrap_or_else(|| panic!("no {name} in {said}")).to_owned();
        let service: Url = text("service").parse().expect("a URL");
        let credentials =
            json!({"service": said["service"], "identifier": said["identifier"], "app_password": said["app_password"]});
        let resident =
            Resident { platform: Platform::Bluesky, account: text("did"), username: text("identifier"), credentials };
        Self { caller: Caller::of(&service), resident }
    }

    /// A record as the PDS's own API has it: its content and its CID.
    async fn record(&self, uri: &str) -> (Value, String) {
        let path: Vec<_> = uri.strip_prefix("at://").expect("an at:// URI").split('/').collect();
        let [repo, collection, key] = path[..] else { panic!("{uri}") };
        let way = format!("/xrpc/com.atproto.repo.getRecord?repo={repo}&collection={collection}&rkey={key}");
        let found = self.caller.get(&way).await.expect(200);
        (found["value"].clone(), found["cid"].as_str().expect("a CID").to_owned())
    }
}

fn uris(target: &Value) -> Vec<&str> {
    target["parts"].as_array().expect("parts").iter().filter_map(|part| part["platform_post_id"].as_str()).collect()
}

/// A house whose tests' projects send to the PDS.
async fn house_beside(pds: &Pds) -> (House, Tenant) {
    let house = House::up(Options::over(Transport::Local).sending_to(pds.caller.origin())).await;
    let tenant = house.tenant().await;
    (house, tenant)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_pds_takes_text_with_a_link() {
    let pds = Pds::running();
    let (_house, tenant) = house_beside(&pds).await;
    let account = tenant.connect_as(pds.resident.clone()).await;

    let text = "Grüße 🦋 from https://example.com/a?b=c and on";
    let posted = tenant.post(text, std::slice::from_ref(&account)).await;
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}\n{:#?}", tenant.attempts(&post).await);

    let (record, _) = pds.record(uris(&post["targets"][0])[0]).await;
    assert_eq!(record["text"], text);
    let facet = &record["facets"][0];
    assert_eq!(facet["features"][0]["$type"], "app.bsky.richtext.facet#link", "{record:#}");
    assert_eq!(facet["features"][0]["uri"], "https://example.com/a?b=c");
    let at = |name: &str| usize::try_from(facet["index"][name].as_u64().expect("a number")).expect("a small one");
    assert_eq!(&text[at("byteStart")..at("byteEnd")], "https://example.com/a?b=c");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_pds_takes_a_picture_with_its_alternative_text() {
    let pds = Pds::running();
    let (_house, tenant) = house_beside(&pds).await;
    let account = tenant.connect_as(pds.resident.clone()).await;
    let server = Receiver::start().await;
    let png = vec![("content-type".to_owned(), "image/png".to_owned())];
    server.answer("/a.png", [Answer::Reply(200, png, pictures::png(320, 200))]);

    let media = json!([{"url": server.url("/a.png"), "alt_text": "a pattern"}]);
    let posted = tenant.post_body(json!({"content": "look", "media": media, "accounts": [&account.id]})).await;
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}\n{:#?}", tenant.attempts(&post).await);

    let (record, _) = pds.record(uris(&post["targets"][0])[0]).await;
    let image = &record["embed"]["images"][0];
    assert_eq!(record["embed"]["$type"], "app.bsky.embed.images", "{record:#}");
    assert_eq!(image["alt"], "a pattern");
    assert_eq!(image["aspectRatio"], json!({"width": 320, "height": 200}));
    let blob = image["image"]["ref"]["$link"].as_str().expect("a CID");
    let way = format!("/xrpc/com.atproto.sync.getBlob?did={}&cid={blob}", pds.resident.account);
    let stored = pds.caller.get(&way).await;
    assert_eq!(stored.status, 200, "{}", stored.text);
    assert_eq!(stored.headers["content-type"], image["image"]["mimeType"].as_str().expect("a type"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_pds_takes_a_thread() {
    let pds = Pds::running();
    let (_house, tenant) = house_beside(&pds).await;
    let account = tenant.connect_as(pds.resident.clone()).await;
    let texts = ["one", "two", "three"];
    let containers: Vec<_> = texts.iter().map(|text| json!({"content": text})).collect();

    let posted = tenant.post_body(json!({"containers": containers, "accounts": [&account.id]})).await;
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}\n{:#?}", tenant.attempts(&post).await);

    let uris = uris(&post["targets"][0]);
    let mut refs = Vec::new();
    for (uri, text) in uris.iter().zip(texts) {
        let (record, cid) = pds.record(uri).await;
        assert_eq!(record["text"], text);
        match refs.as_slice() {
            [] => assert_eq!(record["reply"], Value::Null),
            [root, ..] => {
                assert_eq!(&record["reply"]["root"], root, "{record:#}");
                assert_eq!(Some(&record["reply"]["parent"]), refs.last(), "{record:#}");
            }
        }
        refs.push(json!({"uri": uri, "cid": cid}));
    }
    assert_eq!(refs.len(), 3);
}

/// What a library says: whether it accepts the delivery.
fn accepts(library: &str, secret: &str, delivery: &Received) -> bool {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), Value::from(delivery.header(name)))).collect();
    let body = String::from_utf8(delivery.body.clone()).expect("UTF-8");
    let asked = json!({"secret": secret, "headers": headers, "body": body}).to_string();
    let mut child = Command::new(variable("FANFARE_EXTERNAL_WEBHOOK_VERIFY"))
        .arg(library)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the script runs");
    child.stdin.take().expect("a pipe").write_all(asked.as_bytes()).expect("it reads");
    match child.wait().expect("it ends").code() {
        Some(0) => true,
        Some(1) => false,
        other => panic!("{library} could not look at it: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn independent_libraries_accept_our_webhooks_and_nothing_else() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let hook = Hook::of(&tenant, &["post.published"]).await;
    let posted = tenant.post_body(json!({"content": "Grüße 🦋", "accounts": ids(&accounts)})).await;
    let (delivery, _) = hook.wait_for("post.published", id(&posted)).await;

    for library in ["node", "python"] {
        assert!(accepts(library, &hook.secret, &delivery), "{library}");
        let mut tampered = delivery.clone();
        tampered.body.push(b' ');
        assert!(!accepts(library, &hook.secret, &tampered), "{library}: another body");
        let mut moved = delivery.clone();
        moved.headers.insert("webhook-id".to_owned(), "evt_other".to_owned());
        assert!(!accepts(library, &hook.secret, &moved), "{library}: another event");
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(!accepts(library, other, &delivery), "{library}: another secret");
    }
}
