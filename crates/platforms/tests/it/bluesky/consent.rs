use std::collections::BTreeMap;

use platforms::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, Granted, OauthApp, Register, bluesky::Bluesky,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::form_urlencoded;
use wiremock::{Mock, ResponseTemplate, matchers};

use super::{
    DID, document,
    proofs::{key, proofs, read, with_nonce},
};
use crate::bed::{Bed, NOW, at, message, refusal};

const RESOLVE: &str = "/xrpc/com.atproto.identity.resolveHandle";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const PAR: &str = "/oauth/par";
const TOKEN: &str = "/oauth/token";
const SESSION: &str = "/xrpc/com.atproto.server.getSession";
const PROFILE: &str = "/xrpc/app.bsky.actor.getProfile";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";
const CLIENT: &str = "https://fanfare.example/v1/oauth/client-metadata/net_1";
const URN: &str = "urn:ietf:params:oauth:request_uri:req-1";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn scopes() -> Vec<String> {
    vec!["atproto".to_owned(), "transition:generic".to_owned()]
}

fn app(secret: Option<&SecretString>) -> OauthApp<'_> {
    OauthApp { client_id: CLIENT, client_secret: secret, extra: &Value::Null, callback_url: CALLBACK }
}

fn metadata(bed: &Bed) -> Value {
    let uri = bed.uri();
    json!({
        "issuer": uri,
        "authorization_endpoint": format!("{uri}/oauth/authorize"),
        "token_endpoint": format!("{uri}{TOKEN}"),
        "pushed_authorization_request_endpoint": format!("{uri}{PAR}"),
        "require_pushed_authorization_requests": true,
        "scopes_supported": ["atproto", "transition:generic"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn named(bed: &Bed, handle: &str) -> Value {
    let mut document = document(&bed.uri());
    document["alsoKnownAs"] = json!([format!("at://{handle}")]);
    document
}

async fn on_nonce(bed: &Bed, method: &str, path: &str, status: u16, then: ResponseTemplate) {
    let mock = Mock::given(matchers::method(method)).and(matchers::path(path));
    mock.respond_with(with_nonce("nonce-1", status, then)).mount(&bed.server).await;
}

/// A server that does everything itself, and wants a nonce in every proof.
async fn server() -> Bed {
    let bed = Bed::new().await;
    bed.on("GET", RESOLVE, 200, json!({"did": DID})).await;
    bed.on("GET", &format!("/{DID}"), 200, named(&bed, "alice.example")).await;
    bed.on("GET", RESOURCE, 200, json!({"resource": bed.uri(), "authorization_servers": [bed.uri()]})).await;
    bed.on("GET", METADATA, 200, metadata(&bed)).await;
    let pushed = ResponseTemplate::new(201).set_body_json(json!({"request_uri": URN, "expires_in": 300}));
    on_nonce(&bed, "POST", PAR, 400, pushed).await;
    bed
}

async fn begin(bed: &Bed, app: &OauthApp<'_>, data: Value) -> Result<ConsentPage, domain::target::Refusal> {
    let (scopes, verifier) = (scopes(), SecretString::from(VERIFIER));
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &data };
    Bluesky.begin(&bed.cx(), app, &request).await
}

fn form(request: &Value) -> BTreeMap<String, String> {
    form_urlencoded::parse(request["body"].as_str().expect("a form").as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_request_is_pushed_to_the_person_s_own_server() {
    // given
    let bed = server().await;
    // when
    let page = begin(&bed, &app(None), json!({"handle": "@Alice.Example"})).await.expect("a page");
    // then: the browser follows what was pushed
    let client = "https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fclient-metadata%2Fnet_1";
    let address = format!(
        "{}/oauth/authorize?client_id={client}&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Areq-1",
        bed.uri()
    );
    assert_eq!(page.url.as_str(), address);
    let seen = bed.seen().await;
    let calls: Vec<_> = seen.iter().map(|call| call["call"].as_str().expect("a call")).collect();
    let push = format!("POST {PAR}");
    let way =
        [&format!("GET {RESOLVE}"), &format!("GET /{DID}"), &format!("GET {RESOURCE}"), &format!("GET {METADATA}")];
    assert_eq!(calls, [way[0], way[1], way[2], way[3], &push, &push]);
    assert_eq!(seen[0]["query"], "handle=alice.example");
    let body = format!(
        "response_type=code&redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
         &scope=atproto+transition%3Ageneric&state=state-1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
         &code_challenge_method=S256&login_hint=alice.example&client_id={client}"
    );
    assert_eq!((&seen[4]["body"], &seen[5]["body"]), (&json!(body), &json!(body)));
    // and: both pushes are proven by one key, the second with the nonce
    let proofs = proofs(&bed).await;
    assert!(proofs[..4].iter().all(Option::is_none));
    let [Some(first), Some(second)] = &proofs[4..] else { panic!("proven") };
    assert_eq!((&first["nonce"], &second["nonce"]), (&Value::Null, &json!("nonce-1")));
    assert_eq!(first["jwk"], second["jwk"]);
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(first["ath"], Value::Null);
    // and: the answer will be held against this
    let kept: Value = serde_json::from_str(page.kept.expose_secret()).expect("JSON");
    assert_eq!((&kept["did"], &kept["issuer"]), (&json!(DID), &json!(bed.uri())));
    assert_eq!(kept["token_endpoint"], format!("{}{TOKEN}", bed.uri()));
}

#[tokio::test]
async fn a_confidential_client_proves_itself_with_each_request() {
    // given
    let bed = server().await;
    let secret = SecretString::from(key());
    let app = app(Some(&secret));
    // when
    begin(&bed, &app, json!({"handle": DID})).await.expect("a page");
    // then
    let document = Bluesky.document(&app, &scopes()).expect("a document");
    let public = &document["jwks"]["keys"][0];
    let seen = bed.seen().await;
    let mut ids = Vec::new();
    for push in seen.iter().filter(|call| call["call"] == format!("POST {PAR}")) {
        let form = form(push);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let (header, claims) = read(&form["client_assertion"], Some(public));
        assert_eq!(header["kid"], public["kid"]);
        let id = claims["jti"].clone();
        assert_eq!(
            claims,
            json!({"iss": CLIENT, "sub": CLIENT, "aud": bed.uri(), "jti": id, "iat": NOW, "exp": NOW + 60})
        );
        ids.push(id);
    }
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "an assertion is used once");
    // A DID needs no handle to be looked up.
    assert_eq!(seen[0]["call"], format!("GET /{DID}"));
}

#[tokio::test]
async fn without_a_name_the_person_says_it_on_the_page() {
    for is_entryway in [false, true] {
        let bed = server().await;
        if is_entryway {
            // A server in front of others asks in their place, and has no repositories to name a server for.
            bed.forget().await;
            bed.on("GET", RESOURCE, 404, json!({})).await;
            bed.on("GET", METADATA, 200, metadata(&bed)).await;
            bed.on("POST", PAR, 201, json!({"request_uri": URN, "expires_in": 300})).await;
        }
        for data in [json!({}), json!({"service": bed.uri()})] {
            let page = begin(&bed, &app(None), data).await.expect("a page");
            let kept: Value = serde_json::from_str(page.kept.expose_secret()).expect("JSON");
            assert_eq!(kept["did"], Value::Null);
            let seen = bed.seen().await;
            assert!(!form(&seen[seen.len() - 1]).contains_key("login_hint"));
        }
    }
}

#[tokio::test]
async fn a_developer_s_machine_is_a_client_without_a_document() {
    let bed = server().await;
    let app = OauthApp {
        client_id: "http://localhost",
        client_secret: None,
        extra: &Value::Null,
        callback_url: "http://localhost:8080/v1/oauth/callback/net_1",
    };
    begin(&bed, &app, json!({"handle": DID})).await.expect("a page");
    let form = form(bed.seen().await.last().expect("a push"));
    assert_eq!(form["redirect_uri"], "http://127.0.0.1:8080/v1/oauth/callback/net_1");
    assert_eq!(
        form["client_id"],
        "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fv1%2Foauth%2Fcallback%2Fnet_1\
         &scope=atproto%20transition%3Ageneric"
    );
}

#[tokio::test]
async fn a_server_that_offers_less_than_the_protocol_demands_is_not_used() {
    for (field, value, says) in [
        ("issuer", json!("https://other.example"), "goes by another name"),
        ("issuer", Value::Null, "not_now"),
        ("scopes_supported", json!(["openid"]), "the scope atproto is missing"),
        ("code_challenge_methods_supported", json!(["plain"]), "PKCE by S256 is missing"),
        ("dpop_signing_alg_values_supported", json!(["RS256"]), "proofs by ES256 is missing"),
        ("authorization_response_iss_parameter_supported", json!(false), "its name in its answers is missing"),
        ("token_endpoint_auth_methods_supported", json!(["client_secret_basic"]), "takes no clients"),
        ("authorization_endpoint", json!("javascript:alert(1)"), "the address of its page"),
        ("token_endpoint", json!("https://10.0.0.1/token"), "the address of its tokens"),
        ("pushed_authorization_request_endpoint", json!("http://plain.example/par"), "the address of pushed requests"),
        ("scopes_supported", json!(7), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", &format!("/{DID}"), 200, document(&bed.uri())).await;
        bed.on("GET", RESOURCE, 200, json!({"authorization_servers": [bed.uri()]})).await;
        let mut told = metadata(&bed);
        told[field] = value;
        bed.on("GET", METADATA, 200, told).await;
        let error = begin(&bed, &app(None), json!({"handle": DID})).await.expect_err("refused");
        let seen = format!("{} {}", refusal(&error), message(&error));
        assert!(seen.contains(says), "{field}: {seen}");
        assert_eq!(bed.seen().await.len(), 3, "nothing was pushed");
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_told() {
    let good = |bed: &Bed| named(bed, "alice.example");
    for (resolved, told, resource, says) in [
        ((400, json!({"error": "InvalidRequest"})), None, None, "rejected platform_error `handle`: nobody is called"),
        ((200, json!({"did": "did:key:z"})), None, None, "not_now"),
        ((503, json!({})), None, None, "not_now"),
        ((429, json!({})), None, None, "throttled"),
        (
            (200, json!({"did": DID})),
            Some(json!({"id": DID, "alsoKnownAs": ["at://bob.example"]})),
            None,
            "does not go by",
        ),
        ((200, json!({"did": DID})), Some(json!({"id": DID, "alsoKnownAs": 7})), None, "does not go by"),
        (
            (200, json!({"did": DID})),
            Some(json!({"id": DID, "alsoKnownAs": ["at://alice.example"]})),
            None,
            "names no personal data server",
        ),
        ((200, json!({"did": DID})), None, Some((404, json!({}))), "does not say who asks"),
        ((200, json!({"did": DID})), None, Some((200, json!({"authorization_servers": []}))), "does not say who asks"),
        (
            (200, json!({"did": DID})),
            None,
            Some((200, json!({"authorization_servers": ["https://a.example/path"]}))),
            "does not say who asks",
        ),
        ((200, json!({"did": DID})), None, Some((500, json!({}))), "not_now"),
        ((200, json!({"did": DID})), None, Some((200, json!("<html>"))), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", RESOLVE, resolved.0, resolved.1.clone()).await;
        bed.on("GET", &format!("/{DID}"), 200, told.clone().unwrap_or_else(|| good(&bed))).await;
        if let Some((status, body)) = resource.clone() {
            bed.on("GET", RESOURCE, status, body).await;
        }
        let error = begin(&bed, &app(None), json!({"handle": "alice.example"})).await.expect_err("refused");
        let seen = format!("{} {}", refusal(&error), message(&error));
        assert!(seen.contains(says), "{resolved:?} {told:?} {resource:?}: {seen}");
    }
}

#[tokio::test]
async fn what_the_server_says_of_a_push_is_passed_on() {
    for (status, body, expected) in [
        (
            400,
            json!({"error": "invalid_client_metadata", "error_description": "no document"}),
            "rejected platform_error",
        ),
        (400, json!({"error": "invalid_scope"}), "rejected platform_error"),
        (401, json!({"error": "invalid_client"}), "rejected platform_error"),
        (400, json!({"error": "use_dpop_nonce"}), "not_now"),
        (429, json!({"error": "slow_down"}), "throttled +60"),
        (500, json!({"error": "server_error"}), "not_now"),
        (404, json!("<html>"), "not_now"),
        (201, json!({}), "not_now"),
        (201, json!({"request_uri": ""}), "not_now"),
        (201, json!({"request_uri": "a b"}), "not_now"),
        (302, json!({"request_uri": URN}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", &format!("/{DID}"), 200, document(&bed.uri())).await;
        bed.on("GET", RESOURCE, 200, json!({"authorization_servers": [bed.uri()]})).await;
        bed.on("GET", METADATA, 200, metadata(&bed)).await;
        bed.on("POST", PAR, status, body.clone()).await;
        let error = begin(&bed, &app(None), json!({"handle": DID})).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{status} {body}");
        assert_eq!(bed.seen().await.len(), 4, "a server that names no nonce is not asked again");
    }
}

#[tokio::test]
async fn an_app_that_is_no_client_is_refused_before_anything_is_sent() {
    let bed = Bed::new().await;
    let secret = SecretString::from("s3cret");
    for (client_id, secret) in [("app", None), ("http://fanfare.example/client", None), (CLIENT, Some(&secret))] {
        let app = OauthApp { client_id, ..app(secret) };
        let error = begin(&bed, &app, json!({})).await.expect_err("refused");
        assert_eq!(refusal(&error), "rejected platform_error");
        assert!(!message(&error).contains("s3cret"));
    }
    let loopback = OauthApp { client_id: "http://localhost", ..app(None) };
    assert!(message(&begin(&bed, &loopback, json!({})).await.expect_err("refused")).contains("this machine"));
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

fn kept(bed: &Bed, did: Option<&str>) -> Value {
    json!({"issuer": bed.uri(), "token_endpoint": format!("{}{TOKEN}", bed.uri()), "did": did, "dpop_key": key()})
}

async fn complete(
    bed: &Bed,
    app: &OauthApp<'_>,
    kept: &Value,
    query: &[(&str, &str)],
) -> Result<Granted, ConsentFault> {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (verifier, kept) = (SecretString::from(VERIFIER), SecretString::from(kept.to_string()));
    let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes(), data: &json!({}) };
    Bluesky.complete(&bed.cx(), app, &answer).await
}

fn token() -> Value {
    json!({"access_token": "access-1", "token_type": "DPoP", "expires_in": 3600, "refresh_token": "refresh-1",
        "scope": "atproto transition:generic", "sub": DID})
}

async fn a_repository(bed: &Bed) {
    bed.on("GET", &format!("/{DID}"), 200, named(bed, "alice.example")).await;
    bed.on("GET", RESOURCE, 200, json!({"authorization_servers": [bed.uri()]})).await;
    let session = json!({"did": DID, "handle": "alice.example", "active": true});
    on_nonce(bed, "GET", SESSION, 401, ResponseTemplate::new(200).set_body_json(session)).await;
    let profile = json!({"displayName": "Alice", "avatar": "https://cdn.example/a.jpg"});
    on_nonce(bed, "GET", PROFILE, 401, ResponseTemplate::new(200).set_body_json(profile)).await;
}

#[tokio::test]
async fn a_code_becomes_a_profile_whose_tokens_are_bound_to_a_key() {
    for did in [Some(DID), None] {
        // given
        let bed = Bed::new().await;
        on_nonce(&bed, "POST", TOKEN, 400, ResponseTemplate::new(200).set_body_json(token())).await;
        a_repository(&bed).await;
        let kept = kept(&bed, did);
        let query = [("code", "code-1"), ("state", "state-1"), ("iss", &bed.uri())];
        // when
        let granted = complete(&bed, &app(None), &kept, &query).await.expect("granted");
        // then
        let [profile] = &granted.profiles[..] else { panic!("one profile") };
        assert!(!granted.is_choice);
        assert_eq!((profile.network_unique_id.as_str(), profile.username.as_str()), (DID, "alice.example"));
        assert_eq!(profile.display_name.as_deref(), Some("Alice"));
        assert_eq!(profile.profile_image_url.as_deref(), Some("https://cdn.example/a.jpg"));
        assert_eq!(profile.scopes, scopes());
        assert_eq!(profile.facts, json!({"issuer": bed.uri(), "pds": bed.uri()}));
        assert_eq!(profile.tokens.expires_at, Some(at(NOW + 3600)));
        let tokens: Value = serde_json::from_str(profile.tokens.sealed_json.expose_secret()).expect("JSON");
        assert_eq!(
            tokens,
            json!({"issuer": bed.uri(), "token_endpoint": format!("{}{TOKEN}", bed.uri()), "pds": bed.uri(), "did": DID,
                "client_id": CLIENT, "confidential": false, "access_token": "access-1", "refresh_token": "refresh-1",
                "dpop_key": kept["dpop_key"]})
        );
        let seen = bed.seen().await;
        assert_eq!(
            seen[1]["body"],
            format!(
                "grant_type=authorization_code&code=code-1\
                 &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1&code_verifier={VERIFIER}\
                 &client_id=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fclient-metadata%2Fnet_1"
            )
        );
        // and: the repository is asked with the token and a proof that it is ours, by the same key
        let proofs = proofs(&bed).await;
        for (call, proof) in seen.iter().zip(&proofs).filter(|(call, _)| !call["authorization"].is_null()) {
            assert_eq!(call["authorization"], "DPoP access-1");
            let proof = proof.as_ref().expect("proven");
            // SHA-256 of access-1
            assert_eq!(proof["ath"], "9MKET0Y7WpOlF96BtnoJyLnXlpe9Pn5RReIOHKIBPAY");
            assert_eq!(proof["jwk"], proofs[0].as_ref().expect("proven")["jwk"]);
        }
        let calls: Vec<_> = seen.iter().skip(4).map(|call| call["call"].as_str().expect("a call")).collect();
        // The nonce that the first answer named serves for the next.
        assert_eq!(calls, [format!("GET {SESSION}"), format!("GET {SESSION}"), format!("GET {PROFILE}")]);
    }
}

#[tokio::test]
async fn an_answer_of_another_server_is_not_traded() {
    let bed = Bed::new().await;
    let uri = bed.uri();
    for (kept, query, expected) in [
        (kept(&bed, None), vec![("code", "c")], "invalid"),
        (kept(&bed, None), vec![("code", "c"), ("iss", "https://other.example")], "invalid"),
        (kept(&bed, None), vec![("code", "c"), ("iss", "")], "invalid"),
        (kept(&bed, None), vec![("iss", uri.as_str())], "invalid"),
        (kept(&bed, None), vec![("error", "access_denied"), ("iss", uri.as_str())], "denied"),
        (Value::Null, vec![("code", "c"), ("iss", uri.as_str())], "invalid"),
        (json!({"issuer": uri}), vec![("code", "c"), ("iss", uri.as_str())], "invalid"),
    ] {
        let error = complete(&bed, &app(None), &kept, &query).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{query:?}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

fn fault(fault: &ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(_) => "denied".to_owned(),
        ConsentFault::Invalid(_) => "invalid".to_owned(),
        ConsentFault::Refused(error) => refusal(error),
    }
}

#[tokio::test]
async fn every_answer_to_a_code_has_its_class() {
    let with = |field: &str, value: Value| {
        let mut token = token();
        token[field] = value;
        token
    };
    for (status, body, expected) in [
        (400, json!({"error": "invalid_grant", "error_description": "Invalid code"}), "invalid"),
        (401, json!({"error": "invalid_client"}), "rejected platform_error"),
        (400, json!({"error": "use_dpop_nonce"}), "rejected platform_error"),
        (400, json!("<html>"), "not_now"),
        (429, json!({"error": "slow_down"}), "throttled +60"),
        (500, json!({"error": "invalid_grant"}), "not_now"),
        (200, json!({}), "not_now"),
        (200, with("token_type", json!("Bearer")), "not_now"),
        (200, with("sub", json!("alice.example")), "not_now"),
        (200, with("sub", Value::Null), "not_now"),
        (200, with("sub", json!("did:plc:mallory")), "invalid"),
        (200, with("scope", json!("atproto")), "denied"),
        (200, with("scope", json!("transition:generic")), "denied"),
        (200, with("access_token", json!("a b")), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        a_repository(&bed).await;
        let query = [("code", "code-1"), ("iss", &bed.uri())];
        let error = complete(&bed, &app(None), &kept(&bed, Some(DID)), &query).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{status} {body}");
        assert_eq!(bed.seen().await.len(), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn a_server_hands_out_grants_for_its_own_accounts_only() {
    let query = |bed: &Bed| [("code".to_owned(), "code-1".to_owned()), ("iss".to_owned(), bed.uri())];
    for (path, body, expected) in [
        // The DID's own server leaves its consent to another one.
        (RESOURCE, json!({"authorization_servers": ["https://own.example"]}), "invalid"),
        (RESOURCE, json!({}), "rejected platform_error"),
        (&*format!("/{DID}"), json!({"id": DID, "service": []}), "invalid"),
        (&format!("/{DID}"), json!({"id": "did:plc:other"}), "invalid"),
        (SESSION, json!({"did": "did:plc:other", "handle": "a.example"}), "rejected platform_error"),
        (SESSION, json!({"did": DID, "active": false, "status": "takendown"}), "rejected platform_error"),
        (SESSION, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, 200, token()).await;
        bed.on("GET", path, 200, body.clone()).await;
        a_repository(&bed).await;
        let query = query(&bed);
        let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let error = complete(&bed, &app(None), &kept(&bed, None), &query).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{path} {body}");
    }
}

#[tokio::test]
async fn whoever_has_an_address_is_a_client() {
    let bed = Bed::new().await;
    let register = async |callback: &str| Bluesky.register(&bed.cx(), "default", &scopes(), callback).await;
    // In public: a document and a key of its own.
    let public = register(CALLBACK).await.expect("an app");
    assert_eq!(public.client_id, CLIENT);
    let secret = public.client_secret.expect("a key");
    let document = Bluesky.document(&app(Some(&secret)), &scopes()).expect("a document");
    assert!(!document.to_string().contains(secret.expose_secret()));
    let keys = document["jwks"]["keys"].clone();
    assert_eq!((&keys[0]["alg"], &keys[0]["use"], &keys[0]["kty"]), (&json!("ES256"), &json!("sig"), &json!("EC")));
    assert_eq!(
        document,
        json!({"client_id": CLIENT, "application_type": "web", "client_name": "Fanfare",
            "client_uri": "https://fanfare.example", "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "redirect_uris": [CALLBACK], "scope": "atproto transition:generic",
            "dpop_bound_access_tokens": true, "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": keys}})
    );
    let document = Bluesky.document(&app(None), &scopes()).expect("a document");
    assert_eq!((&document["token_endpoint_auth_method"], &document["jwks"]), (&json!("none"), &Value::Null));
    // On this machine: neither.
    let loopback = register("http://127.0.0.1:8080/v1/oauth/callback/net_1").await.expect("an app");
    assert!(loopback.client_secret.is_none());
    assert!(loopback.client_id.starts_with("http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F"));
    assert!(Bluesky.document(&OauthApp { client_id: &loopback.client_id, ..app(None) }, &scopes()).is_none());
    // Anywhere else no browser could come back to.
    for callback in ["http://fanfare.internal/v1/oauth/callback/net_1", "https://fanfare.example/elsewhere", "nowhere"]
    {
        assert_eq!(refusal(&register(callback).await.expect_err("refused")), "rejected platform_error", "{callback}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
