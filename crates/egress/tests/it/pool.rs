//! Idle connections: used again, never trusted too far.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use egress::{AmbiguousKind, Body, Method, Request};
use tokio::io::AsyncWriteExt;

use crate::kit::{Server, ambiguous, get, limits, open_door, read_request};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(|mut stream| async move {
        while read_request(&mut stream).await.is_some() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let door = open_door();
    for _ in 0..20 {
        let request = Request::new(Method::POST, server.url("/")).body(Body::Json(serde_json::json!({"a": 1})));
        assert_eq!(door.clone().exchange(request, limits()).await.unwrap().body, "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn chunked_answers_keep_their_connection_too() {
    let server = Server::start(|mut stream| async move {
        while read_request(&mut stream).await.is_some() {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
                .await
                .unwrap();
        }
    })
    .await;
    let door = open_door();
    for _ in 0..5 {
        assert_eq!(door.exchange(get(server.url("/")), limits()).await.unwrap().body, "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_reset_on_a_used_connection_is_ambiguous_and_not_tried_again() {
    // given: the second request on a connection is read and then reset
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let server = Server::start(move |mut stream| {
        let counter = Arc::clone(&counter);
        async move {
            read_request(&mut stream).await;
            counter.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            if read_request(&mut stream).await.is_some() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            stream.set_zero_linger().unwrap();
        }
    })
    .await;
    let door = open_door();
    door.exchange(get(server.url("/")), limits()).await.unwrap();

    // when
    let error = door.exchange(get(server.url("/")), limits()).await.unwrap_err();

    // then
    assert_eq!(ambiguous(&error), AmbiguousKind::Reset);
    assert_eq!((server.accepted(), requests.load(Ordering::SeqCst)), (1, 2));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_used() {
    // given: closed by the server after each answer, without having said so
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
    })
    .await;
    let door = open_door();
    for round in 1..=20 {
        let response = door.exchange(get(server.url("/")), limits()).await;
        assert!(response.is_ok(), "{response:?}");
        assert_eq!(server.accepted(), round);
        // The FIN needs a moment on loopback; its arrival cannot be awaited from outside of the door.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_server_that_speaks_out_of_turn_loses_its_connection() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfalse").await.unwrap();
        read_request(&mut stream).await;
    })
    .await;
    let door = open_door();
    for round in 1..=5 {
        let response = door.exchange(get(server.url("/")), limits()).await.unwrap();
        assert_eq!(
            (response.body.as_ref(), server.accepted()),
            (&b"ok"[..], round),
            "an answer to nobody was taken for ours"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_the_server_says_about_keeping_is_heeded() {
    for header in ["connection: close", "keep-alive: timeout=1", "keep-alive: timeout=0, max=5"] {
        let server = Server::start(move |mut stream| async move {
            while read_request(&mut stream).await.is_some() {
                let answer = format!("HTTP/1.1 200 OK\r\n{header}\r\ncontent-length: 2\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await;
        let door = open_door();
        for round in 1..=3 {
            door.exchange(get(server.url("/")), limits()).await.unwrap();
            assert_eq!(server.accepted(), round, "{header}");
        }
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_time() {
    // given: a server that notices when its client leaves
    let (gone, mut noticed) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let gone = gone.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                let answer = b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer).await.unwrap();
            }
            gone.send(()).unwrap();
        }
    })
    .await;
    let door = open_door();
    door.exchange(get(server.url("/")), limits()).await.unwrap();

    // then
    tokio::time::timeout(Duration::from_secs(5), noticed.recv()).await.expect("the idle connection stayed open");
    drop(door);
}

#[tokio::test]
async fn an_abandoned_exchange_closes_its_connection() {
    // given
    let (asked, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let (gone, mut noticed) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let (asked, gone) = (asked.clone(), gone.clone());
        async move {
            read_request(&mut stream).await;
            asked.send(()).unwrap();
            read_request(&mut stream).await;
            gone.send(()).unwrap();
        }
    })
    .await;
    let url = server.url("/");
    let exchange = tokio::spawn(async move { open_door().exchange(get(url), limits()).await });
    waiting.recv().await.unwrap();

    // when
    exchange.abort();

    // then
    tokio::time::timeout(Duration::from_secs(5), noticed.recv()).await.expect("the connection outlived its exchange");
}
