//! What a token endpoint of the protocol hands out, and what is kept of it.

use domain::target::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{client::Client, dpop::Prover};
use crate::{
    Cx, Tokens,
    bluesky::did,
    exchange::{Answer, Ask},
    oauth::{TokenAnswer, TokenRequest},
    stored,
};

/// The sealed JSON of an account that was connected on a consent page.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::bluesky) struct GrantTokens {
    /// The authorization server's name.
    pub(super) issuer: String,
    /// Where it trades tokens.
    pub(super) token_endpoint: String,
    /// Where the repository is.
    pub(in crate::bluesky) pds: String,
    /// The account.
    pub(in crate::bluesky) did: String,
    /// The client that the grant was given to, no secret of it.
    pub(super) client_id: String,
    /// Whether that client proved who it is; then it has to each time.
    pub(super) confidential: bool,
    /// Opens the repository for an hour at most, together with the key.
    pub(in crate::bluesky) access_token: String,
    /// Makes the next pair, once: used a second time it ends the whole grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// The private key that both are bound to, PKCS #8 in Base64.
    pub(in crate::bluesky) dpop_key: String,
}

impl GrantTokens {
    /// To be sealed; they run out with the access token.
    pub(super) fn seal(&self, expires_at: Option<Timestamp>) -> Result<Tokens, Refusal> {
        stored::seal(self, expires_at)
    }
}

/// Asks the token endpoint, signed by the client and proven by the account's key.
pub(super) async fn trade(
    cx: &Cx<'_>,
    mut prover: Prover,
    client: &Client,
    (issuer, endpoint): (&str, &str),
    request: impl Fn(Ask) -> TokenRequest,
) -> Result<Answer, Refusal> {
    let make = || Ok(client.sign(cx.now, issuer, request(Ask::post(endpoint, "")))?.ask());
    prover.call(cx, None, make).await
}

/// A grant of the protocol: bound to the key that proved itself, and for one DID. `None` for anything else.
pub(super) fn read(now: Timestamp, answer: &Answer) -> Option<(TokenAnswer, String)> {
    let token = TokenAnswer::read(now, answer)?;
    let is_bound = token.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
    let subject = token.text("sub").filter(|subject| did::is_did(subject))?;
    is_bound.then_some((token, subject))
}
