//! Signed tokens as the other side reads them.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey},
};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::bed::Bed;

/// A new private key as it is kept.
pub(crate) fn key() -> String {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    STANDARD.encode(document.expect("a key").as_ref())
}

/// Header and claims of a token that `jwk` signed, or the key in its own header.
pub(crate) fn read(token: &str, jwk: Option<&Value>) -> (Value, Value) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("Base64");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let [header, claims]: [Value; 2] =
        [header, claims].map(|part| serde_json::from_slice(&decode(part)).expect("JSON"));
    assert_eq!(header["alg"], "ES256");
    let jwk = jwk.unwrap_or(&header["jwk"]);
    let half = |name: &str| decode(jwk[name].as_str().expect("a coordinate"));
    let public = [vec![4], half("x"), half("y")].concat();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
    public.verify(signed.as_bytes(), &decode(signature)).expect("signed by that key");
    assert!(jwk["d"].is_null(), "the private half stays at home");
    (header, claims)
}

/// The claims of a request's proof; its key proved itself, and it is for this very request.
pub(crate) fn proof(bed: &Bed, request: &Request) -> Option<Value> {
    let token = request.headers.get("dpop")?.to_str().expect("text");
    let (header, mut claims) = read(token, None);
    assert_eq!(header["typ"], "dpop+jwt");
    assert_eq!(claims["htm"], request.method.as_str());
    assert_eq!(claims["htu"], format!("{}{}", bed.uri(), request.url.path()));
    assert_eq!(claims["iat"], bed.now.as_second());
    claims["jwk"] = header["jwk"].clone();
    Some(claims)
}

/// The proofs of every request so far.
pub(crate) async fn proofs(bed: &Bed) -> Vec<Option<Value>> {
    let requests = bed.server.received_requests().await.expect("recording is on");
    requests.iter().map(|request| proof(bed, request)).collect()
}

/// Answers `then` to proofs with `nonce`, and asks others for it by `status`.
pub(crate) fn with_nonce(
    nonce: &'static str,
    status: u16,
    then: ResponseTemplate,
) -> impl Fn(&Request) -> ResponseTemplate + Send + Sync {
    let ask = match status {
        // RFC 9449 9
        401 => ResponseTemplate::new(401)
            .insert_header("www-authenticate", "DPoP error=\"use_dpop_nonce\", error_description=\"again\""),
        // RFC 9449 8
        other => ResponseTemplate::new(other).set_body_json(json!({"error": "use_dpop_nonce"})),
    };
    move |request| {
        let token = request.headers.get("dpop").and_then(|value| value.to_str().ok());
        let has_it = token.is_some_and(|token| read(token, None).1["nonce"] == nonce);
        let answer = if has_it { then.clone() } else { ask.clone() };
        answer.insert_header("dpop-nonce", nonce)
    }
}
