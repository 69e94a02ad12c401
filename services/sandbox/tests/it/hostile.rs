//! Whatever is sent, the answer is a client error and the sandbox goes on.

use reqwest::Method;
use serde_json::json;

use crate::given::{Given, answer};
use crate::posting::{ALL, Network};

#[tokio::test]
async fn nonsense_never_breaks_a_handler() {
    let given = Given::sandbox().await;
    let tokens: Vec<String> = {
        let mut tokens = Vec::new();
        for network in ALL {
            tokens.push(network.author(&given, "alice").await.token);
        }
        tokens
    };
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let bodies: [(&str, Vec<u8>); 8] = [
        ("application/json", b"{".to_vec()),
        ("application/json", deep.into_bytes()),
        ("application/json", b"\"\\ud800\"".to_vec()),
        ("application/json", vec![0xFF, 0xFE, 0x00]),
        ("application/x-www-form-urlencoded", b"status=%FF%00&media_ids[][]=1&a[b[c]=2&=&&&".to_vec()),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--".to_vec()),
        ("multipart/form-data", b"no boundary".to_vec()),
        ("text/plain", b"text".to_vec()),
    ];
    let calls = [
        (Method::POST, "/xrpc/com.atproto.server.createSession"),
        (Method::POST, "/xrpc/com.atproto.server.refreshSession"),
        (Method::POST, "/xrpc/com.atproto.repo.createRecord"),
        (Method::POST, "/xrpc/com.atproto.repo.putRecord"),
        (Method::POST, "/xrpc/com.atproto.repo.deleteRecord"),
        (Method::GET, "/xrpc/com.atproto.repo.getRecord?repo=%FF"),
        (Method::GET, "/xrpc/com.atproto.repo.listRecords?limit=-1"),
        (Method::GET, "/xrpc/app.bsky.feed.getPosts?uris=at://"),
        (Method::POST, "/api/v1/statuses"),
        (Method::POST, "/api/v2/media"),
        (Method::PUT, "/api/v1/media/99999999999999999999999"),
        (Method::GET, "/api/v1/statuses/%00"),
        (Method::DELETE, "/api/v1/statuses/../../x"),
        (Method::POST, "/api/v1/apps"),
        (Method::POST, "/oauth/token"),
        (Method::POST, "/x/2/tweets"),
        (Method::DELETE, "/x/2/tweets/99999999999999999999"),
        (Method::GET, "/x/2/tweets?ids=,,,"),
        (Method::GET, "/x/2/users/%F0%9F%98%80/tweets"),
        (Method::POST, "/x/2/media/upload"),
        (Method::POST, "/x/2/media/upload/initialize"),
        (Method::POST, "/x/2/media/upload/1/append"),
        (Method::POST, "/x/2/media/metadata"),
        (Method::POST, "/x/2/oauth2/token"),
        (Method::GET, "/x/www/i/oauth2/authorize?client_id=%FF&client_id=&redirect_uri=%00"),
        (Method::POST, "/x/www/i/oauth2/authorize"),
        (Method::GET, "/oauth/authorize?&&&=&client_id"),
        (Method::POST, "/oauth/authorize"),
        (Method::GET, "/linkedin/www/oauth/v2/authorization?client_id=%F0%9F%98%80"),
        (Method::POST, "/linkedin/www/oauth/v2/authorization"),
        (Method::POST, "/linkedin/www/oauth/v2/accessToken"),
        (Method::PUT, "/linkedin/www/dms-uploads/a/99999999999999999999999"),
        (Method::PUT, "/linkedin/www/dms-uploads/../0"),
        (Method::POST, "/linkedin/rest/posts"),
        (Method::GET, "/linkedin/rest/posts/urn%3Ali%3Ashare%3A99999999999999999999999"),
        (Method::POST, "/linkedin/rest/videos?action=finalizeUpload"),
        (Method::POST, "/linkedin/rest/socialActions/%00/comments"),
        (Method::POST, "/_sandbox/apps"),
        (Method::POST, "/_sandbox/accounts"),
        (Method::POST, "/_sandbox/faults"),
        (Method::POST, "/_sandbox/clock"),
        (Method::GET, "/_sandbox/media/x/..%2F..%2Fjournal.jsonl"),
        (Method::GET, "/_sandbox/nothing"),
    ];
    for (method, path) in calls {
        for (content_type, body) in &bodies {
            for token in &tokens {
                let request = given.request(method.clone(), path).bearer_auth(token);
                let answered = answer(request.header("content-type", *content_type).body(body.clone())).await;
                let refused =
                    (400..500).contains(&answered.status) || path.contains("getPosts") && answered.status == 200;
                assert!(refused, "{method} {path} {content_type} {answered:?}");
            }
        }
    }
    assert!(given.ledger("").await.is_empty());
    for network in ALL {
        let author = network.author(&given, "alice").await;
        author.publish(&given, "still here").await.expect("an answer").expect(network.accepts());
    }
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let given = Given::sandbox().await;
    let author = Network::X.author(&given, "alice").await;
    let long = json!({"text": "x".repeat(3_000_000)});
    let request = given.post("/x/2/tweets").bearer_auth(&author.token).json(&long);
    // The answer may come before the body is read; then the connection closes under the writer.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 413);
    }
    author.publish(&given, "still here").await.expect("an answer").expect(201);
}

#[tokio::test]
async fn a_marker_cannot_fault_what_it_does_not_belong_to() {
    let given = Given::sandbox().await;
    let author = Network::X.author(&given, "alice").await;
    author.publish(&given, "[sandbox:reject]").await.expect("an answer").expect(403);
    answer(author.probing(&given)).await.expect(200);
    author.publish(&given, "other").await.expect("an answer").expect(201);
}
