//! DPoP proofs (RFC 9449): a JWT for one request, signed with the key that tokens are bound to.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::super::Bluesky;
use super::nonce::Role;
use crate::call::Call;
use crate::lock::locked;

/// How far a proof's time may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// What is wrong with the proof of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    Invalid(&'static str),
    /// It has no nonce, or not one of now.
    Nonce,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    /// A private key does not belong there.
    d: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Proofs that were used, by their `jti`, until their time is over anyway.
#[derive(Default)]
pub(in super::super) struct Seen(Mutex<HashMap<String, Timestamp>>);

impl Seen {
    /// Whether this one is new, which it is no more after the question.
    fn is_new(&self, jti: &str, now: Timestamp) -> bool {
        let mut seen = locked(&self.0);
        seen.retain(|_, at| now.duration_since(*at) < SKEW.saturating_mul(4));
        seen.insert(jti.to_owned(), now).is_none()
    }
}

/// Checks the proof of a request and answers its key's thumbprint. `token` is the access token it must belong to.
pub(super) fn check(call: &Call<Bluesky>, role: Role, token: Option<&str>) -> Result<String, Problem> {
    let mut headers = call.request().headers().get_all("dpop");
    let proof = match (headers.next().map(|header| header.to_str()), headers.next()) {
        (Some(Ok(proof)), None) => proof,
        (None, _) => return Err(Problem::Invalid("DPoP proof required")),
        _ => return Err(Problem::Invalid("There must be one DPoP proof")),
    };
    let (claims, key) = open(proof)?;
    let problem = |problem| Err(Problem::Invalid(problem));
    if claims.htm != call.request().method().as_str() {
        return problem("DPoP htm mismatch");
    }
    if !is_here(call, &claims.htu) {
        return problem("DPoP htu mismatch");
    }
    // A caller's clock is its own, unless it follows the dates of the answers.
    let is_near = |now: Timestamp| (now.as_second() - claims.iat).abs() <= SKEW.as_secs();
    if !is_near(call.now()) && !is_near(call.core.clock.real_now()) {
        return problem("DPoP iat is not now");
    }
    if claims.ath != token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token))) {
        return problem("DPoP ath mismatch");
    }
    if !claims.nonce.is_some_and(|nonce| call.nonces.takes(role, &nonce, call.now())) {
        return Err(Problem::Nonce);
    }
    if !call.seen.is_new(&claims.jti, call.core.clock.real_now()) {
        return problem("DPoP proof replayed");
    }
    Ok(key)
}

/// Whether an address is the request's own, by the origin that the sandbox tells or by the one that was called. The
/// query does not count.
fn is_here(call: &Call<Bluesky>, htu: &str) -> bool {
    let path = call.request().path();
    let bare = htu.split(['?', '#']).next().unwrap_or_default();
    let host = call.header("host").unwrap_or_default();
    [call.core.origin.clone(), format!("http://{host}"), format!("https://{host}")]
        .iter()
        .any(|origin| bare.strip_prefix(origin.as_str()) == Some(path))
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The claims of a well-formed proof with a good signature, and the thumbprint of its key (RFC 7638).
fn open(proof: &str) -> Result<(Claims, String), Problem> {
    let malformed = || Problem::Invalid("DPoP proof is malformed");
    let (signed, signature) = proof.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let header: Header = part(header).ok_or_else(malformed)?;
    if header.typ != "dpop+jwt" || header.alg != "ES256" {
        return Err(Problem::Invalid("DPoP proof must be a dpop+jwt signed with ES256"));
    }
    let Jwk { kty, crv, x, y, d } = header.jwk;
    if kty != "EC" || crv != "P-256" || d.is_some() {
        return Err(Problem::Invalid("DPoP jwk must be a public P-256 key"));
    }
    let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
    let point = coordinate(&x).zip(coordinate(&y)).map(|(x, y)| [vec![4], x, y].concat()).ok_or_else(malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    public.verify(signed.as_bytes(), &signature).map_err(|_| Problem::Invalid("DPoP signature is wrong"))?;
    // In this order and without spaces; base64url needs no escapes.
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let claims: Claims = part(claims).ok_or_else(malformed)?;
    Ok((claims, URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))))
}
