//! From what a person is called to the server that asks them (fact sheet part 2, 4.1.2).

use domain::target::Refusal;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    Cx,
    bluesky::{connect, did, wire::Resolved},
    exchange::Ask,
    failure, given,
    origin::{self, Origin},
};

/// An authorization server, as far as it is used.
pub(super) struct AuthServer {
    /// Its name, which is its address.
    pub(super) issuer: String,
    /// The consent page.
    pub(super) authorize: Url,
    pub(super) token: Url,
    /// Where requests are pushed.
    pub(super) par: Url,
    /// How clients may prove who they are.
    pub(super) methods: Vec<String>,
}

/// Whom to ask, and where.
pub(super) struct Target {
    pub(super) server: AuthServer,
    /// `None` where the person says on the page who they are.
    pub(super) did: Option<String>,
    /// What the page is to show in its form.
    pub(super) hint: Option<String>,
}

/// `oauth-protected-resource` (RFC 9728).
#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    authorization_servers: Vec<String>,
}

/// `oauth-authorization-server` (RFC 8414). Whatever is missing is not offered.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    scopes_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    dpop_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
}

/// By the handle or the DID where there is one, else by the service; the usual service where nothing is named.
pub(super) async fn target(cx: &Cx<'_>, data: &Value) -> Result<Target, Refusal> {
    let text = |name: &str| data[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let service = origin::parse(cx.door, "service", text("service").unwrap_or_else(|| connect::default_service(cx)))?;
    let Some(name) = text("handle").map(connect::normalise) else {
        return Ok(Target { server: of_service(cx, &service).await?, did: None, hint: None });
    };
    let did = if did::is_did(&name) { name.clone() } else { resolve(cx, &service, &name).await? };
    let document = did::resolve(cx, &did).await?;
    if did != name && !did::has_handle(&document, &name) {
        return Err(given::refusal(format!("`handle`: {name} names {did}, which does not go by that name")));
    }
    let pds = did::pds(&document, &did)
        .ok_or_else(|| given::refusal(format!("`handle`: the document of {did} names no personal data server")))?;
    let server = describe(cx, &issuer(cx, &pds).await?).await?;
    Ok(Target { server, did: Some(did), hint: Some(name) })
}

async fn resolve(cx: &Cx<'_>, service: &Origin, handle: &str) -> Result<String, Refusal> {
    let ask = Ask::get(service.base(), "/xrpc/com.atproto.identity.resolveHandle").query("handle", handle);
    let answer = ask.call(cx).await?;
    let did = answer.success::<Resolved>().map(|resolved| resolved.did).filter(|did| did::is_did(did));
    did.ok_or_else(|| {
        failure::failed(cx.now, &answer, |answer| match answer.status {
            429 => failure::throttled(cx.now, answer, None, answer.words("")),
            _ => given::refusal(format!("`handle`: nobody is called {handle}")),
        })
    })
}

/// A service is a personal data server that names its authorization server, or is one itself.
async fn of_service(cx: &Cx<'_>, service: &Origin) -> Result<AuthServer, Refusal> {
    match issuer(cx, service).await {
        Ok(issuer) => describe(cx, &issuer).await,
        Err(Refusal::Rejected { .. }) => describe(cx, service).await,
        Err(other) => Err(other),
    }
}

/// The authorization server that a personal data server names.
pub(super) async fn issuer(cx: &Cx<'_>, pds: &Origin) -> Result<Origin, Refusal> {
    let answer = Ask::get(pds.base(), "/.well-known/oauth-protected-resource").call(cx).await?;
    let no_oauth = || given::refusal(format!("{} does not say who asks for consent in its place", pds.base()));
    let Some(resource) = answer.success::<Resource>() else {
        return Err(match answer.status {
            429 => failure::throttled(cx.now, &answer, None, answer.words("")),
            _ => failure::failed(cx.now, &answer, |_| no_oauth()),
        });
    };
    let [issuer] = &resource.authorization_servers[..] else { return Err(no_oauth()) };
    Origin::from_server(issuer).filter(Origin::is_bare).ok_or_else(no_oauth)
}

/// What an authorization server offers, if it is all that the protocol demands.
async fn describe(cx: &Cx<'_>, issuer: &Origin) -> Result<AuthServer, Refusal> {
    let answer = Ask::get(issuer.base(), "/.well-known/oauth-authorization-server").call(cx).await?;
    let Some(told) = answer.success::<Metadata>() else {
        return Err(match answer.status {
            429 => failure::throttled(cx.now, &answer, None, answer.words("")),
            _ => failure::failed(cx.now, &answer, |_| {
                given::refusal(format!("{} does not offer OAuth; connect with an app password", issuer.base()))
            }),
        });
    };
    let lacks =
        |what: &str| given::refusal(format!("{} does not offer the AT Protocol's OAuth: {what}", issuer.base()));
    if told.issuer.trim_end_matches('/') != issuer.base() {
        return Err(lacks("it goes by another name"));
    }
    let has = |list: &[String], word: &str| list.iter().any(|entry| entry == word);
    let demands = [
        (has(&told.scopes_supported, "atproto"), "the scope atproto"),
        (has(&told.code_challenge_methods_supported, "S256"), "PKCE by S256"),
        (has(&told.dpop_signing_alg_values_supported, "ES256"), "proofs by ES256"),
        (told.authorization_response_iss_parameter_supported, "its name in its answers"),
    ];
    if let Some((_, what)) = demands.into_iter().find(|(is_met, _)| !is_met) {
        return Err(lacks(&format!("{what} is missing")));
    }
    // The browser and our calls go where it says, so the door judges these as it would a user's own.
    let endpoint = |text: &str, what: &str| {
        cx.door.parse(text).map_err(|fault| lacks(&format!("the address of {what} is not usable: {fault}")))
    };
    Ok(AuthServer {
        authorize: endpoint(&told.authorization_endpoint, "its page")?,
        token: endpoint(&told.token_endpoint, "its tokens")?,
        par: endpoint(&told.pushed_authorization_request_endpoint, "pushed requests")?,
        methods: told.token_endpoint_auth_methods_supported,
        issuer: told.issuer,
    })
}
