//! Proofs of possession (RFC 9449; fact sheet part 2, 4.1.2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::target::Refusal;
use egress::{ExchangeError, HeaderName, HeaderValue, NotSentKind};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Position, Url};

use crate::{
    Cx,
    exchange::{Answer, Ask},
    failure,
    oauth::{Es256Key, token_id},
};

const DPOP: HeaderName = HeaderName::from_static("dpop");
/// No server's nonce is longer.
const MAX_NONCE: usize = 1_000;

/// Proves the possession of a key to one server, with the nonce that it named last.
pub(in crate::bluesky) struct Prover {
    key: Es256Key,
    nonce: Option<String>,
}

impl Prover {
    pub(in crate::bluesky) fn new(key: Es256Key) -> Self {
        Self { key, nonce: None }
    }

    /// One exchange; and one more, where the server says that it carried out nothing since the proof lacks its nonce.
    ///
    /// That holds for a send too: a request is proven before it is looked at, and the answer is a definite "not taken"
    /// (`docs/adr/0013-a-proof-without-its-nonce.md`).
    /// Nothing else is repeated. `make` makes the request of each of the two, since whatever signs it may be used once.
    /// `access_token` is the one that is proven to be ours, and goes along.
    pub(in crate::bluesky) async fn send(
        &mut self,
        cx: &Cx<'_>,
        access_token: Option<&str>,
        make: impl Fn() -> Result<Ask, Refusal>,
    ) -> Result<Answer, ExchangeError> {
        let answer = self.once(cx, access_token, &make).await?;
        let has_nonce = self.hear(&answer);
        if !(has_nonce && asks_for_nonce(&answer)) {
            return Ok(answer);
        }
        let answer = self.once(cx, access_token, &make).await?;
        self.hear(&answer);
        Ok(answer)
    }

    /// As [`Prover::send`], for calls that may be repeated at will.
    pub(in crate::bluesky) async fn call(
        &mut self,
        cx: &Cx<'_>,
        access_token: Option<&str>,
        make: impl Fn() -> Result<Ask, Refusal>,
    ) -> Result<Answer, Refusal> {
        self.send(cx, access_token, make).await.map_err(failure::not_now)
    }

    async fn once(
        &self,
        cx: &Cx<'_>,
        access_token: Option<&str>,
        make: &impl Fn() -> Result<Ask, Refusal>,
    ) -> Result<Answer, ExchangeError> {
        let not_sent = |message: String| ExchangeError::NotSent { kind: NotSentKind::Request, message };
        let mut ask = make().map_err(|refusal| not_sent(refusal.message().to_owned()))?;
        // What has no address is told by sending it.
        if let Some((method, url)) = ask.target() {
            let proof = self.proof(cx.now, method, url, access_token);
            let proof = proof.map_err(|refusal| not_sent(refusal.message().to_owned()))?;
            let value = HeaderValue::try_from(proof).map_err(|error| not_sent(error.to_string()))?;
            ask = ask.header(DPOP, value);
        }
        if let Some(token) = access_token {
            ask = ask.authorization("DPoP", token);
        }
        ask.send(cx).await
    }

    fn proof(&self, now: Timestamp, method: &str, url: &Url, access_token: Option<&str>) -> Result<String, Refusal> {
        let header = json!({"typ": "dpop+jwt", "jwk": self.key.public()});
        let mut claims = json!({
            "jti": token_id()?,
            "htm": method,
            "htu": &url[..Position::AfterPath],
            "iat": now.as_second(),
        });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = access_token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        }
        self.key.sign(header, &claims)
    }

    /// Remembers the nonce of an answer; `false` where it has none.
    fn hear(&mut self, answer: &Answer) -> bool {
        let nonce = answer.header("dpop-nonce").map(str::trim);
        let nonce = nonce.filter(|nonce| (1..=MAX_NONCE).contains(&nonce.len())).map(str::to_owned);
        let is_there = nonce.is_some();
        self.nonce = nonce.or_else(|| self.nonce.take());
        is_there
    }
}

/// Said in the body by authorization servers (RFC 9449 8) and in a header by resource servers (RFC 9449 9).
fn asks_for_nonce(answer: &Answer) -> bool {
    let in_body = || answer.json::<Value>().is_some_and(|said| said["error"] == "use_dpop_nonce");
    let in_header = || answer.header("www-authenticate").is_some_and(|said| said.contains("error=\"use_dpop_nonce\""));
    matches!(answer.status, 400 | 401) && (in_body() || in_header())
}
