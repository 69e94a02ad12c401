//! Connecting on the consent page of a person's own server: the request is pushed, the browser follows it, and what comes
//! back is believed only from the server that was asked and only for a DID whose own server names it.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    client::Client,
    discovery::{self, AuthServer},
    dpop::Prover,
    exchange::{self, GrantTokens},
    scopes::covers,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, OauthApp, Register,
    bluesky::{Bluesky, access::Access, connect, did, facets, spec::CONSENT},
    exchange::{Answer, Ask},
    failure, given,
    oauth::{self, DataFault, Es256Key, OauthError, Page, PlatformData, TokenRequest},
    origin,
};

/// A client is one for all of the network's servers.
pub(super) const VARIANT: &str = "default";
/// No server's name of a pushed request is longer.
const MAX_REQUEST_URI: usize = 1_000;

/// What is kept between the page and the code.
#[derive(Serialize, Deserialize)]
struct Kept {
    issuer: String,
    token_endpoint: String,
    /// The account that was asked for, if one was.
    did: Option<String>,
    /// The key that the grant will be bound to.
    dpop_key: String,
}

#[async_trait]
impl Consent for Bluesky {
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        let data = PlatformData::read(data, &["service", "handle"])?;
        if data.text("service")?.is_some_and(|service| origin::read(service).is_none()) {
            return Err(("/service".to_owned(), "must be the address of a server".to_owned()));
        }
        let handle = data.text("handle")?.map(connect::normalise);
        if handle.is_some_and(|handle| !facets::is_handle(&handle) && !did::is_did(&handle)) {
            return Err(("/handle".to_owned(), "must be a handle such as alice.bsky.social, or a DID".to_owned()));
        }
        Ok(VARIANT.to_owned())
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        (variant == VARIANT).then_some(CONSENT)
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        let client = Client::of(app, request.scopes)?;
        let target = discovery::target(cx, request.data).await?;
        let server = &target.server;
        if !server.methods.iter().any(|method| method == client.method()) {
            let message = format!("{} takes no clients that prove themselves by {}", server.issuer, client.method());
            return Err(given::refusal(message));
        }
        let (key, key_text) = Es256Key::generate()?;
        let make = || push(cx, &client, server, request, target.hint.as_deref());
        let answer = Prover::new(key).call(cx, None, make).await?;
        let Some(request_uri) = request_uri(&answer) else { return Err(not_pushed(cx, &answer)) };

        let page = Page::new(server.authorize.as_str());
        let url = page.with("client_id", &client.id).with("request_uri", &request_uri).url()?;
        let kept = Kept {
            issuer: server.issuer.clone(),
            token_endpoint: server.token.to_string(),
            did: target.did,
            dpop_key: key_text.expose_secret().to_owned(),
        };
        Ok(ConsentPage { url, kept: SecretString::from(json!(kept).to_string()) })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let unreadable = || ConsentFault::Invalid("what was kept of the request cannot be read".to_owned());
        let kept: Kept = serde_json::from_str(answer.kept.expose_secret()).map_err(|_| unreadable())?;
        let key = Es256Key::read(&kept.dpop_key).ok_or_else(unreadable)?;
        let code = oauth::code(answer)?;
        // Another server could have sent the browser here with a code of its own (RFC 9207).
        if answer.query.get("iss") != Some(&kept.issuer) {
            return Err(ConsentFault::Invalid("the answer is not from the server that was asked".to_owned()));
        }
        let client = Client::of(app, answer.scopes)?;
        let server = (kept.issuer.as_str(), kept.token_endpoint.as_str());
        let given = exchange::trade(cx, Prover::new(key), &client, server, |ask| {
            TokenRequest::code(ask, code, &client.redirect_uri).verifier(answer.verifier)
        });
        let given = given.await?;
        let Some((token, subject)) = exchange::read(cx.now, &given) else {
            return Err(oauth::exchange_fault(cx, &given, |_| false));
        };
        if kept.did.as_ref().is_some_and(|asked| *asked != subject) {
            return Err(ConsentFault::Invalid(format!("the consent was given for {subject}, who was not asked")));
        }
        let scopes = oauth::granted(token.scopes, answer.scopes);
        oauth::require(&scopes, CONSENT.needed, covers)?;
        let pds = own_server(cx, &subject, &kept.issuer).await?;
        let tokens = GrantTokens {
            issuer: kept.issuer,
            token_endpoint: kept.token_endpoint,
            pds,
            did: subject,
            client_id: client.id.clone(),
            confidential: client.is_confidential(),
            access_token: token.access_token,
            refresh_token: token.refresh_token,
            dpop_key: kept.dpop_key,
        };
        let facts = json!({"issuer": tokens.issuer, "pds": tokens.pds});
        let sealed = tokens.seal(token.expires_at)?;
        let profile = connect::whose(cx, Access::of_grant(tokens)?, scopes, facts, sealed).await?;
        Ok(Granted { profiles: vec![profile], is_choice: false })
    }

    fn registrar(&self) -> Option<&dyn Register> {
        Some(self)
    }
}

