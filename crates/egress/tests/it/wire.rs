//! What a request looks like on the wire, and what never leaves in a log.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use egress::{
    Body, Door, EgressSettings, Exchanged, HeaderValue, Method, NotSentKind, Observer, Outcome, Part, Request, Url,
    header,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::kit::{Server, door_with, get, limits, not_sent, open_door, read_request, settings};

/// Answers with the request itself, its body cut to the test's cap.
async fn echo() -> Server {
    Server::start(|mut stream| async move {
        while let Some(request) = read_request(&mut stream).await {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{request}", request.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

async fn sent(request: Request) -> String {
    let response = open_door().exchange(request, limits()).await.unwrap();
    String::from_utf8(response.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_get_is_plain() {
    let server = echo().await;
    let text = sent(get(server.url("/a%20b?c=d|e#fragment"))).await;
    assert_eq!(text, format!("GET /a%20b?c=d|e HTTP/1.1\r\nhost: {}\r\nuser-agent: Fanfare/1\r\n\r\n", server.address));
}

#[tokio::test]
async fn an_empty_post_says_its_length() {
    let server = echo().await;
    assert!(sent(Request::new(Method::POST, server.url("/"))).await.contains("content-length: 0\r\n"));
}

#[tokio::test]
async fn forms_and_json_name_their_type_unless_told_otherwise() {
    let server = echo().await;
    let post = || Request::new(Method::POST, server.url("/"));
    let form = sent(post().body(Body::Form(vec![("a b".into(), "c&d=é".into()), ("a b".into(), "2".into())]))).await;
    assert!(form.contains("content-type: application/x-www-form-urlencoded\r\n"), "{form}");
    assert!(form.ends_with("\r\n\r\na+b=c%26d%3D%C3%A9&a+b=2"), "{form}");

    let json = post().body(Body::Json(serde_json::json!({"a": [1]})));
    let text = sent(json.clone()).await;
    assert!(text.contains("content-type: application/json\r\n") && text.ends_with("\r\n\r\n{\"a\":[1]}"), "{text}");
    let own = json.header(header::CONTENT_TYPE, HeaderValue::from_static("application/ld+json"));
    assert!(sent(own).await.contains("content-type: application/ld+json\r\n"));
}

#[tokio::test]
async fn multipart_escapes_names_and_keeps_bytes() {
    let server = echo().await;
    let parts = vec![
        Part::text("status", "héllo"),
        Part::file("media", "a\"b\r\n.png", "image/png", Bytes::from_static(b"\x89PNG")),
        Part::text("empty", ""),
    ];
    let text = sent(Request::new(Method::POST, server.url("/")).body(Body::Multipart(parts))).await;
    let boundary = text.split("boundary=").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let body = text.split_once("\r\n\r\n").unwrap().1.replace(&boundary, "B");
    assert_eq!(
        body,
        "--B\r\ncontent-disposition: form-data; name=\"status\"\r\n\r\nhéllo\r\n\
         --B\r\ncontent-disposition: form-data; name=\"media\"; filename=\"a%22b%0D%0A.png\"\r\ncontent-type: image/png\r\n\r\n\u{fffd}PNG\r\n\
         --B\r\ncontent-disposition: form-data; name=\"empty\"\r\n\r\n\r\n--B--\r\n"
    );
}

#[tokio::test]
async fn what_would_break_the_framing_is_refused() {
    let server = echo().await;
    let door = open_door();
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        let request = get(server.url("/")).header(name, HeaderValue::from_static("1"));
        assert_eq!(not_sent(&door.exchange(request, limits()).await.unwrap_err()), NotSentKind::Request);
    }
    let part = Part::file("a", "b", "image/png\r\nx-injected: 1", Bytes::new());
    let request = Request::new(Method::POST, server.url("/")).body(Body::Multipart(vec![part]));
    assert_eq!(not_sent(&door.exchange(request, limits()).await.unwrap_err()), NotSentKind::Request);
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
    })
    .await;
    let response = open_door().exchange(get(server.url("/a")), limits()).await.unwrap();
    assert_eq!((response.status.as_u16(), server.accepted()), (307, 1));
    assert_eq!(response.headers[header::LOCATION], "/b");
}

#[tokio::test]
async fn debug_output_holds_no_secret() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nset-cookie: hush\r\ncontent-length: 4\r\n\r\nhush").await.unwrap();
    })
    .await;
    let request = get(server.url("/hush?hush"))
        .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer hush"))
        .body(Body::Form(vec![("hush".into(), "hush".into())]));
    assert!(!format!("{request:?}").contains("hush"), "{request:?}");
    let response = open_door().exchange(request, limits()).await.unwrap();
    assert!(!format!("{response:?}").contains("hush"), "{response:?}");
    for body in [Body::Json("hush".into()), Body::Multipart(vec![Part::text("a", "hush")]), Body::Bytes("hush".into())]
    {
        assert!(!format!("{body:?}").contains("hush"));
    }
}

#[derive(Default)]
struct Notes(Mutex<Vec<(String, Outcome)>>);

impl Observer for Notes {
    fn exchanged(&self, seen: &Exchanged<'_>) {
        self.0.lock().unwrap().push((seen.host.to_owned(), seen.outcome));
    }
}

#[tokio::test]
async fn an_observer_sees_each_end() {
    let server = echo().await;
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let door = door_with(&["127.0.0.1:*"]).observed(observer);
    door.exchange(get(server.url("/")), limits()).await.unwrap();
    door.exchange(get(Url::parse("https://10.0.0.1/").unwrap()), limits()).await.unwrap_err();
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            ("127.0.0.1".to_owned(), Outcome::Answered(egress::StatusCode::OK)),
            ("10.0.0.1".to_owned(), Outcome::NotSent(NotSentKind::Guard))
        ]
    );
}

/// A TLS server whose certificate is for `name`, and the file that makes it trusted.
async fn tls_server(name: &str) -> (TcpListener, TlsAcceptor, PathBuf, tempfile::TempDir) {
    let issued = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, issued.cert.pem()).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener, TlsAcceptor::from(Arc::new(config)), file, directory)
}

#[tokio::test]
async fn tls_needs_a_trusted_certificate_for_the_right_name() {
    let cases = [("127.0.0.1", true, true), ("127.0.0.1", false, false), ("other.example", true, false)];
    for (name, trusted, passes) in cases {
        // given
        let (listener, acceptor, file, _directory) = tls_server(name).await;
        let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
        let served = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut requests = 0;
                while read_request(&mut stream).await.is_some() {
                    requests += 1;
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{requests}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let ca_file = trusted.then_some(file);
        let door = Door::new(&EgressSettings { ca_file, ..settings(&["127.0.0.1:*"]) }).unwrap();

        // then
        for round in 1..=3 {
            match door.exchange(get(url.clone()), limits()).await {
                Ok(response) => {
                    assert!(passes);
                    assert_eq!(response.body, round.to_string(), "one TLS connection carries them all");
                }
                Err(error) => {
                    assert!(!passes, "{error}");
                    assert_eq!(not_sent(&error), NotSentKind::Tls);
                }
            }
        }
        served.abort();
    }
}

#[test]
fn a_certificate_file_that_holds_none_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "nothing here").unwrap();
    for file in [empty, directory.path().join("missing.pem")] {
        let error = Door::new(&EgressSettings { ca_file: Some(file), ..settings(&[]) }).unwrap_err();
        assert!(error.to_string().contains(".pem"), "{error}");
    }
    let user_agent = "line\nbreak".to_owned();
    assert!(Door::new(&EgressSettings { user_agent, ..settings(&[]) }).is_err());
}
