//! A client of atproto OAuth: its key, its proofs, and the nonces it has been told.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::distr::{Alphanumeric, SampleString};
use reqwest::{Method, RequestBuilder};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};

pub(crate) const SCOPES: &str = "atproto transition:generic";

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 43)
}

/// A P-256 key that signs proofs.
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self(pair.expect("a key"))
    }

    pub(crate) fn header(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])});
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", encode(signature))
    }
}

/// Seconds of the client's own clock.
pub(crate) fn now() -> i64 {
    SystemClock.now().as_second()
}

/// The claims of a proof for one request.
pub(crate) fn claims(method: &str, url: &str, nonce: Option<&str>, token: Option<&str>) -> Value {
    let mut claims = json!({"jti": random(), "htm": method, "htu": url, "iat": now()});
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    if let Some(token) = token {
        claims["ath"] = encode(Sha256::digest(token)).into();
    }
    claims
}

/// A client with its key.
pub(crate) struct Client<'a> {
    pub(crate) given: &'a Given,
    pub(crate) id: String,
    pub(crate) redirect_uri: String,
    pub(crate) key: Key,
    /// Of the authorization server, and of the PDS.
    server_nonce: RefCell<Option<String>>,
    pds_nonce: RefCell<Option<String>>,
}

/// A code with what else its exchange takes.
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) verifier: String,
}

impl<'a> Client<'a> {
    /// The ready-made app.
    pub(crate) async fn ready(given: &'a Given) -> Self {
        let app = crate::browser::App::ready(given, "bluesky").await;
        Self::new(given, app.id, CALLBACK)
    }

    /// One that describes itself in its id.
    pub(crate) fn loopback(given: &'a Given, scope: &str) -> Self {
        let id = address("http://localhost", &[("redirect_uri", "http://127.0.0.1/cb"), ("scope", scope)]);
        Self::new(given, id, "http://127.0.0.1:4567/cb")
    }

    pub(crate) fn new(given: &'a Given, id: String, redirect_uri: &str) -> Self {
        let (server_nonce, pds_nonce) = Default::default();
        Self { given, id, redirect_uri: redirect_uri.to_owned(), key: Key::new(), server_nonce, pds_nonce }
    }

    /// The same with a key that it had before.
    pub(crate) fn with_key(self, key: Key) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.given.sandbox.url())
    }

    /// One request to the authorization server with a proof by the nonce known so far.
    pub(crate) async fn once(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let nonce = self.server_nonce.borrow().clone();
        let proof = self.key.sign(&self.key.header(), &claims("POST", &self.url(path), nonce.as_deref(), None));
        let answered = answer(self.given.post(path).header("dpop", proof).form(form)).await;
        self.server_nonce.replace(Some(answered.header("dpop-nonce").to_owned()));
        answered
    }

    /// The same, with a new nonce when that is all that was missing.
    pub(crate) async fn ask(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        match self.once(path, form).await {
            refused if refused.body["error"] == "use_dpop_nonce" => self.once(path, form).await,
            answered => answered,
        }
    }

    pub(crate) fn request<'b>(&'b self, scope: &'b str, challenge: &'b str) -> Vec<(&'b str, &'b str)> {
        vec![
            ("client_id", &self.id),
            ("response_type", "code"),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", "s"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
    }

    /// A pushed request's page, and the verifier of its challenge.
    pub(crate) async fn push(&self, scope: &str) -> (String, String) {
        let verifier = random();
        let challenge = encode(Sha256::digest(&verifier));
        let pushed = self.ask("/oauth/bluesky/par", &self.request(scope, &challenge)).await.expect(201);
        assert_eq!(pushed.body["expires_in"], 300);
        let uri = pushed.text_at("/request_uri");
        (address("/oauth/bluesky/authorize", &[("client_id", &self.id), ("request_uri", &uri)]), verifier)
    }

    /// The code that this account's person gives.
    pub(crate) async fn consent(&self, account: &str, scope: &str) -> Code {
        let (page, verifier) = self.push(scope).await;
        let form = Form::open(self.given, &page).await;
        let (_, query) = sent_to(&form.send(self.given, account, "allow").await);
        assert_eq!((query["state"].as_str(), query["iss"].as_str()), ("s", self.given.sandbox.url().as_str()));
        Code { code: query["code"].clone(), verifier }
    }

    pub(crate) async fn exchange(&self, code: &Code) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", &code.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &code.verifier),
        ];
        self.ask("/oauth/bluesky/token", &form).await
    }

    /// Tokens for an account.
    pub(crate) async fn connect(&self, account: &str, scope: &str) -> Answer {
        let code = self.consent(account, scope).await;
        self.exchange(&code).await.expect(200)
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", &self.id), ("refresh_token", token)];
        self.ask("/oauth/bluesky/token", &form).await
    }

    /// A call of the PDS with a token and a proof by the nonce known so far.
    pub(crate) async fn call_once(&self, request: RequestBuilder, token: &str) -> Answer {
        let built = request.try_clone().expect("a body in memory").build().expect("a request");
        let mut url = built.url().clone();
        url.set_query(None);
        let nonce = self.pds_nonce.borrow().clone();
        let claims = claims(built.method().as_str(), url.as_str(), nonce.as_deref(), Some(token));
        let proof = self.key.sign(&self.key.header(), &claims);
        let request = request.header("authorization", format!("DPoP {token}")).header("dpop", proof);
        let answered = answer(request).await;
        self.pds_nonce.replace(Some(answered.header("dpop-nonce").to_owned()));
        answered
    }

    pub(crate) async fn call(&self, request: RequestBuilder, token: &str) -> Answer {
        let again = request.try_clone().expect("a body in memory");
        match self.call_once(request, token).await {
            refused if refused.body["error"] == "use_dpop_nonce" => self.call_once(again, token).await,
            answered => answered,
        }
    }

    /// A nonce of the PDS that is good now.
    pub(crate) async fn pds_nonce(&self, token: &str) -> String {
        let request = self.given.request(Method::GET, "/xrpc/com.atproto.server.getSession");
        self.call(request, token).await.expect(200).header("dpop-nonce").to_owned()
    }
}
