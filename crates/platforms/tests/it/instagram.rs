//! Instagram: both logins, containers, posts, comments, probes.

mod connect;
mod consent;
mod probe;
mod publish;
mod stage;

use serde_json::{Value, json};

use crate::bed::Connected;

fn account() -> Connected {
    let tokens = json!({"login": "instagram", "access_token": "token-1"});
    Connected::new("178", "acme", json!({"login": "instagram"}), tokens)
}

/// As Meta's networks refuse.
fn error(code: i64, subcode: Value, message: &str) -> Value {
    json!({"error": {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}})
}

fn file(name: &str, is_video: bool) -> (Value, Option<String>) {
    (json!({"url": format!("https://f.example/{name}"), "is_video": is_video}), Some(format!("alt of {name}")))
}
