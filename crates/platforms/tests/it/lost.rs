//! Sends whose answer never comes, and calls that never leave.

use std::time::Duration;

use domain::{platform::Platform, target::Outcome};
use egress::Deadline;
use platforms::{Bases, Cx, Part, network};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::{
    bed::{BASES, Connected, NOW, at, door, main_part, needed_media, outcome, prepared},
    bluesky,
};

/// What a server does once it has read a request's head.
#[derive(Clone, Copy, Debug)]
enum Does {
    Hangs,
    Closes,
    HalfAnswers,
    Babbles,
    Floods,
}

async fn server(does: Does) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = [0; 4096];
                let _ = stream.read(&mut seen).await;
                let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length:";
                let _ = match does {
                    Does::Hangs => return std::future::pending().await,
                    Does::Closes => Ok(()),
                    Does::HalfAnswers => stream.write_all(format!("{head} 100\r\n\r\n{{\"data\":").as_bytes()).await,
                    Does::Babbles => stream.write_all(b"SSH-2.0-OpenSSH_9\r\n").await,
                    Does::Floods => {
                        let body = vec![b' '; 2 << 20];
                        let _ = stream.write_all(format!("{head} {}\r\n\r\n", body.len()).as_bytes()).await;
                        stream.write_all(&body).await
                    }
                };
            });
        }
    });
    format!("http://{address}")
}

fn account(platform: Platform, uri: &str) -> Connected {
    match platform {
        Platform::X => Connected::new("42", "alice", Value::Null, json!({"access_token": "a"})),
        Platform::Facebook => Connected::new("1755", "acme", Value::Null, json!({"access_token": "a"})),
        Platform::Instagram => {
            Connected::new("178", "acme", Value::Null, json!({"login": "instagram", "access_token": "a"}))
        }
        Platform::Mastodon => Connected::new("109", "alice", Value::Null, json!({"base": uri, "access_token": "a"})),
        Platform::Bluesky => Connected::new(
            "did:plc:alice",
            "alice.example",
            Value::Null,
            json!({"service": uri, "pds": uri,
            "did": "did:plc:alice", "access_jwt": "a", "refresh_jwt": "r", "app_password": "p"}),
        ),
    }
}

async fn send(platform: Platform, uri: &str, deadline: Deadline) -> Outcome {
    let url = Url::parse(uri).expect("an address");
    let bases = BASES.iter().fold(Bases::default(), |bases, name| bases.with(name, url.clone()));
    let door = door();
    let cx = Cx { door: &door, bases: &bases, now: at(NOW), deadline, readings: None };
    let account = account(platform, uri);
    let media = needed_media(platform);
    let part = Part { media: &media, ..main_part("hi", &Value::Null) };
    let composed = network(platform).compose(&cx, &account.get(), &part).await.expect("composed");
    let composed = prepared(platform, composed);
    network(platform).send(&cx, &account.get(), &composed).await
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_it_open() {
    for does in [Does::Hangs, Does::Closes, Does::HalfAnswers, Does::Babbles, Does::Floods] {
        let uri = server(does).await;
        // Only the one that hangs takes as long; it needs the time to take the request.
        let deadline = Deadline::after(Duration::from_secs(3));
        let send = |platform| send(platform, &uri, deadline);
        let (x, facebook, instagram, bluesky, mastodon) = tokio::join!(
            send(Platform::X),
            send(Platform::Facebook),
            send(Platform::Instagram),
            send(Platform::Bluesky),
            send(Platform::Mastodon)
        );
        for sent in [x, facebook, instagram, bluesky, mastodon] {
            assert_eq!(outcome(&sent), "ambiguous", "{does:?}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_proven_send_without_an_answer_is_left_open_too() {
    for does in [Does::Hangs, Does::Closes, Does::HalfAnswers, Does::Babbles, Does::Floods] {
        let uri = server(does).await;
        let (door, bases, bluesky) = (door(), Bases::default(), network(Platform::Bluesky));
        let deadline = Deadline::after(Duration::from_secs(3));
        let cx = Cx { door: &door, bases: &bases, now: at(NOW), deadline, readings: None };
        let account = bluesky::granted(&uri);
        let composed = bluesky.compose(&cx, &account.get(), &main_part("hi", &Value::Null)).await.expect("composed");
        let sent = bluesky.send(&cx, &account.get(), &composed).await;
        assert_eq!(outcome(&sent), "ambiguous", "{does:?}: {sent:?}");
    }
}

#[tokio::test]
async fn what_never_left_is_not_live() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        format!("http://{}", listener.local_addr().expect("bound"))
    };
    for platform in Platform::all() {
        let refused = send(platform, &closed, Deadline::after(Duration::from_secs(5))).await;
        assert_eq!(outcome(&refused), "not_now", "{platform}: {refused:?}");
        let open = server(Does::Closes).await;
        let late = send(platform, &open, Deadline::after(Duration::ZERO)).await;
        assert_eq!(outcome(&late), "not_now", "{platform}: {late:?}");
        // The guard refuses an address inside, wherever it came from.
        let guarded = send(platform, "https://10.0.0.1", Deadline::after(Duration::from_secs(5))).await;
        assert_eq!(outcome(&guarded), "not_now", "{platform}: {guarded:?}");
    }
}
