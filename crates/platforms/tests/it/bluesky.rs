//! Bluesky: sessions, records, probes.

mod connect;
mod consent;
mod grant;
pub(crate) mod proofs;
mod publish;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::bed::{Bed, Connected, NOW};

const DID: &str = "did:plc:alice";

fn jwt(exp: i64) -> String {
    let payload = json!({"exp": exp, "scope": "com.atproto.appPass", "sub": DID}).to_string();
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
}

fn document(pds: &str) -> Value {
    json!({"id": DID, "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": pds}]})
}

fn session(pds: Option<&str>) -> Value {
    let mut session = json!({"accessJwt": jwt(NOW + 7200), "refreshJwt": "refresh-1", "handle": "alice.example",
        "did": DID, "email": "a@example.com", "active": true});
    if let Some(pds) = pds {
        session["didDoc"] = document(pds);
    }
    session
}

fn account(bed: &Bed) -> Connected {
    let facts = json!({"service": bed.uri(), "pds": bed.uri()});
    let tokens = json!({"service": bed.uri(), "pds": bed.uri(), "did": DID, "access_jwt": "access-1",
        "refresh_jwt": "refresh-1", "app_password": "aaaa-bbbb"});
    Connected::new(DID, "alice.example", facts, tokens)
}

/// The tokens of an account that was connected on a consent page, at a server that does everything itself.
fn grant_tokens(uri: &str) -> Value {
    json!({"issuer": uri, "token_endpoint": format!("{uri}/oauth/token"), "pds": uri, "did": DID,
        "client_id": "https://fanfare.example/v1/oauth/client-metadata/net_1", "confidential": false,
        "access_token": "access-1", "refresh_token": "refresh-1", "dpop_key": proofs::key()})
}

/// That account.
pub(crate) fn granted(uri: &str) -> Connected {
    with_grant(grant_tokens(uri))
}

fn with_grant(tokens: Value) -> Connected {
    let facts = json!({"issuer": tokens["issuer"], "pds": tokens["pds"]});
    Connected::new(DID, "alice.example", facts, tokens)
}
