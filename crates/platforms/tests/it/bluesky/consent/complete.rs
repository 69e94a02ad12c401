use std::collections::BTreeMap;

use platforms::{Consent, ConsentAnswer, ConsentFault, Granted, OauthApp, bluesky::Bluesky};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{CLIENT, RESOURCE, TOKEN, VERIFIER, app, named, on_nonce, scopes};
use crate::{
    bed::{Bed, NOW, at, refusal},
    bluesky::{
        DID,
        proofs::{key, proofs},
    },
};

const SESSION: &str = "/xrpc/com.atproto.server.getSession";
const PROFILE: &str = "/xrpc/app.bsky.actor.getProfile";

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
