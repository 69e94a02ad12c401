//! Accounts, DIDs and handles.

use actix_web::HttpResponse;
use actix_web::web::Path;
use jiff::Timestamp;
use rand::RngCore;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fact::Fact;
use super::state::Account;
use super::{Bluesky, cid, error, repo, session, show};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

/// Handles are `<username>` below this, unless the username is a domain itself.
const HANDLES: &str = "bsky.test";
const LONGEST_HANDLE: usize = 253;

impl Speaks for Bluesky {
    const PLATFORM: Platform = Platform::Bluesky;
    const PROCESSES_MEDIA: bool = false;
}

/// The service's DID, from its host.
pub(super) fn server_did(origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    format!("did:web:{}", host.replace(':', "%3A"))
}

pub(super) fn did_document(account: &Account, origin: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": account.did,
        "alsoKnownAs": [format!("at://{}", account.handle)],
        "service": [{
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": origin,
        }],
    })
}

/// `GET /{did}`, as the directory of DIDs answers it.
pub(super) async fn document(call: Call<Bluesky>, did: Path<String>) -> Result<HttpResponse, Refusal> {
    call.before(Operation::Identity, Some(&did), None).await?;
    let state = locked(&call.state);
    let account = state.accounts.get(did.as_str()).ok_or_else(|| error::did_not_found(&did))?;
    Ok(HttpResponse::Ok().json(did_document(account, &call.core.origin)))
}

fn random(length: usize) -> String {
    let mut bytes = vec![0; length];
    rand::rng().fill_bytes(&mut bytes);
    cid::base32(&bytes)
}

fn app_password() -> String {
    let letters = random(10);
    [0, 4, 8, 12].map(|start| &letters[start..start + 4]).join("-")
}

fn handle(username: &str) -> Option<String> {
    let lower = username.trim_start_matches('@').to_lowercase();
    let handle = if lower.contains('.') { lower } else { format!("{lower}.{HANDLES}") };
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    (handle.len() <= LONGEST_HANDLE && handle.split('.').all(label)).then_some(handle)
}

impl Network for Bluesky {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&[])?;
        let made_up = format!("user-{}", random(5));
        let handle = handle(wanted.username.as_deref().unwrap_or(&made_up))
            .ok_or("username: not a handle, such as alice or alice.example")?;
        let mut state = locked(&self.state);
        let known = state.account(&handle).map(|account| account.did.clone());
        let created = known.is_none();
        let did = known.unwrap_or_else(|| {
            let did = format!("did:plc:{}", random(15));
            let at = self.core.now();
            let fact = Fact::AccountMade { did: did.clone(), handle: handle.clone(), key: random(20), at };
            self.keep(&mut state, fact);
            did
        });
        let password = app_password();
        self.keep(&mut state, Fact::AppPasswordMade { did: did.clone(), password: password.clone() });
        let credentials = json!({"service": self.core.origin, "identifier": handle, "app_password": password});
        Ok(NewAccount { account: did, username: handle, credentials, created })
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    fn expire_tokens(&self, account: &str, _: Timestamp) {
        self.expire(account);
    }

    fn revoke_tokens(&self, account: &str) {
        self.revoke(account);
    }
}

pub(super) async fn describe_server(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    call.before(Operation::Identity, None, None).await?;
    Ok(HttpResponse::Ok().json(json!({
        "did": server_did(&call.core.origin),
        "availableUserDomains": [format!(".{HANDLES}")],
        "inviteCodeRequired": false,
        "phoneVerificationRequired": false,
        "links": {},
        "contact": {},
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolveHandle {
    handle: String,
}

pub(super) async fn resolve_handle(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let wanted: ResolveHandle = repo::parameters(&call)?;
    call.before(Operation::Identity, None, None).await?;
    let state = locked(&call.state);
    let account = state.account(&wanted.handle).filter(|account| account.did != wanted.handle);
    let account = account.ok_or_else(|| error::invalid_request("Unable to resolve handle"))?;
    Ok(HttpResponse::Ok().json(json!({"did": account.did})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetProfile {
    actor: String,
}

pub(super) async fn get_profile(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let wanted: GetProfile = repo::parameters(&call)?;
    session::reader(&call)?;
    let did = locked(&call.state).account(&wanted.actor).map(|account| account.did.clone());
    call.before(Operation::Identity, did.as_deref(), None).await?;
    let state = locked(&call.state);
    let account = state.account(&wanted.actor).ok_or_else(|| error::invalid_request("Profile not found"))?;
    Ok(HttpResponse::Ok().json(json!({
        "did": account.did,
        "handle": account.handle,
        "displayName": display_name(account),
        "followersCount": 0,
        "followsCount": 0,
        "postsCount": account.posts.len(),
        "createdAt": account.made_at,
        "indexedAt": account.made_at,
        "labels": [],
    })))
}

/// The first label of the handle.
pub(super) fn display_name(account: &Account) -> &str {
    account.handle.split('.').next().unwrap_or(&account.handle)
}

/// For answers that name an author.
pub(super) fn basic_profile(account: &Account) -> Value {
    json!({"did": account.did, "handle": account.handle, "displayName": display_name(account), "labels": []})
}
