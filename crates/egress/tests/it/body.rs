//! Answers that are too large, endless or cut.

use std::time::Duration;

use egress::{AmbiguousKind, Deadline, ExchangeError, Limits};
use tokio::io::AsyncWriteExt;

use crate::kit::{Server, ambiguous, get, limits, open_door, read_request};

const TEN_GB: u64 = 10_000_000_000;

/// Sends `head` and then zeroes for as long as the client takes them.
async fn firehose(head: String, chunked: bool) -> Server {
    Server::start(move |mut stream| {
        let head = head.clone();
        async move {
            read_request(&mut stream).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut piece = vec![b'0'; 65536];
            if chunked {
                piece.splice(..0, *b"10000\r\n");
                piece.extend_from_slice(b"\r\n");
            }
            while stream.write_all(&piece).await.is_ok() {}
        }
    })
    .await
}

fn heads() -> [(String, bool); 3] {
    [
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {TEN_GB}\r\n\r\n"), false),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(), true),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(), false),
    ]
}

#[tokio::test]
async fn a_body_over_the_cap_is_an_error_that_keeps_the_status() {
    for (head, chunked) in heads() {
        let server = firehose(head.clone(), chunked).await;
        let error = open_door().exchange(get(server.url("/")), limits()).await.unwrap_err();
        assert_eq!(ambiguous(&error), AmbiguousKind::BodyTooLarge);
        assert!(matches!(error, ExchangeError::Ambiguous { status: Some(status), .. } if status == 200), "{head}");
    }
}

#[tokio::test]
async fn a_declared_length_over_the_cap_is_refused_before_the_body() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n").await.unwrap();
        read_request(&mut stream).await;
    })
    .await;
    let error = open_door().exchange(get(server.url("/")), limits()).await.unwrap_err();
    assert_eq!(ambiguous(&error), AmbiguousKind::BodyTooLarge, "{error}");
}

#[tokio::test]
async fn a_truncating_exchange_keeps_the_first_bytes() {
    for (head, chunked) in heads() {
        let server = firehose(head, chunked).await;
        let before = resident_bytes();
        let response = open_door().exchange(get(server.url("/")), limits().truncating()).await.unwrap();
        assert_eq!((response.body.len(), response.truncated), (1024, true));
        assert!(resident_bytes().saturating_sub(before) < 16 << 20, "memory grew with the body");
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_whole() {
    for truncate in [false, true] {
        let server = Server::start(|mut stream| async move {
            read_request(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1024\r\n\r\n{}", "x".repeat(1024));
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let limits = Limits { truncate, ..limits() };
        let response = open_door().exchange(get(server.url("/")), limits).await.unwrap();
        assert_eq!((response.body.len(), response.truncated), (1024, false));
    }
}

#[tokio::test]
async fn an_endless_head_is_cut() {
    for line in ["x-a: b\r\n", "x", "x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"] {
        let server = Server::start(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
            while stream.write_all(line.repeat(1000).as_bytes()).await.is_ok() {}
        })
        .await;
        let error = open_door().exchange(get(server.url("/")), limits()).await.unwrap_err();
        assert_eq!(ambiguous(&error), AmbiguousKind::Protocol, "{error}");
    }
}

#[tokio::test]
async fn endless_interim_answers_end_with_the_deadline() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let limits = Limits::new(Deadline::after(Duration::from_millis(300)), 10);
    let error = open_door().exchange(get(server.url("/")), limits).await.unwrap_err();
    assert_eq!(ambiguous(&error), AmbiguousKind::Timeout, "{error}");
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let server = Server::start(|mut stream| async move {
        let request = read_request(&mut stream).await.unwrap();
        assert!(!request.contains("accept-encoding"));
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00")
            .await
            .unwrap();
    })
    .await;
    let response = open_door().exchange(get(server.url("/")), limits()).await.unwrap();
    assert_eq!(response.body.as_ref(), b"\x1f\x8b\x08\x00");
}

/// Zero where `/proc` is missing, which makes the check above pass there.
fn resident_bytes() -> usize {
    let pages =
        std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