/// A pushed authorization request (RFC 9126).
fn push(
    cx: &Cx<'_>,
    client: &Client,
    server: &AuthServer,
    request: &ConsentRequest<'_>,
    hint: Option<&str>,
) -> Result<Ask, Refusal> {
    let pushed = TokenRequest::pushed(Ask::post(server.par.as_str(), ""))
        .with("redirect_uri", &client.redirect_uri)
        .with("scope", &request.scopes.join(" "))
        .with("state", request.state)
        .with("code_challenge", &oauth::challenge(request.verifier))
        .with("code_challenge_method", "S256");
    let pushed = match hint {
        Some(hint) => pushed.with("login_hint", hint),
        None => pushed,
    };
    Ok(client.sign(cx.now, &server.issuer, pushed)?.ask())
}

fn request_uri(answer: &Answer) -> Option<String> {
    let told = answer.success::<Value>()?;
    let uri = told["request_uri"].as_str()?;
    let is_sound = (1..=MAX_REQUEST_URI).contains(&uri.len()) && uri.bytes().all(|byte| byte.is_ascii_graphic());
    is_sound.then(|| uri.to_owned())
}

fn not_pushed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    failure::failed(cx.now, answer, |answer| match OauthError::read(answer) {
        _ if answer.status == 429 => failure::throttled(cx.now, answer, None, answer.words("Too Many Requests")),
        // A server that keeps asking for another nonce has a bad day; anything else is of the app or the request.
        Some(said) if said.error == "use_dpop_nonce" => failure::not_understood(answer, "the server takes no nonce"),
        Some(said) => given::refusal(said.words(answer)),
        None => failure::not_understood(answer, "the answer is not one of an authorization server"),
    })
}

/// Where the account's repository is, if its own server leaves consent to `issuer`: else anybody's server could hand out
/// grants for anybody's DID.
async fn own_server(cx: &Cx<'_>, did: &str, issuer: &str) -> Result<String, ConsentFault> {
    let document = did::resolve(cx, did).await?;
    let pds = did::pds(&document, did)
        .ok_or_else(|| ConsentFault::Invalid(format!("the document of {did} names no personal data server")))?;
    let named = discovery::issuer(cx, &pds).await?;
    if named.base() == issuer.trim_end_matches('/') {
        return Ok(pds.base().to_owned());
    }
    Err(ConsentFault::Invalid(format!("the server of {did} does not leave its consent to {issuer}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_or_a_server_may_be_named() {
        for data in [
            Value::Null,
            json!({}),
            json!({"handle": "@Alice.Example"}),
            json!({"handle": "did:plc:abc"}),
            json!({"service": "pds.example"}),
        ] {
            assert_eq!(Bluesky.variant(&data), Ok("default".to_owned()), "{data}");
        }
        for (data, pointer) in [
            (json!({"handle": "alice"}), "/handle"),
            (json!({"handle": 7}), "/handle"),
            (json!({"service": "https://u:p@pds.example"}), "/service"),
            (json!({"instance": "m.example"}), "/instance"),
        ] {
            assert_eq!(Bluesky.variant(&data).expect_err("refused").0, pointer, "{data}");
        }
    }
}
