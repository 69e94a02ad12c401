//! Pictures with alternative text, uploaded and by URL.

use e2e::{
    House, Options, Tenant, Transport, pictures,
    tenant::{id, ids},
};
use egress::{Body, Method};
use serde_json::{Value, json};
use testkit::receiver::{Answer, Receiver};

over_both!(pictures_go_out_with_their_alternative_text);

async fn upload(tenant: &Tenant, picture: Vec<u8>) -> Value {
    let announced = tenant
        .caller
        .post("/v1/media", json!({"filename": "a.png", "content_type": "image/png", "size": picture.len()}))
        .await
        .expect(201);
    let at: url::Url = announced["upload_url"].as_str().and_then(|url| url.parse().ok()).expect("a link");
    let way = format!("{}?{}", at.path(), at.query().unwrap_or_default());
    let headers = [("content-type", "image/png")];
    let put =
        tenant.caller.try_call(Method::PUT, &way, Body::Bytes(picture.into()), &headers).await.expect("an answer");
    assert!(matches!(put.status, 200 | 201 | 204), "{}", put.text);
    let ready = tenant.caller.poke(&format!("/v1/media/{}/confirm", id(&announced))).await.expect(200);
    assert_eq!(
        (&ready["status"], &ready["width"], &ready["kind"]),
        (&json!("ready"), &json!(640), &json!("image")),
        "{ready:#}"
    );
    ready
}

async fn pictures_go_out_with_their_alternative_text(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let uploaded = upload(&tenant, pictures::png(640, 480)).await;
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
