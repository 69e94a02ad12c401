//! Threads: tokens, consent, containers, posts, probes, numbers.

mod connect;
mod consent;
mod numbers;
mod probe;
mod publish;
mod stage;

use serde_json::{Value, json};

use crate::bed::Connected;

const USER: &str = "17841400000000001";

fn account() -> Connected {
    Connected::new(USER, "alice", Value::Null, json!({"access_token": "access-1"}))
}

/// A call that carries a form.
fn form(call: &str, body: &str) -> Value {
    json!({"call": call, "authorization": "Bearer access-1", "type": "application/x-www-form-urlencoded", "body": body})
}

/// A call that asks.
fn asked(call: &str, query: &str) -> Value {
    json!({"call": call, "authorization": "Bearer access-1", "query": query})
}

/// An error in the Graph API's form.
fn error(code: i64, subcode: Option<i64>, message: &str) -> Value {
    json!({"error": {"message": message, "type": "THApiException", "code": code, "error_subcode": subcode,
        "is_transient": false, "fbtrace_id": "A1"}})
}
