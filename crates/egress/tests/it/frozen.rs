//! A process that was frozen past its deadline must not write when it thaws.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use egress::{AmbiguousKind, Body, Method, Request, Url};

use crate::kit::{ambiguous, get, limits, open_door, within};

const UPLOAD: usize = 64 * 1024 * 1024;

#[tokio::test(flavor = "current_thread")]
async fn a_thawed_upload_stops_and_is_cut_off() {
    // given: a server on its own thread that takes no byte before the client has been frozen and thawed
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (begin, told) = mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        told.recv().unwrap();
        let (mut total, mut piece) = (0, [0_u8; 65536]);
        loop {
            match stream.read(&mut piece) {
                Ok(0) => return (total, None),
                Ok(count) => total += count,
                Err(error) => return (total, Some(error.kind())),
            }
        }
    });
    let request = Request::new(Method::PUT, url).body(Body::Bytes(Bytes::from(vec![7_u8; UPLOAD])));
    let exchange = tokio::spawn(async move { open_door().exchange(request, within(Duration::from_millis(300))).await });

    // when: this runtime's only thread stands still until after the deadline, and meanwhile the server makes room
    tokio::time::sleep(Duration::from_millis(100)).await;
    begin.send(()).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let error = exchange.await.unwrap().unwrap_err();

    // then: what the kernel had taken before may have arrived; nothing came after the thaw, and no orderly end
    assert_eq!(ambiguous(&error), AmbiguousKind::Timeout);
    let (total, end) = tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
    assert!(total < UPLOAD, "the whole upload arrived");
    assert_eq!(end, Some(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_closed_while_the_process_stood_still_is_not_used() {
    // given: an idle connection that the server closes while this runtime cannot notice
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (close, told) = mpsc::channel::<()>();
    let (closed, done) = mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let answer = |stream: &mut std::net::TcpStream| {
            assert!(stream.read(&mut [0_u8; 4096]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        };
        let (mut first, _) = listener.accept().unwrap();
        answer(&mut first);
        told.recv().unwrap();
        drop(first);
        closed.send(()).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        answer(&mut second);
    });
    let door = open_door();
    door.exchange(get(url.clone()), limits()).await.unwrap();
    close.send(()).unwrap();
    done.recv().unwrap();

    // when: the runtime has had no turn since, so only the kernel knows
    let response = door.exchange(get(url), limits()).await;

    // then
    assert_eq!(response.unwrap().status, 200);
    tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
}
