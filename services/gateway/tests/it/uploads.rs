//! Uploads.

use egress::{Body, Method};
use serde_json::{Value, json};

use crate::{
    house::{Client, House, faults},
    kit::Answer,
};

/// One black pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0,
    1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

async fn announced(client: &Client, size: Option<usize>) -> Value {
    let mut body = json!({"filename": "a.png", "content_type": "image/png"});
    if let Some(size) = size {
        body["size"] = json!(size);
    }
    client.post("/v1/media", body).await.expect(201)
}

async fn put(client: &Client, media: &Value, bytes: &[u8]) -> Answer {
    let url = media["upload_url"].as_str().unwrap();
    client.send(Method::PUT, url, Body::Bytes(bytes.to_vec().into()), &[]).await
}

fn path(media: &Value, rest: &str) -> String {
    format!("/v1/media/{}{rest}", media["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_picture_is_announced_sent_confirmed_and_read_back() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let media = announced(&client, Some(PNG.len())).await;
    assert_eq!((&media["status"], &media["upload_headers"]), (&json!("pending"), &json!({})));
    assert!(media["expires_at"].is_string(), "{media}");
    let pending = client.get(&path(&media, "")).await.expect(200);
    assert_eq!((&pending["status"], &pending["url"]), (&json!("pending"), &json!(null)));
    // when
    put(&client, &media, PNG).await.expect(204);
    let ready = client.post(&path(&media, "/confirm"), json!({})).await.expect(200);
    // then
    assert_eq!((&ready["status"], &ready["kind"]), (&json!("ready"), &json!("image")));
    assert_eq!((&ready["width"], &ready["height"], &ready["size"]), (&json!(1), &json!(1), &json!(PNG.len())));
    assert_eq!(ready["filename"], "a.png");
    let read = client.send(Method::GET, ready["url"].as_str().unwrap(), Body::Empty, &[]).await;
    assert_eq!((read.status, read.bytes.as_slice()), (200, PNG));
    assert_eq!(
        (read.header("content-type"), read.header("x-content-type-options")),
        ("image/png".into(), "nosniff".into())
    );
    // and: confirming again changes nothing; sending again is too late
    let again = client.send(Method::POST, &path(&media, "/confirm"), Body::Empty, &[]).await.expect(200);
    assert_eq!(again["size"], ready["size"]);
    put(&client, &media, PNG).await.problem(409, "conflict");
    // and: it is kept for its time
    let kept = "SELECT count(*) FROM media WHERE status = 'ready' AND expires_at > now() + interval '29 days'";
    assert_eq!(house.count(kept).await, 1);
}

#[tokio::test]
async fn bytes_that_are_not_what_was_announced_are_refused() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    // when, then: sizes
    let media = announced(&client, Some(10)).await;
    assert_eq!(put(&client, &media, PNG).await.faults(), faults(&[("", "size_mismatch")]));
    assert_eq!(put(&client, &media, b"short").await.faults(), faults(&[("", "size_mismatch")]));
    client.post(&path(&media, "/confirm"), json!({})).await.problem(409, "conflict");
    // when, then: content
    let media = announced(&client, None).await;
    put(&client, &media, b"<html>no picture</html>").await.expect(204);
    assert_eq!(client.post(&path(&media, "/confirm"), json!({})).await.faults(), faults(&[("", "media_rejected")]));
    put(&client, &media, &PNG[..40]).await.expect(204);
    assert_eq!(client.post(&path(&media, "/confirm"), json!({})).await.faults(), faults(&[("", "media_rejected")]));
    assert_eq!(put(&client, &media, b"").await.faults(), faults(&[("", "empty_file")]));
    // and: the right bytes are still welcome
    put(&client, &media, PNG).await.expect(204);
    client.post(&path(&media, "/confirm"), json!({})).await.expect(200);
}

#[tokio::test]
async fn a_link_opens_one_thing_for_one_purpose() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let (first, second) = (announced(&client, None).await, announced(&client, None).await);
    let url = first["upload_url"].as_str().unwrap();
    let token = url.split_once("token=").unwrap().1;
    let bytes = || Body::Bytes(PNG.to_vec().into());
    // when, then
    client
        .send(Method::PUT, &path(&second, &format!("/content?token={token}")), bytes(), &[])
        .await
        .problem(403, "forbidden");
    client.send(Method::GET, url, Body::Empty, &[]).await.problem(403, "forbidden");
    client.send(Method::PUT, &path(&first, "/content?token=1.x"), bytes(), &[]).await.problem(403, "forbidden");
    let missing = client.send(Method::PUT, &path(&first, "/content"), bytes(), &[]).await;
    assert_eq!(missing.faults(), faults(&[("?token", "required")]));
    // and: another project's file is not found, and one whose time is over neither
    let other = house.client().await;
    other.get(&path(&first, "")).await.problem(404, "not_found");
    other.post(&path(&first, "/confirm"), json!({})).await.problem(404, "not_found");
    house.db.execute("UPDATE media SET expires_at = now()").await;
    client.get(&path(&first, "")).await.problem(404, "not_found");
    put(&client, &first, PNG).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_repeated_announcement_gives_the_same_file_and_a_link_that_works() {
    let house = House::start().await;
    let client = house.client().await;
    let body = json!({"filename": "a.png", "content_type": "image/png"});
    let first = client.keyed("/v1/media", "m1", body.clone()).await.expect(201);
    let again = client.keyed("/v1/media", "m1", body).await.expect(201);
    assert_eq!(first["id"], again["id"]);
    put(&client, &again, PNG).await.expect(204);
    assert_eq!(house.count("SELECT count(*) FROM media").await, 1);
}

#[tokio::test]
async fn faults_of_an_announcement_are_told() {
    let house = House::start().await;
    let client = house.client().await;
    let body = json!({"filename": "../etc/passwd", "content_type": "text/html", "size": 0, "width": 1});
    let expected = faults(&[
        ("/filename", "invalid_filename"),
        ("/content_type", "unsupported_content_type"),
        ("/size", "out_of_range"),
        ("/width", "unknown_field"),
    ]);
    assert_eq!(client.post("/v1/media", body).await.faults(), expected);
}
