use std::sync::atomic::{AtomicUsize, Ordering};

use domain::target::Outcome;
use platforms::{DraftPart, Media, Network, OauthApp, Refresh, TargetDraft, Tokens, bluesky::Bluesky};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{Mock, Request, ResponseTemplate, matchers};

use super::{
    DID, grant_tokens, granted,
    proofs::{key, proofs, read, with_nonce},
    with_grant,
};
use crate::bed::{Bed, Connected, NOW, at, main_part, message, outcome, refusal};

const PUT: &str = "/xrpc/com.atproto.repo.putRecord";
const UPLOAD: &str = "/xrpc/com.atproto.repo.uploadBlob";
const SESSION: &str = "/xrpc/com.atproto.server.getSession";
const TOKEN: &str = "/oauth/token";
const CLIENT: &str = "https://fanfare.example/v1/oauth/client-metadata/net_1";
const CID: &str = "bafyreiabcdefgh";

fn app<'a>(client_id: &'a str, secret: Option<&'a SecretString>) -> OauthApp<'a> {
    OauthApp { client_id, client_secret: secret, extra: &Value::Null, callback_url: "https://fanfare.example/cb" }
}

async fn compose(bed: &Bed, account: &Connected) -> Value {
    Bluesky.compose(&bed.cx(), &account.get(), &main_part("hi", &Value::Null)).await.expect("composed")
}

fn written(composed: &Value) -> ResponseTemplate {
    let uri = format!("at://{DID}/app.bsky.feed.post/{}", composed["rkey"].as_str().expect("a key"));
    ResponseTemplate::new(200).set_body_json(json!({"uri": uri, "cid": CID}))
}

async fn on_nonce(bed: &Bed, method: &str, path: &str, status: u16, then: ResponseTemplate) {
    let mock = Mock::given(matchers::method(method)).and(matchers::path(path));
    mock.respond_with(with_nonce("nonce-1", status, then)).mount(&bed.server).await;
}

#[tokio::test]
async fn a_send_that_lacked_the_nonce_is_sent_once_more_with_it() {
    // given: a server that refuses what is not proven with its nonce
    let bed = Bed::new().await;
    let account = granted(&bed.uri());
    let composed = compose(&bed, &account).await;
    on_nonce(&bed, "POST", PUT, 401, written(&composed)).await;
    // when
    let sent = Bluesky.send(&bed.cx(), &account.get(), &composed).await;
    // then
    assert!(matches!(&sent, Outcome::Published(live) if live.reference["cid"] == CID), "{sent:?}");
    let call = json!({"call": format!("POST {PUT}"), "authorization": "DPoP access-1", "json": composed});
    assert_eq!(bed.seen().await, [call.clone(), call]);
    let proofs = proofs(&bed).await;
    let [Some(first), Some(second)] = &proofs[..] else { panic!("proven") };
    assert_eq!((&first["nonce"], &second["nonce"]), (&Value::Null, &json!("nonce-1")));
    assert_eq!(first["ath"], second["ath"]);
    assert_ne!(first["jti"], second["jti"]);
}

#[tokio::test]
async fn nothing_else_is_sent_twice() {
    let header = "DPoP error=\"invalid_token\", error_description=\"exp\"";
    let nonce = json!({"error": "use_dpop_nonce", "message": "again"});
    for (status, body, has_nonce, expected, times) in [
        // A server that never has enough.
        (401, nonce.clone(), true, "not_now", 2),
        // One that asks for a nonce and names none.
        (401, nonce.clone(), false, "not_now", 1),
        (401, json!({"error": "invalid_token", "message": "exp"}), true, "auth token_expired", 1),
        (401, json!({"error": "invalid_dpop_proof", "message": "iat"}), true, "not_now", 1),
        (400, json!({"error": "InvalidRequest", "message": "text"}), true, "rejected content_rejected", 1),
        (403, json!({"error": "ScopeMissing", "message": "repo:"}), true, "rejected permission_missing", 1),
        (429, json!({"error": "RateLimitExceeded"}), true, "throttled +60", 1),
        // A server that fails may have taken it, whatever it says.
        (500, nonce.clone(), true, "ambiguous", 1),
        (302, nonce.clone(), true, "ambiguous", 1),
        (200, nonce, true, "ambiguous", 1),
        (200, json!({}), true, "ambiguous", 1),
    ] {
        let bed = Bed::new().await;
        let account = granted(&bed.uri());
        let composed = compose(&bed, &account).await;
        let mut answer = ResponseTemplate::new(status).set_body_json(&body).insert_header("www-authenticate", header);
        if has_nonce {
            answer = answer.insert_header("dpop-nonce", "nonce-1");
        }
        bed.on_with("POST", PUT, answer).await;
        let sent = Bluesky.send(&bed.cx(), &account.get(), &composed).await;
        assert_eq!((outcome(&sent).as_str(), bed.seen().await.len()), (expected, times), "{status} {body}: {sent:?}");
    }
}

