//! Downloads: redirects hop by hop under the guard, caps, one deadline.

use std::time::Duration;

use egress::{AmbiguousKind, Deadline, DownloadLimits, ExchangeError, NotSentKind};
use tokio::io::AsyncWriteExt;

use crate::kit::{Server, ambiguous, door_with, not_sent, open_door, read_request};

fn limits(max_bytes: u64) -> DownloadLimits {
    DownloadLimits { deadline: Deadline::after(Duration::from_secs(10)), max_bytes }
}

/// `/n` redirects to `/n-1`, `/0` answers with six bytes; `/to?URL` redirects to that URL.
async fn maze() -> Server {
    Server::start(|mut stream| async move {
        while let Some(request) = read_request(&mut stream).await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let answer = match path.trim_start_matches('/').parse::<u32>() {
                Ok(0) => "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 6\r\n\r\npixels".to_owned(),
                Ok(n) => format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", n - 1),
                Err(_) => {
                    let target = path.strip_prefix("/to?").unwrap();
                    format!("HTTP/1.1 301 Moved\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n")
                }
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn up_to_three_redirects_are_followed() {
    let server = maze().await;
    for hops in 0..=3 {
        let mut download = open_door().download(&server.url(&format!("/{hops}")), limits(6)).await.unwrap();
        assert_eq!(
            (download.status().as_u16(), download.content_type(), download.size()),
            (200, Some("image/png"), Some(6))
        );
        assert_eq!(download.url(), &server.url("/0"));
        let mut body = Vec::new();
        while let Some(piece) = download.chunk().await.unwrap() {
            body.extend_from_slice(&piece);
        }
        assert_eq!(body, b"pixels");
        assert_eq!(download.chunk().await, Ok(None));
    }
    let error = open_door().download(&server.url("/4"), limits(6)).await.unwrap_err();
    assert_eq!(ambiguous(&error), AmbiguousKind::TooManyRedirects);
}

#[tokio::test]
async fn each_hop_is_guarded() {
    // given: the first hop is allowed, and nothing else
    let server = maze().await;
    let tripwire = maze().await;
    let door = door_with(&[&server.address.to_string()]);
    let cases = [
        (format!("http://{}/0", tripwire.address), NotSentKind::Url),
        (format!("https://{}/0", tripwire.address), NotSentKind::Guard),
        (format!("http://0x7f.1:{}/0", server.address.port()), NotSentKind::Guard),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), NotSentKind::Guard),
        ("https://[::1]/".to_owned(), NotSentKind::Guard),
        ("//localhost/".to_owned(), NotSentKind::Url),
        ("https://user:pass@example.com/".to_owned(), NotSentKind::Url),
        ("file:///etc/passwd".to_owned(), NotSentKind::Url),
    ];
    for (target, kind) in cases {
        let error = door.download(&server.url(&format!("/to?{target}")), limits(6)).await.unwrap_err();
        assert_eq!(not_sent(&error), kind, "{target}: {error}");
    }
    assert_eq!(tripwire.accepted(), 0);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_the_answer() {
    let server = maze().await;
    let download = open_door().download(&server.url("/to?http://["), limits(6)).await.unwrap();
    assert_eq!(download.status(), 301);
}

#[tokio::test]
async fn a_declared_length_over_the_cap_ends_before_the_body() {
    let server = maze().await;
    let error = open_door().download(&server.url("/0"), limits(5)).await.unwrap_err();
    assert_eq!(ambiguous(&error), AmbiguousKind::BodyTooLarge);
}

#[tokio::test]
async fn an_undeclared_length_over_the_cap_ends_at_the_cap() {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let mut download = open_door().download(&server.url("/"), limits(100_000)).await.unwrap();
    let (mut total, error) = (0, loop_until_error(&mut download).await);
    total += error.0;
    assert!(total <= 100_000);
    assert_eq!(ambiguous(&error.1), AmbiguousKind::BodyTooLarge);
    assert_eq!(download.chunk().await, Ok(None), "an ended download stays ended");
}

async fn loop_until_error(download: &mut egress::Download) -> (usize, ExchangeError) {
    let mut total = 0;
    loop {
        match download.chunk().await {
            Ok(Some(piece)) => total += piece.len(),
            Ok(None) => panic!("the body ended"),
            Err(error) => return (total, error),
        }
    }
}
