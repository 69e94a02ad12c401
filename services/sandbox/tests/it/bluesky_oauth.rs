//! atproto OAuth: pushed requests, bound tokens, and calls with them.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{App, CALLBACK, Form, sent_to};
use crate::dpop::{Client, Code, Key, SCOPES, claims, encode, now};
use crate::given::{Account, Answer, Given, answer, png};
use crate::posting::record;

const PAR: &str = "/oauth/bluesky/par";
const TOKEN: &str = "/oauth/bluesky/token";
const CREATE: &str = "/xrpc/com.atproto.repo.createRecord";
const SESSION: &str = "/xrpc/com.atproto.server.getSession";

async fn given() -> (Given, Account) {
    let given = Given::sandbox().await;
    let alice = given.account("bluesky", "alice").await;
    (given, alice)
}

fn creating(given: &Given, account: &Account, text: &str) -> RequestBuilder {
    let body = json!({"repo": account.id, "collection": "app.bsky.feed.post", "record": record(text)});
    given.post(CREATE).json(&body)
}

fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["error"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_handle_leads_to_the_server_that_grants() {
    let (given, alice) = given().await;
    let origin = given.sandbox.url();
    let resolved = answer(given.get("/xrpc/com.atproto.identity.resolveHandle?handle=alice.bsky.test")).await;
    let did = resolved.expect(200).text_at("/did");
    assert_eq!(did, alice.id);
    let document = answer(given.get(&format!("/{did}"))).await.expect(200);
    assert_eq!((&document.body["id"], &document.body["alsoKnownAs"]), (&json!(did), &json!(["at://alice.bsky.test"])));
    assert_eq!(document.body["service"][0]["serviceEndpoint"], origin);
    answer(given.get("/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")).await.expect(404);
    let resource = answer(given.get("/.well-known/oauth-protected-resource")).await.expect(200);
    assert_eq!(
        (&resource.body["resource"], &resource.body["authorization_servers"]),
        (&json!(origin), &json!([origin]))
    );
    let server = answer(given.get("/.well-known/oauth-authorization-server")).await.expect(200);
    assert_eq!(server.body["issuer"], origin);
    for (name, path) in [
        ("authorization_endpoint", "/oauth/bluesky/authorize"),
        ("token_endpoint", TOKEN),
        ("pushed_authorization_request_endpoint", PAR),
    ] {
        assert_eq!(server.body[name], format!("{origin}{path}"));
    }
    for (name, value) in [
        ("scopes_supported", "atproto"),
        ("code_challenge_methods_supported", "S256"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("token_endpoint_auth_methods_supported", "none"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
    ] {
        assert!(server.body[name].as_array().is_some_and(|list| list.contains(&json!(value))), "{name}");
    }
    assert_eq!(server.body["require_pushed_authorization_requests"], true);
    assert_eq!(server.body["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn a_person_lets_a_client_in_and_it_posts() {
    let (given, alice) = given().await;
    given.account("bluesky", "bob").await;
    for client in [Client::ready(&given).await, Client::loopback(&given, SCOPES)] {
        // The first proof cannot have a nonce.
        let challenge = encode(Sha256::digest(&client.id));
        let first = client.once(PAR, &client.request(SCOPES, &challenge)).await;
        assert_eq!(refusal(&first), (400, "use_dpop_nonce"));
        assert!(!first.header("dpop-nonce").is_empty());
        let tokens = client.connect(&alice.id, SCOPES).await;
        assert_eq!((&tokens.body["token_type"], &tokens.body["sub"]), (&json!("DPoP"), &json!(alice.id)));
        assert_eq!((&tokens.body["scope"], &tokens.body["expires_in"]), (&json!(SCOPES), &json!(3600)));
        let access = tokens.text_at("/access_token");
        // The PDS has a nonce of its own.
        let unknown = client.call_once(creating(&given, &alice, "Hello"), &access).await;
        assert_eq!(refusal(&unknown), (401, "use_dpop_nonce"));
        assert!(unknown.header("www-authenticate").starts_with("DPoP error=\"use_dpop_nonce\""));
        let posted = client.call_once(creating(&given, &alice, "Hello"), &access).await.expect(200);
        assert!(!posted.header("dpop-nonce").is_empty());
        let picture = given.post("/xrpc/com.atproto.repo.uploadBlob").header("content-type", "image/png").body(png());
        client.call(picture, &access).await.expect(200);
        let session = client.call(given.get(SESSION), &access).await.expect(200);
        assert_eq!(session.body["handle"], "alice.bsky.test");
        // Bound to a key it is no bearer token.
        let bearer = answer(creating(&given, &alice, "Hello").bearer_auth(&access)).await;
        assert_eq!(refusal(&bearer), (400, "InvalidToken"));
    }
    assert_eq!(given.ledger(&format!("?account={}", alice.id)).await.len(), 2);
}

#[tokio::test]
async fn proofs_are_checked_and_used_once() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let access = client.connect(&alice.id, SCOPES).await.text_at("/access_token");
    let nonce = client.pds_nonce(&access).await;
    let url = client.url(SESSION);
    let good = || claims("GET", &url, Some(&nonce), Some(&access));
    let send = |proof: String| {
        answer(given.get(SESSION).header("authorization", format!("DPoP {access}")).header("dpop", proof))
    };
    let with = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        client.key.sign(&client.key.header(), &claims)
    };
    let header = |name: &str, value: Value| {
        let mut header = client.key.header();
        header[name] = value;
        client.key.sign(&header, &good())
    };
    let (signed, _) =
        with("nonce", json!(nonce)).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("parts");
    let hour = 3_600 + now();
    for (proof, error) in [
        (with("htm", json!("POST")), "invalid_dpop_proof"),
        (with("htu", json!(client.url(CREATE))), "invalid_dpop_proof"),
        (with("htu", json!(format!("http://evil.example{SESSION}"))), "invalid_dpop_proof"),
        (with("iat", json!(hour)), "invalid_dpop_proof"),
        (with("iat", json!(hour - 7_200)), "invalid_dpop_proof"),
        (with("ath", json!(encode(Sha256::digest("other")))), "invalid_dpop_proof"),
        (with("ath", Value::Null), "invalid_dpop_proof"),
        (with("nonce", json!("made up")), "use_dpop_nonce"),
        (with("nonce", Value::Null), "use_dpop_nonce"),
        (header("alg", json!("none")), "invalid_dpop_proof"),
        (header("typ", json!("JWT")), "invalid_dpop_proof"),
        (header("jwk", json!({"kty": "EC", "crv": "P-256", "x": "", "y": ""})), "invalid_dpop_proof"),
        (format!("{signed}.{}", encode([7; 64])), "invalid_dpop_proof"),
        (Key::new().sign(&client.key.header(), &good()), "invalid_dpop_proof"),
        ("nonsense".to_owned(), "invalid_dpop_proof"),
    ] {
        let refused = send(proof.clone()).await;
        assert_eq!(refusal(&refused), (401, error), "{proof} {refused:?}");
    }
    // Another key signs well, and is not the token's.
    let other = Key::new();
    assert_eq!(refusal(&send(other.sign(&other.header(), &good())).await), (401, "invalid_dpop_proof"));
    let missing = answer(given.get(SESSION).header("authorization", format!("DPoP {access}"))).await;
    assert_eq!(refusal(&missing), (401, "invalid_dpop_proof"));
    let proof = client.key.sign(&client.key.header(), &good());
    send(proof.clone()).await.expect(200);
    assert_eq!(refusal(&send(proof).await), (401, "invalid_dpop_proof"));
    // Reads that anybody may do are no exception for whoever shows a token.
    let profile = given.get("/xrpc/app.bsky.actor.getProfile?actor=alice.bsky.test");
    let authorized = profile.try_clone().expect("no body").header("authorization", format!("DPoP {access}"));
    assert_eq!(refusal(&answer(authorized).await), (401, "invalid_dpop_proof"));
    client.call(profile.try_clone().expect("no body"), &access).await.expect(200);
    answer(profile).await.expect(200);
    // The query does not count.
    let with_query = with("htu", json!(format!("{url}?a=b")));
    send(with_query).await.expect(200);
    assert!(given.ledger("").await.is_empty());
}

#[tokio::test]
async fn nonces_and_tokens_end_by_the_clock() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let access = client.connect(&alice.id, SCOPES).await.text_at("/access_token");
    client.call(given.get(SESSION), &access).await.expect(200);
    client.call_once(given.get(SESSION), &access).await.expect(200);
    given.advance("PT4M").await;
    assert_eq!(refusal(&client.call_once(given.get(SESSION), &access).await), (401, "use_dpop_nonce"));
    client.call_once(given.get(SESSION), &access).await.expect(200);
    given.advance("PT57M").await;
    let expired = client.call(given.get(SESSION), &access).await;
    assert_eq!(refusal(&expired), (401, "invalid_token"));
    assert!(expired.header("www-authenticate").starts_with("DPoP error=\"invalid_token\""));
}

#[tokio::test]
async fn a_token_allows_what_was_granted() {
    let (given, alice) = given().await;
    let scopes = "atproto repo:app.bsky.feed.post?action=create";
    let client = Client::loopback(&given, scopes);
    let access = client.connect(&alice.id, scopes).await.text_at("/access_token");
    let posted = client.call(creating(&given, &alice, "Hello"), &access).await.expect(200);
    let rkey = posted.text_at("/uri").rsplit('/').next().expect("a key").to_owned();
    let body = json!({"repo": alice.id, "collection": "app.bsky.feed.post", "rkey": rkey});
    let delete = given.post("/xrpc/com.atproto.repo.deleteRecord").json(&body);
    assert_eq!(refusal(&client.call(delete, &access).await), (403, "InsufficientScope"));
    let picture = given.post("/xrpc/com.atproto.repo.uploadBlob").header("content-type", "image/png").body(png());
    assert_eq!(refusal(&client.call(picture, &access).await), (403, "InsufficientScope"));

    // Less than was asked for.
    let client = Client::ready(&given).await;
    let (page, verifier) = client.push("atproto transition:generic").await;
    let mut form = Form::open(&given, &page).await;
    form.scopes = vec!["transition:generic".to_owned()];
    form.send(&given, &alice.id, "allow").await.expect(400);
    form.scopes = vec!["atproto".to_owned()];
    let (_, query) = sent_to(&form.send(&given, &alice.id, "allow").await);
    let tokens = client.exchange(&Code { code: query["code"].clone(), verifier }).await.expect(200);
    assert_eq!(tokens.body["scope"], "atproto");
    let post = client.call(creating(&given, &alice, "Hello"), &tokens.text_at("/access_token")).await;
    assert_eq!(refusal(&post), (403, "InsufficientScope"));
    assert_eq!(given.ledger("").await.len(), 1);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_replay_ends_the_session() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let first = client.connect(&alice.id, SCOPES).await;
    let second = client.refresh(&first.text_at("/refresh_token")).await.expect(200);
    assert_ne!(second.text_at("/refresh_token"), first.text_at("/refresh_token"));
    let third = client.refresh(&second.text_at("/refresh_token")).await.expect(200);
    client.call(given.get(SESSION), &third.text_at("/access_token")).await.expect(200);

    // Another key, or another client, gets nothing and ends nothing.
    let thief = Client::ready(&given).await;
    assert_eq!(refusal(&thief.refresh(&third.text_at("/refresh_token")).await), (400, "invalid_grant"));
    let fourth = client.refresh(&third.text_at("/refresh_token")).await.expect(200);

    assert_eq!(refusal(&client.refresh(&first.text_at("/refresh_token")).await), (400, "invalid_grant"));
    assert_eq!(refusal(&client.refresh(&fourth.text_at("/refresh_token")).await), (400, "invalid_grant"));
    let dead = client.call(given.get(SESSION), &fourth.text_at("/access_token")).await;
    assert_eq!(refusal(&dead), (401, "invalid_token"));

    // Two weeks is all that a public client's session has.
    let fresh = client.connect(&alice.id, SCOPES).await.text_at("/refresh_token");
    given.advance("P15D").await;
    assert_eq!(refusal(&client.refresh(&fresh).await), (400, "invalid_grant"));
    let revoked = client.connect(&alice.id, SCOPES).await.text_at("/refresh_token");
    client.ask("/oauth/bluesky/revoke", &[("token", &revoked), ("client_id", &client.id)]).await.expect(200);
    assert_eq!(refusal(&client.refresh(&revoked).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn requests_that_break_a_rule_are_not_pushed() {
    let (given, _) = given().await;
    let client = Client::loopback(&given, SCOPES);
    let challenge = encode(Sha256::digest("verifier"));
    let push = async |name: &str, value: Option<&str>| {
        let mut request = client.request(SCOPES, &challenge);
        request.retain(|(each, _)| *each != name);
        request.extend(value.map(|value| (name, value)));
        client.ask(PAR, &request).await
    };
    for (name, value, error) in [
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("response_type", Some("token"), "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1:4567/other"), "invalid_request"),
        ("redirect_uri", Some("http://localhost:4567/cb"), "invalid_request"),
        ("state", None, "invalid_request"),
        ("colour", Some("red"), "invalid_request"),
        ("scope", Some("transition:generic"), "invalid_scope"),
        ("scope", Some("atproto everything"), "invalid_scope"),
        ("scope", Some("atproto transition:email"), "invalid_scope"),
    ] {
        assert_eq!(refusal(&push(name, value).await), (400, error), "{name} {value:?}");
    }
    for (name, value) in [("client_id", "https://client.example/metadata.json"), ("client_assertion", "ey.ey.ey")] {
        assert_eq!(refusal(&push(name, Some(value)).await), (401, "invalid_client"), "{name}");
    }
    let bare = answer(given.post(PAR).form(&client.request(SCOPES, &challenge))).await;
    assert_eq!(refusal(&bare), (400, "invalid_dpop_proof"));
    push("state", Some("s")).await.expect(201);
    assert_eq!(refusal(&push("state", Some("s")).await), (400, "invalid_request"), "a challenge used twice");

    let pages = [
        "/oauth/bluesky/authorize",
        "/oauth/bluesky/authorize?client_id=a&request_uri=urn:ietf:params:oauth:request_uri:req-x",
    ];
    for page in pages {
        answer(given.get(page)).await.expect(400);
    }
}

#[tokio::test]
async fn a_pushed_request_is_answered_once_and_soon() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let (page, _) = client.push(SCOPES).await;
    let form = Form::open(&given, &page).await;
    assert_eq!((form.action.as_str(), form.scopes.join(" ").as_str()), ("/oauth/bluesky/authorize", SCOPES));
    let (to, denied) = sent_to(&form.send(&given, &alice.id, "deny").await);
    assert_eq!((to.as_str(), denied["error"].as_str()), ("http://127.0.0.1:9/callback", "access_denied"));
    assert_eq!((denied["state"].as_str(), denied["iss"].as_str()), ("s", given.sandbox.url().as_str()));
    form.send(&given, &alice.id, "allow").await.expect(400);
    answer(given.get(&page)).await.expect(400);

    let (page, _) = client.push(SCOPES).await;
    let mut form = Form::open(&given, &page).await;
    form.send(&given, "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "allow").await.expect(400);
    form.hidden.retain(|(name, _)| name != "client_id");
    form.hidden.push(("client_id".to_owned(), "https://evil.example".to_owned()));
    form.send(&given, &alice.id, "allow").await.expect(400);
    given.advance("PT6M").await;
    answer(given.get(&page)).await.expect(400);

    // Whom the client expects is first, and so checked.
    let bob = given.account("bluesky", "bob").await;
    let challenge = encode(Sha256::digest("another"));
    let hinted = [client.request(SCOPES, &challenge), vec![("login_hint", "bob.bsky.test")]].concat();
    let uri = client.ask(PAR, &hinted).await.expect(201).text_at("/request_uri");
    let page = crate::browser::address("/oauth/bluesky/authorize", &[("client_id", &client.id), ("request_uri", &uri)]);
    assert_eq!(Form::open(&given, &page).await.accounts, [bob.id, alice.id]);
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_its_key_and_its_verifier() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let good = client.consent(&alice.id, SCOPES).await;
    let strict = App::strict(&given, "bluesky", true).await;
    let other = Client::new(&given, strict.id, CALLBACK);
    assert_eq!(refusal(&other.exchange(&good).await), (400, "invalid_grant"));
    let wrong = Code { code: good.code.clone(), verifier: "x".repeat(43) };
    assert_eq!(refusal(&client.exchange(&wrong).await), (400, "invalid_grant"));
    client.exchange(&good).await.expect(200);
    assert_eq!(refusal(&client.exchange(&good).await), (400, "invalid_grant"));

    let stolen = client.consent(&alice.id, SCOPES).await;
    let thief = Client::ready(&given).await;
    assert_eq!(refusal(&thief.exchange(&stolen).await), (400, "invalid_grant"));
    let late = client.consent(&alice.id, SCOPES).await;
    given.advance("PT6M").await;
    assert_eq!(refusal(&client.exchange(&late).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn expiring_and_revoking_reach_bound_tokens_too() {
    let (given, alice) = given().await;
    let client = Client::ready(&given).await;
    let tokens = client.connect(&alice.id, SCOPES).await;
    let fault =
        |fault: &str| json!({"platform": "bluesky", "operation": "identity", "account": alice.id, "fault": fault});
    given.fault(fault("expire_token")).await;
    client.call(given.get(SESSION), &tokens.text_at("/access_token")).await.expect(400);
    let expired = client.call(given.get(SESSION), &tokens.text_at("/access_token")).await;
    assert_eq!(refusal(&expired), (401, "invalid_token"));
    let tokens = client.refresh(&tokens.text_at("/refresh_token")).await.expect(200);
    given.fault(fault("revoke_token")).await;
    client.call(given.get(SESSION), &tokens.text_at("/access_token")).await.expect(400);
    let revoked = client.call(given.get(SESSION), &tokens.text_at("/access_token")).await;
    assert_eq!(refusal(&revoked), (401, "invalid_token"));
    assert_eq!(refusal(&client.refresh(&tokens.text_at("/refresh_token")).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn sessions_and_pushed_requests_outlive_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = async |port| {
        let settings = sandbox::Settings { port, ..crate::given::settings(&directory) };
        Given::over(sandbox::Sandbox::start(settings).await.expect("a sandbox"))
    };
    let first = start(0).await;
    let port = first.sandbox.address().port();
    let alice = first.account("bluesky", "alice").await;
    let client = Client::ready(&first).await;
    let spent = client.connect(&alice.id, SCOPES).await;
    let tokens = client.refresh(&spent.text_at("/refresh_token")).await.expect(200);
    let (page, verifier) = client.push(SCOPES).await;
    let Client { key, id, redirect_uri, .. } = client;
    first.sandbox.stop().await;

    let given = start(port).await;
    let client = Client::new(&given, id, &redirect_uri).with_key(key);
    client.call(creating(&given, &alice, "Hello"), &tokens.text_at("/access_token")).await.expect(200);
    let (_, query) = sent_to(&Form::open(&given, &page).await.send(&given, &alice.id, "allow").await);
    client.exchange(&Code { code: query["code"].clone(), verifier }).await.expect(200);
    // A spent token is still known as one.
    assert_eq!(refusal(&client.refresh(&spent.text_at("/refresh_token")).await), (400, "invalid_grant"));
    assert_eq!(refusal(&client.refresh(&tokens.text_at("/refresh_token")).await), (400, "invalid_grant"));
    given.sandbox.stop().await;
}