/// Reads a request each time, answers the first by asking for a nonce and the second not at all.
async fn asks_and_hangs_up() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let served = AtomicUsize::new(0);
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = [0; 8192];
            let _ = stream.read(&mut seen).await;
            if served.fetch_add(1, Ordering::SeqCst) == 0 {
                let answer = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: DPoP error=\"use_dpop_nonce\"\r\n\
                              dpop-nonce: nonce-1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_second_try_that_is_not_answered_leaves_it_open() {
    let uri = asks_and_hangs_up().await;
    let bed = Bed::new().await;
    let account = granted(&uri);
    let composed = compose(&bed, &account).await;
    let sent = Bluesky.send(&bed.cx(), &account.get(), &composed).await;
    assert_eq!(outcome(&sent), "ambiguous", "{sent:?}");
}

#[tokio::test]
async fn a_file_goes_up_once() {
    // given
    let bed = Bed::new().await;
    let blob = json!({"$type": "blob", "ref": {"$link": "bafkreiabcdefgh"}, "mimeType": "image/png", "size": 3});
    on_nonce(&bed, "GET", SESSION, 401, ResponseTemplate::new(200).set_body_json(json!({"did": DID}))).await;
    on_nonce(&bed, "POST", UPLOAD, 401, ResponseTemplate::new(200).set_body_json(json!({"blob": blob}))).await;
    let media = Media {
        bytes: "png".into(),
        content_type: "image/png".to_owned(),
        filename: "a.png".to_owned(),
        dimensions: None,
        alt_text: None,
        url: None,
    };
    // when
    let account = granted(&bed.uri());
    Bluesky.upload(&bed.cx(), &account.get(), &media).await.expect("uploaded");
    // then
    let seen = bed.seen().await;
    let uploads: Vec<_> = seen.iter().filter(|call| call["call"] == format!("POST {UPLOAD}")).collect();
    let upload =
        json!({"call": format!("POST {UPLOAD}"), "authorization": "DPoP access-1", "body": "png", "type": "image/png"});
    assert_eq!(uploads, [&upload]);
    // and: it was proven with the nonce that the account's session was asked for
    let proofs = proofs(&bed).await;
    assert_eq!(proofs.last().expect("a call").as_ref().expect("proven")["nonce"], "nonce-1");
}

#[tokio::test]
async fn a_grant_is_looked_at_with_a_proof() {
    for (status, body, expected) in [
        (200, json!({"did": DID}), None),
        (200, json!({"did": "did:plc:other"}), Some("auth token_revoked")),
        (401, json!({"error": "invalid_token"}), Some("auth token_expired")),
        (503, json!({}), Some("not_now")),
    ] {
        let bed = Bed::new().await;
        on_nonce(&bed, "GET", SESSION, 401, ResponseTemplate::new(status).set_body_json(&body)).await;
        let account = granted(&bed.uri());
        let health = Bluesky.health(&bed.cx(), &account.get()).await;
        assert_eq!(health.as_ref().err().map(refusal).as_deref(), expected, "{body}");
        assert!(bed.seen().await.iter().all(|call| call["authorization"] == "DPoP access-1"));
    }
}

fn fresh(did: &str) -> Value {
    json!({"access_token": "access-2", "token_type": "DPoP", "expires_in": 3600, "refresh_token": "refresh-2",
        "scope": "atproto", "sub": did})
}

fn json_of(tokens: &Tokens) -> Value {
    serde_json::from_str(tokens.sealed_json.expose_secret()).expect("tokens are JSON")
}

#[tokio::test]
async fn a_grant_is_renewed_by_its_key() {
    // given
    let bed = Bed::new().await;
    on_nonce(&bed, "POST", TOKEN, 400, ResponseTemplate::new(200).set_body_json(fresh(DID))).await;
    let before = grant_tokens(&bed.uri());
    // when
    let renewed = Bluesky.refresh(&bed.cx(), &with_grant(before.clone()).get(), Some(&app(CLIENT, None))).await;
    // then
    let renewed = renewed.expect("renewed");
    let mut after = before;
    after["access_token"] = json!("access-2");
    after["refresh_token"] = json!("refresh-2");
    assert_eq!(json_of(&renewed), after);
    assert_eq!(renewed.expires_at, Some(at(NOW + 3600)));
    let form = "application/x-www-form-urlencoded";
    let call = json!({"call": format!("POST {TOKEN}"), "type": form, "body": "grant_type=refresh_token&refresh_token=refresh-1\
        &client_id=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fclient-metadata%2Fnet_1"});
    assert_eq!(bed.seen().await, [call.clone(), call]);
    let proofs = proofs(&bed).await;
    assert_eq!(proofs[1].as_ref().expect("proven")["ath"], Value::Null);
}

