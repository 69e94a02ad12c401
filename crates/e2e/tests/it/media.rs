//! Pictures with alternative text, uploaded and by URL.

use domain::platform::Platform;
use e2e::{
    House, Options, Transport, pictures,
    tenant::{id, ids},
};
use serde_json::json;
use testkit::receiver::{Answer, Receiver};

over_both!(pictures_go_out_with_their_alternative_text);

async fn pictures_go_out_with_their_alternative_text(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let mut accounts = Vec::new();
    for platform in Platform::all() {
        accounts.push(tenant.connect(platform).await);
    }
    let uploaded = pictures::upload(&tenant, pictures::png(640, 480)).await;
    assert_eq!(
        (&uploaded["status"], &uploaded["width"], &uploaded["kind"]),
        (&json!("ready"), &json!(640), &json!("image")),
        "{uploaded:#}"
    );
    let server = Receiver::start().await;
    let png = vec![("content-type".to_owned(), "image/png".to_owned())];
    server.answer("/b.png", [Answer::Reply(200, png, pictures::png(320, 240))]);

    // when
    let media = json!([
        {"id": id(&uploaded), "alt_text": "a pattern, uploaded"},
        {"url": server.url("/b.png"), "alt_text": "a pattern, fetched"},
    ]);
    let posted = tenant.post_body(json!({"content": "look", "media": media, "accounts": ids(&accounts)})).await;
    let post = tenant.settled(&posted).await;

    // then
    assert_eq!(post["status"], "published", "{post:#}\n{:#?}", tenant.attempts(&post).await);
    tenant.is_in_ledger_once(&post, &accounts).await;
    for account in &accounts {
        let entries = tenant.world.ledger_of(&account.resident.account).await;
        let files = entries[0]["media"].as_array().expect("media");
        let texts: Vec<_> = files.iter().filter_map(|file| file["alt_text"].as_str()).collect();
        assert_eq!(texts, ["a pattern, uploaded", "a pattern, fetched"], "on {}: {entries:#?}", account.platform());
        assert!(files.iter().all(|file| file["size"].as_u64().is_some_and(|size| size > 1_000)), "{files:#?}");
    }

    // when: a file that is not there
    server.answer("/gone.png", [Answer::status(404)]);
    let media = json!([{"url": server.url("/gone.png")}]);
    let posted = tenant.post_body(json!({"content": "look again", "media": media, "accounts": ids(&accounts)})).await;
    let post = tenant.settled(&posted).await;

    // then
    assert_eq!(post["status"], "failed", "{post:#}");
    for target in post["targets"].as_array().expect("targets") {
        assert_eq!(target["error_code"], "media_unavailable", "{target:#}");
    }
    assert_eq!(tenant.world.ledger().await.len(), accounts.len());
    house.down().await.expect("an orderly end");
}
