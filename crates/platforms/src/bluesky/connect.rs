//! Whose repository it is that an app password or a grant opens.

use domain::target::Refusal;
use serde_json::{Value, json};
use url::Url;

use super::{
    access::Access,
    did, errors,
    jwt::Claims,
    session::{self, BlueskyTokens},
    spec::{DEFAULT_SERVICE, SERVICE_BASE},
    wire::{Profile, Session, Whose},
};
use crate::{
    Cx, Identity, Tokens,
    exchange::Ask,
    failure,
    given::{self, Given},
    origin::{self, Origin},
    words,
};

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, &["service", "identifier", "app_password"]);
    let service = fields.optional("service");
    let identifier = normalise(fields.required("identifier"));
    let app_password = fields.required("app_password").to_owned();
    fields.finish()?;
    let service = origin::parse(cx.door, "service", service.unwrap_or_else(|| default_service(cx)))?;

    let session = session::create(cx, service.base(), &identifier, &app_password).await?;
    active(session.active, session.status.as_deref())?;
    let pds = find_pds(cx, &service, &session).await?;
    let username = username(&session.handle, &session.did);
    let tokens = BlueskyTokens {
        service: service.base().to_owned(),
        pds: pds.base().to_owned(),
        did: session.did,
        access_jwt: session.access_jwt,
        refresh_jwt: session.refresh_jwt,
        app_password,
    };
    let facts = json!({"service": tokens.service, "pds": tokens.pds});
    let scopes = Claims::read(&tokens.access_jwt).scopes();
    Ok(identity(cx, Access::of_session(&tokens), username, scopes, facts, tokens.seal()?).await)
}

/// The profile that a grant opens, by the word of its own server.
pub(super) async fn whose(
    cx: &Cx<'_>,
    mut access: Access,
    scopes: Vec<String>,
    facts: Value,
    tokens: Tokens,
) -> Result<Identity, Refusal> {
    let answer = access.session(cx).await?;
    let Some(who) = answer.success::<Whose>() else {
        return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
    };
    if who.did != access.did {
        return Err(given::refusal(format!("the grant of {} opens the repository of another account", access.did)));
    }
    active(who.active, who.status.as_deref())?;
    let username = username(&who.handle, &who.did);
    Ok(identity(cx, access, username, scopes, facts, tokens).await)
}

async fn identity(
    cx: &Cx<'_>,
    mut access: Access,
    username: String,
    scopes: Vec<String>,
    facts: Value,
    tokens: Tokens,
) -> Identity {
    let profile = profile(cx, &mut access).await;
    Identity {
        realm: String::new(),
        profile_url: Some(format!("https://bsky.app/profile/{username}")),
        network_unique_id: access.did,
        username,
        display_name: words::profile(profile.as_ref().and_then(|profile| profile.display_name.clone())),
        profile_image_url: words::link(profile.and_then(|profile| profile.avatar)),
        account_type: "person",
        scopes,
        facts,
        tokens,
    }
}

/// An account that is taken down or deactivated cannot be connected.
fn active(active: Option<bool>, status: Option<&str>) -> Result<(), Refusal> {
    if active != Some(false) {
        return Ok(());
    }
    let status = status.map_or_else(|| "not active".to_owned(), words::clean);
    Err(given::refusal(format!("the account is {status}")))
}

pub(super) fn default_service<'a>(cx: &Cx<'a>) -> &'a str {
    cx.bases.get(SERVICE_BASE, DEFAULT_SERVICE)
}

/// `@Alice.Example` as people write it; invisible marks come along when a handle is copied from a page.
pub(super) fn normalise(identifier: &str) -> String {
    let visible: String =
        identifier.chars().filter(|letter| !matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')).collect();
    let name = visible.trim().trim_start_matches('@');
    if name.starts_with("did:") { name.to_owned() } else { name.to_lowercase() }
}

/// Where the account's repository is.
///
/// The service that Fanfare is configured with is believed. Any other could name a DID that is not its own and so take
/// over somebody's account here; for those the DID's own directory decides, and the server it names must know the token.
async fn find_pds(cx: &Cx<'_>, service: &Origin, session: &Session) -> Result<Origin, Refusal> {
    let configured = Url::parse(default_service(cx));
    if configured.is_ok_and(|configured| service.shares_host_with(&configured)) {
        let named = session.did_doc.as_ref().and_then(|document| did::pds(document, &session.did));
        return Ok(named.unwrap_or_else(|| service.clone()));
    }
    let document = did::resolve(cx, &session.did).await?;
    let pds = did::pds(&document, &session.did)
        .ok_or_else(|| given::refusal(format!("the document of {} names no personal data server", session.did)))?;
    if pds == *service {
        return Ok(pds);
    }
    let answer =
        Ask::get(pds.base(), "/xrpc/com.atproto.server.getSession").bearer(&session.access_jwt).call(cx).await?;
    let whose = answer.success::<Value>().and_then(|session| session["did"].as_str().map(str::to_owned));
    if whose.as_deref() == Some(session.did.as_str()) {
        return Ok(pds);
    }
    Err(given::refusal(format!(
        "`service` signs in {}, but that account's own server {} does not accept the session",
        session.did,
        pds.base()
    )))
}

/// A handle that does not resolve back is told as `handle.invalid`; the DID works everywhere a handle does.
fn username(handle: &str, did: &str) -> String {
    let handle = handle.to_lowercase();
    if super::facets::is_handle(&handle) && handle != "handle.invalid" { handle } else { did.to_owned() }
}

/// Name and picture: pleasant to have, and no reason to refuse an account whose server does not tell.
async fn profile(cx: &Cx<'_>, access: &mut Access) -> Option<Profile> {
    let ask = Ask::get(&access.pds, "/xrpc/app.bsky.actor.getProfile").query("actor", &access.did);
    access.call(cx, ask).await.ok()?.success()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_as_people_write_them() {
        for (written, meant) in [
            ("@Alice.Example", "alice.example"),
            ("\u{202A}alice.example\u{202C}", "alice.example"),
            ("did:plc:abc", "did:plc:abc"),
            ("Alice@Mail.Example", "alice@mail.example"),
        ] {
            assert_eq!(normalise(written), meant);
        }
    }
}
