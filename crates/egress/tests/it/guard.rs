//! Nothing reaches a refused address, in whatever spelling and however DNS lies.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use egress::{Door, EgressError, EgressSettings, NotSentKind, Url, UrlFault};
use tokio::io::AsyncWriteExt;

use crate::kit::{Script, Server, door_with, get, limits, not_sent, open_door, read_request, settings};

async fn tripwire() -> Server {
    Server::start(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let _ = read_request(&mut stream).await;
    })
    .await
}

#[tokio::test]
async fn no_spelling_of_a_refused_address_is_connected_to() {
    // given
    let server = tripwire().await;
    let door = door_with(&[]);
    let port = server.address.port();
    let spellings = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0x7F.0x0.0x0.0x1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127.000.000.001",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "ⓛocalhost",
        "169.254.169.254",
        "2852039166",
        "[fd00:ec2::254]",
    ];
    for spelling in spellings {
        for scheme in ["https", "http"] {
            // when
            let text = format!("{scheme}://{spelling}:{port}/");
            let url = Url::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let error = door.exchange(get(url.clone()), limits()).await.unwrap_err();

            // then
            let expected = if scheme == "https" { NotSentKind::Guard } else { NotSentKind::Url };
            assert_eq!(not_sent(&error), expected, "{text}: {error}");
            assert!(door.check_url(&url).is_err(), "{text}");
            assert!(door.parse(&text).is_err(), "{text}");
        }
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn one_bad_address_among_good_ones_refuses_the_name() {
    // given
    let server = tripwire().await;
    for answer in
        [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["2606:4700:4700::1111", "::ffff:127.0.0.1"]]
    {
        let script = Script::new("mixed.example", &[&answer]);
        let door = Door::with_resolver(&settings(&[]), script).unwrap();
        let url = Url::parse(&format!("https://mixed.example:{}/", server.address.port())).unwrap();

        // when
        let error = door.exchange(get(url.clone()), limits()).await.unwrap_err();

        // then
        assert_eq!(not_sent(&error), NotSentKind::Guard);
        assert!(!error.to_string().contains("127.0.0.1"), "a tenant learns nothing about inner addresses: {error}");
        assert!(matches!(door.check_resolved(&url).await, Err(UrlFault::Address { .. })));
        assert_eq!(door.check_url(&url), Ok(()));
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_judged_by_the_answer_that_is_connected_to() {
    // given: public when the URL is checked, private when it is used
    let server = tripwire().await;
    let script = Script::new("rebind.example", &[&["93.184.216.34"], &["127.0.0.1"]]);
    let resolver = Arc::clone(&script);
    let door = Door::with_resolver(&settings(&[]), resolver).unwrap();
    let url = Url::parse(&format!("https://rebind.example:{}/", server.address.port())).unwrap();
    assert_eq!(door.check_resolved(&url).await, Ok(()));

    // when
    let error = door.exchange(get(url), limits()).await.unwrap_err();

    // then
    assert_eq!(not_sent(&error), NotSentKind::Guard);
    assert_eq!(script.asked.load(Ordering::SeqCst), 2, "one question a connection");
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn an_exemption_is_for_the_host_as_written() {
    // given
    let server = tripwire().await;
    let port = server.address.port();
    let door = door_with(&[&format!("127.0.0.1:{port}")]);

    // then
    let plain = door.parse(&format!("http://127.0.0.1:{port}/hook")).unwrap();
    assert_eq!(door.exchange(get(plain), limits()).await.unwrap().status, 200);
    for text in [
        format!("http://0x7f.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://127.0.0.1:{}/", port ^ 1),
        format!("http://u:p@127.0.0.1:{port}/"),
    ] {
        assert!(door.parse(&text).is_err(), "{text}");
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn default_ports_match_a_pair_that_names_them() {
    let door = door_with(&["files.internal:443", "[::1]:*"]);
    assert!(door.parse("https://files.internal/").is_ok());
    assert!(door.parse("http://files.internal/").is_err());
    assert!(door.parse("http://[::1]:9/").is_ok());
}

#[test]
fn an_entry_that_could_never_match_is_an_error() {
    for entry in [
        "localhost",
        "LOCALHOST:80",
        "0x7f.1:80",
        "127.0.0.1:0",
        "127.0.0.1:70000",
        "http://a:80",
        "a b:80",
        ":80",
        "::1:80",
        "",
    ] {
        let refused = Door::new(&settings(&[entry]));
        assert!(matches!(refused, Err(EgressError::Allow { .. })), "{entry}");
    }
}

type Expected = fn(&UrlFault) -> bool;

#[test]
fn urls_that_are_wrong_in_form_say_how() {
    let door = door_with(&[]);
    let cases: [(&str, Expected); 8] = [
        ("not a url", |fault| matches!(fault, UrlFault::Syntax(_))),
        ("https://", |fault| matches!(fault, UrlFault::Syntax(_))),
        ("http://example.com/", |fault| matches!(fault, UrlFault::Scheme(_))),
        ("ftp://example.com/", |fault| matches!(fault, UrlFault::Scheme(_))),
        ("file:///etc/passwd", |fault| matches!(fault, UrlFault::Scheme(_))),
        ("https://user@example.com/", |fault| matches!(fault, UrlFault::UserInfo)),
        ("https://:secret@example.com/", |fault| matches!(fault, UrlFault::UserInfo)),
        ("https://example.com:0/", |fault| matches!(fault, UrlFault::Host)),
    ];
    for (text, expected) in cases {
        let fault = door.parse(text).unwrap_err();
        assert!(expected(&fault), "{text}: {fault:?}");
    }
    assert!(door.parse("https://example.com/a?b=c#d").is_ok());
}

#[tokio::test]
async fn a_test_mode_door_reaches_one_origin_only() {
    // given
    let sandbox = tripwire().await;
    let other = tripwire().await;
    let script = Script::new("example.com", &[&["93.184.216.34"]]);
    let resolver = Arc::clone(&script);
    let open = Door::with_resolver(&settings(&["127.0.0.1:*"]), resolver).unwrap();
    let door = open.only(&sandbox.url("/some/path"));

    // then
    assert_eq!(door.exchange(get(sandbox.url("/x")), limits()).await.unwrap().status, 200);
    let https = Url::parse(&format!("https://{}/", sandbox.address)).unwrap();
    for url in [other.url("/"), Url::parse("https://example.com/").unwrap(), https] {
        let error = door.exchange(get(url.clone()), limits()).await.unwrap_err();
        assert_eq!(not_sent(&error), NotSentKind::Guard, "{url}");
        assert!(matches!(door.check_url(&url), Err(UrlFault::Origin(_))));
    }
    assert_eq!(other.accepted(), 0);
    assert_eq!(script.asked.load(Ordering::SeqCst), 0, "refused before DNS is asked");
}

#[tokio::test]
async fn a_test_mode_connection_is_not_lent_to_a_guarded_door() {
    // given: the sandbox on loopback was reached, and its connection is idle
    let sandbox = Server::start(|mut stream| async move {
        while read_request(&mut stream).await.is_some() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let guarded = Door::new(&EgressSettings::default()).unwrap();
    guarded.only(&sandbox.url("/")).exchange(get(sandbox.url("/")), limits()).await.unwrap();

    // then
    assert!(guarded.exchange(get(sandbox.url("/")), limits()).await.is_err());
    assert_eq!(open_door().exchange(get(sandbox.url("/")), limits()).await.unwrap().status, 200);
}