#[tokio::test]
async fn a_confidential_client_renews_by_its_own_key_only() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, fresh(DID)).await;
    let mut before = grant_tokens(&bed.uri());
    before["confidential"] = json!(true);
    let account = with_grant(before);
    let secret = SecretString::from(key());
    // An app that is gone, lost its key, or is another one by now.
    for app in [None, Some(app(CLIENT, None)), Some(app("https://other.example/client", Some(&secret)))] {
        let error = Bluesky.refresh(&bed.cx(), &account.get(), app.as_ref()).await.expect_err("refused");
        assert_eq!(refusal(&error), "auth token_revoked");
        assert!(message(&error).contains("through another app"));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
    // The same app.
    let app = app(CLIENT, Some(&secret));
    Bluesky.refresh(&bed.cx(), &account.get(), Some(&app)).await.expect("renewed");
    let seen = bed.seen().await;
    let body = seen[0]["body"].as_str().expect("a form");
    let assertion = body.split_once("client_assertion=").expect("an assertion").1;
    let document = platforms::Register::document(&Bluesky, &app, &[]).expect("a document");
    let (_, claims) = read(assertion, Some(&document["jwks"]["keys"][0]));
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!(bed.uri()), &json!(CLIENT)));
}

#[tokio::test]
async fn a_developer_s_client_renews_whatever_its_app_asks_for_by_now() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, fresh(DID)).await;
    let mut before = grant_tokens(&bed.uri());
    before["client_id"] = json!("http://localhost?scope=atproto");
    let account = with_grant(before);
    for app in [None, Some(app("http://localhost", None)), Some(app("http://localhost?scope=other", None))] {
        Bluesky.refresh(&bed.cx(), &account.get(), app.as_ref()).await.expect("renewed");
    }
    let seen = bed.seen().await;
    assert!(seen.iter().all(|call| {
        call["body"].as_str().expect("a form").ends_with("&client_id=http%3A%2F%2Flocalhost%3Fscope%3Datproto")
    }));
}

#[tokio::test]
async fn only_a_spent_refresh_token_needs_the_owner() {
    for (status, body, expected) in [
        (400, json!({"error": "invalid_grant", "error_description": "refresh-1 was replayed"}), "auth token_revoked"),
        (401, json!({"error": "invalid_client"}), "not_now"),
        (400, json!({"error": "invalid_request"}), "not_now"),
        (400, json!({"error": "use_dpop_nonce"}), "not_now"),
        (400, json!("<html>"), "not_now"),
        (429, json!({"error": "slow_down"}), "throttled +60"),
        (500, json!({"error": "invalid_grant"}), "not_now"),
        (200, json!({}), "not_now"),
        (200, json!({"access_token": "", "sub": DID, "token_type": "DPoP"}), "not_now"),
        (200, fresh("did:plc:mallory"), "auth token_revoked"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let account = granted(&bed.uri());
        let error = Bluesky.refresh(&bed.cx(), &account.get(), None).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{status} {body}");
        assert!(!message(&error).contains("refresh-1"), "{error:?}");
        assert_eq!(bed.seen().await.len(), 1, "a refresh token goes out once");
    }
}

#[tokio::test]
async fn a_refresh_that_is_not_answered_is_not_repeated_here() {
    let bed = Bed::new().await;
    let hits = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&hits);
    let never = move |_: &Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(60))
    };
    Mock::given(matchers::path(TOKEN)).respond_with(never).mount(&bed.server).await;
    let account = granted(&bed.uri());
    let mut cx = bed.cx();
    cx.deadline = egress::Deadline::after(std::time::Duration::from_millis(500));
    let error = Bluesky.refresh(&cx, &account.get(), None).await.expect_err("lost");
    assert_eq!((refusal(&error).as_str(), hits.load(Ordering::SeqCst)), ("not_now", 1));
}

#[tokio::test]
async fn tokens_that_cannot_be_used_are_refused_without_a_call() {
    let bed = Bed::new().await;
    let without = |field: &str, value: Value| {
        let mut held = grant_tokens(&bed.uri());
        held[field] = value;
        with_grant(held)
    };
    let refresh = async |account: &Connected| {
        refusal(&Bluesky.refresh(&bed.cx(), &account.get(), None).await.expect_err("refused"))
    };
    assert_eq!(refresh(&without("dpop_key", json!("AAAA"))).await, "auth token_revoked");
    assert_eq!(refresh(&without("dpop_key", Value::Null)).await, "auth token_revoked");
    assert_eq!(refresh(&without("refresh_token", Value::Null)).await, "auth token_expired");
    let account = without("dpop_key", json!("AAAA"));
    let composed = json!({"repo": DID, "collection": "app.bsky.feed.post", "rkey": "3lsandbox2k2a", "record": {}});
    let sent = Bluesky.send(&bed.cx(), &account.get(), &composed).await;
    assert_eq!(outcome(&sent), "auth token_revoked");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[test]
fn a_preview_says_how_an_account_proves_itself() {
    let bases = platforms::Bases::default();
    let draft = TargetDraft {
        parts: vec![DraftPart { role: domain::post::Role::Main, content: "hi", media: Vec::new() }],
        options: Value::Null,
    };
    let account = granted("https://pds.example");
    let [request] = &Bluesky.preview(&draft, &account.get(), &bases)[..] else { panic!("one request") };
    assert_eq!(request.headers["authorization"], "DPoP <access token>");
    assert_eq!(request.headers["dpop"], "<proof>");
}
