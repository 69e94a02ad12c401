//! X: tokens, uploads, posts, probes.

mod connect;
mod consent;
mod media;
mod probe;
mod publish;

use serde_json::json;

use crate::bed::Connected;

fn account() -> Connected {
    let facts = json!({"subscription_type": "None"});
    let tokens = json!({"access_token": "access-1", "refresh_token": "refresh-1", "client_id": "app"});
    Connected::new("42", "alice", facts, tokens)
}
