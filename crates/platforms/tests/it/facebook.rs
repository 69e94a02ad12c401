//! Facebook pages: tokens, consent, uploads, posts, comments, probes.

mod connect;
mod consent;
mod media;
mod probe;
mod publish;

use serde_json::{Value, json};

use crate::bed::Connected;

fn account() -> Connected {
    Connected::new("1755", "acme", json!({"category": "Media"}), json!({"access_token": "page-1"}))
}

/// As Meta's networks refuse.
fn error(code: i64, subcode: Value, message: &str) -> Value {
    json!({"error": {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode,
        "fbtrace_id": "A1"}})
}
