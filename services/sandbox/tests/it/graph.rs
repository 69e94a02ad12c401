//! What the tests of Meta's three networks share.

use reqwest::Method;
use serde_json::Value;

use crate::browser::{App, CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};

/// A call of the Graph API.
pub(crate) async fn call(given: &Given, method: Method, path: &str, token: &str, parameters: &[(&str, &str)]) -> Answer {
    let request = given.request(method.clone(), path).bearer_auth(token);
    answer(if method == Method::POST { request.form(parameters) } else { request.query(parameters) }).await
}

pub(crate) async fn get(given: &Given, path: &str, token: &str, parameters: &[(&str, &str)]) -> Answer {
    call(given, Method::GET, path, token, parameters).await
}

pub(crate) async fn post(given: &Given, path: &str, token: &str, parameters: &[(&str, &str)]) -> Answer {
    call(given, Method::POST, path, token, parameters).await
}

pub(crate) async fn delete(given: &Given, path: &str, token: &str) -> Answer {
    call(given, Method::DELETE, path, token, &[]).await
}

impl Answer {
    /// Status, code and subcode of a refusal.
    pub(crate) fn refused(&self) -> (u16, i64, u64) {
        let error = &self.body["error"];
        assert!(error["message"].is_string() && error["fbtrace_id"].is_string() && error["type"].is_string(), "{self:?}");
        (self.status, error["code"].as_i64().unwrap_or_default(), error["error_subcode"].as_u64().unwrap_or_default())
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

/// Names of a list's entries.
pub(crate) fn each<'a>(answer: &'a Answer, key: &str) -> Vec<&'a Value> {
    answer.body["data"].as_array().expect("a list").iter().map(|entry| &entry[key]).collect()
}

/// Bytes that can be fetched by their address, as some server of the internet would have them.
pub(crate) async fn hosted(given: &Given, bytes: Vec<u8>, content_type: &str) -> String {
    let account = given.account("mastodon", "server").await;
    let token = account.credentials["access_token"].as_str().expect("a token").to_owned();
    let file = reqwest::multipart::Part::bytes(bytes).file_name("a").mime_str(content_type).expect("a type");
    let form = reqwest::multipart::Form::new().part("file", file);
    let media = answer(given.post("/api/v2/media").bearer_auth(token).multipart(form)).await;
    format!("{}/_sandbox/media/mastodon/{}", given.sandbox.url(), media.text_at("/id"))
}

/// A picture in the format that all of Meta takes.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30]));
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a picture");
    bytes.into_inner()
}

/// Where nothing listens.
pub(crate) fn nowhere() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    format!("http://127.0.0.1:{free}/a.jpg")
}

/// The query of a request for consent.
pub(crate) fn asking<'a>(app: &'a App, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", &app.id),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("response_type", "code"),
        ("state", "s&1"),
    ]
}

/// A code that somebody gave an app.
pub(crate) async fn code(given: &Given, page: &str, app: &App, account: &str, scope: &str) -> String {
    let form = Form::open(given, &address(page, &asking(app, scope))).await;
    let (to, query) = sent_to(&form.send(given, account, "allow").await);
    assert!(to.starts_with("http://127.0.0.1:9/callback"), "{to}");
    assert_eq!((query["app"].as_str(), query["state"].as_str()), ("1", "s&1"));
    query["code"].clone()
}
