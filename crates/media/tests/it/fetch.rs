//! Pictures by URL.

use std::time::Duration;

use egress::{Deadline, Door, EgressSettings};
use media::{FetchCaps, Fetched, Format, MediaError, ProbeCaps, fetch};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::pictures::{jpeg, png};

fn door() -> Door {
    Door::new(&EgressSettings { allow: vec!["127.0.0.1:*".to_owned()], ..EgressSettings::default() }).unwrap()
}

fn caps(max_bytes: u64) -> FetchCaps {
    FetchCaps { deadline: Deadline::after(Duration::from_secs(10)), max_bytes, probe: ProbeCaps::default() }
}

async fn serve(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(&server).await;
    server
}

async fn fetched(at: &str, answer: ResponseTemplate) -> Result<Fetched, MediaError> {
    let server = serve(at, answer).await;
    fetch(&door(), &format!("{}{at}", server.uri()), caps(1 << 20)).await
}

#[tokio::test]
async fn a_picture_is_fetched_whatever_the_server_calls_it() {
    let picture = jpeg(30, 20);
    for declared in ["image/jpeg", "image/png", "text/plain", "application/octet-stream"] {
        let answer = ResponseTemplate::new(200).set_body_raw(picture.clone(), declared);
        let fetched = fetched("/photos/a%20b.jpg", answer).await.unwrap();
        assert_eq!(fetched.bytes, picture);
        assert_eq!((fetched.probe.format, fetched.probe.width), (Format::Jpeg, Some(30)));
        assert_eq!(fetched.filename, "a b.jpg");
    }
}

#[tokio::test]
async fn the_name_is_the_servers_the_urls_or_a_plain_one() {
    let cases = [
        ("/x.png", Some("attachment; filename=\"holiday.png\""), "holiday.png"),
        ("/x.png", Some("inline; filename*=UTF-8''caf%C3%A9.png; filename=cafe.png"), "café.png"),
        ("/x.png", Some("attachment; filename=\"../../etc/passwd\""), "passwd.png"),
        ("/x.png", Some("attachment; filename=\"..\\\\x\""), "x.png"),
        ("/x.png", Some("attachment"), "x.png"),
        ("/photo", None, "photo.png"),
        ("/photo.jpeg", None, "photo.jpeg.png"),
        ("/PHOTO.PNG", None, "PHOTO.PNG"),
        ("/..%2f..%2fsecret.png", None, "secret.png"),
        ("/%00%0a.png", None, "png.png"),
        ("/", None, "media.png"),
    ];
    for (at, disposition, expected) in cases {
        let mut answer = ResponseTemplate::new(200).set_body_raw(png(8, 8), "image/png");
        if let Some(disposition) = disposition {
            answer = answer.insert_header("content-disposition", disposition);
        }
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(answer).mount(&server).await;
        let fetched = fetch(&door(), &format!("{}{at}", server.uri()), caps(1 << 20)).await.unwrap();
        assert_eq!(fetched.filename, expected, "{at} {disposition:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_file_says_so() {
    for (status, transient) in [(404, false), (403, false), (500, true), (503, true), (429, true), (204, false)] {
        let error = fetched("/a", ResponseTemplate::new(status)).await.unwrap_err();
        if status == 204 {
            assert!(matches!(error, MediaError::Empty));
        } else {
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
        assert_eq!(error.is_transient(), transient, "{status}");
    }
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html>", "image/png");
    assert!(matches!(fetched("/a", page).await, Err(MediaError::Unsupported { found: "an HTML page" })));
}

#[tokio::test]
async fn a_file_over_the_cap_is_refused() {
    let server = serve("/a", ResponseTemplate::new(200).set_body_raw(jpeg(100, 100), "image/jpeg")).await;
    let error = fetch(&door(), &format!("{}/a", server.uri()), caps(1_000)).await.unwrap_err();
    assert!(matches!(error, MediaError::TooLarge { max_bytes: 1_000 }));
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_url_that_leads_inside_is_refused() {
    for url in [
        "https://127.0.0.1/a.png",
        "http://example.com/a.png",
        "https://user:pass@example.com/a.png",
        "file:///etc/passwd",
        "a.png",
    ] {
        let error = fetch(&Door::new(&EgressSettings::default()).unwrap(), url, caps(1_000)).await.unwrap_err();
        assert!(matches!(error, MediaError::Url(_)) && !error.is_transient(), "{error}");
    }
    let server = serve("/a", ResponseTemplate::new(302).insert_header("location", "https://169.254.169.254/")).await;
    let error = fetch(&door(), &format!("{}/a", server.uri()), caps(1_000)).await.unwrap_err();
    assert!(matches!(error, MediaError::Fetch(_)) && !error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_server_that_is_down_may_come_back() {
    let server = MockServer::start().await;
    let url = format!("{}/a", server.uri());
    drop(server);
    // The mock's port may be kept by its pool for a moment, and then answers 404.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    assert!(fetch(&door(), &refused, caps(1_000)).await.unwrap_err().is_transient());
    assert!(fetch(&door(), &url, caps(1_000)).await.is_err());
}
