use std::collections::BTreeMap;

use platforms::{Consent, ConsentPage, ConsentRequest, OauthApp, Register, bluesky::Bluesky};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::form_urlencoded;
use wiremock::ResponseTemplate;

use super::{CLIENT, RESOURCE, TOKEN, VERIFIER, app, named, on_nonce, scopes};
use crate::{
    bed::{Bed, NOW, message, refusal},
    bluesky::{
        DID, document,
        proofs::{key, proofs, read},
    },
};

const RESOLVE: &str = "/xrpc/com.atproto.identity.resolveHandle";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const PAR: &str = "/oauth/par";
const URN: &str = "urn:ietf:params:oauth:request_uri:req-1";

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
