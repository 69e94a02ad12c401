//! Each way an exchange can fail, and on which side of the first byte it falls.

use std::time::{Duration, Instant};

use egress::{
    AmbiguousKind, Body, Deadline, Door, ExchangeError, Limits, Method, NotSentKind, Request, StatusCode, Url,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::kit::{Script, Server, ambiguous, get, limits, not_sent, open_door, read_request, settings, within};

#[tokio::test]
async fn a_name_that_does_not_resolve_was_not_sent() {
    let door = Door::with_resolver(&settings(&[]), Script::new("a.example", &[&[]])).unwrap();
    for host in ["unknown.example", "a.example"] {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        let error = door.exchange(get(url), limits()).await.unwrap_err();
        assert_eq!(not_sent(&error), NotSentKind::Dns);
        assert!(error.to_string().contains(host));
    }
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    // given: a port that was free a moment ago
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);

    let error = open_door().exchange(get(url), limits()).await.unwrap_err();
    assert_eq!(not_sent(&error), NotSentKind::Connect);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    // given: nobody listens on 127.0.0.2
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    })
    .await;
    let script = Script::new("two.example", &[&["127.0.0.2", "127.0.0.1"]]);
    let door = Door::with_resolver(&settings(&["two.example:*"]), script).unwrap();
    let url = Url::parse(&format!("http://two.example:{}/", server.address.port())).unwrap();

    let response = door.exchange(get(url), limits()).await.unwrap();
    assert_eq!(response.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_deadline_in_the_past_sends_nothing() {
    let server = Server::start(|_| async {}).await;
    let error = open_door().exchange(get(server.url("/")), within(Duration::ZERO)).await.unwrap_err();
    assert_eq!(not_sent(&error), NotSentKind::Deadline);
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_tls_server_that_stays_silent_was_not_sent() {
    // given
    let server = Server::start(|mut stream| async move {
        let mut sink = Vec::new();
        let _ = stream.read_to_end(&mut sink).await;
    })
    .await;
    let url = Url::parse(&format!("https://{}/", server.address)).unwrap();

    // then: the connect timeout speaks of TLS, an earlier deadline of itself
    let mut quick = settings(&["127.0.0.1:*"]);
    quick.connect_timeout = Duration::from_millis(200);
    let error = Door::new(&quick).unwrap().exchange(get(url.clone()), limits()).await.unwrap_err();
    assert_eq!(not_sent(&error), NotSentKind::Tls);
    let error = open_door().exchange(get(url), within(Duration::from_millis(200))).await.unwrap_err();
    assert_eq!(not_sent(&error), NotSentKind::Deadline);
}

#[tokio::test]
async fn a_plain_server_asked_for_tls_was_not_sent() {
    let server = Server::start(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    })
    .await;
    let url = Url::parse(&format!("https://{}/", server.address)).unwrap();
    let error = open_door().exchange(get(url), limits()).await.unwrap_err();
    assert_eq!(not_sent(&error), NotSentKind::Tls);
}

/// A server that reads the request and then does as told.
async fn after_request(answer: &'static [u8], reset: bool) -> Server {
    Server::start(move |mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        if reset {
            stream.set_zero_linger().unwrap();
        }
    })
    .await
}

/// Name, answer, whether the connection is then reset, and what must come of it.
type Ending = (&'static str, &'static [u8], bool, AmbiguousKind, Option<u16>);

#[tokio::test]
async fn whatever_follows_the_first_byte_is_ambiguous() {
    let cases: [Ending; 8] = [
        ("closed without an answer", b"", false, AmbiguousKind::Reset, None),
        ("reset without an answer", b"", true, AmbiguousKind::Reset, None),
        ("closed in the head", b"HTTP/1.1 200 O", false, AmbiguousKind::Reset, None),
        (
            "closed in the body",
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
            false,
            AmbiguousKind::Reset,
            Some(200),
        ),
        (
            "closed in a chunk",
            b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            false,
            AmbiguousKind::Reset,
            Some(201),
        ),
        ("garbage", b"\x00\x01\x02\x03 garbage\r\n\r\n", false, AmbiguousKind::Protocol, None),
        (
            "garbage in a chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            false,
            AmbiguousKind::Protocol,
            Some(200),
        ),
        (
            "two lengths",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            false,
            AmbiguousKind::Protocol,
            None,
        ),
    ];
    for (name, answer, reset, kind, status) in cases {
        // given
        let server = after_request(answer, reset).await;

        // when
        let request = Request::new(Method::POST, server.url("/")).body(Body::Form(vec![("a".into(), "b".into())]));
        let error = open_door().exchange(request, limits()).await.unwrap_err();

        // then
        assert_eq!(ambiguous(&error), kind, "{name}: {error}");
        let ExchangeError::Ambiguous { status: seen, .. } = error else { unreachable!() };
        assert_eq!(seen.map(|status| status.as_u16()), status, "{name}");
        assert_eq!(server.accepted(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_ambiguous_at_the_deadline() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let began = Instant::now();
    let error = open_door().exchange(get(server.url("/")), within(Duration::from_millis(300))).await.unwrap_err();
    assert_eq!(ambiguous(&error), AmbiguousKind::Timeout);
    assert!((300..2_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_byte_at_a_time_does_not_stretch_the_deadline() {
    for head in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        // given
        let server = Server::start(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(head).await.unwrap();
            let drip: &[u8] = if head.ends_with(b"chunked\r\n\r\n") { b"1\r\na\r\n" } else { b"H" };
            while stream.write_all(drip).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;

        // when
        let began = Instant::now();
        let limits = Limits::new(Deadline::after(Duration::from_millis(400)), 1_000_000);
        let error = open_door().exchange(get(server.url("/")), limits).await.unwrap_err();

        // then
        assert_eq!(ambiguous(&error), AmbiguousKind::Timeout, "{error}");
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn messages_hold_no_path_or_query() {
    let server = after_request(b"", false).await;
    let error = open_door().exchange(get(server.url("/bot123:secret/send?token=secret")), limits()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}
