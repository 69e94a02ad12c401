//! LinkedIn: tokens, consent, uploads, posts and comments, probes, numbers.

mod connect;
mod consent;
mod media;
mod numbers;
mod probe;
mod publish;

use serde_json::{Value, json};

use crate::bed::Connected;

const PERSON: &str = "urn:li:person:782bbtaQ";
const ORGANIZATION: &str = "urn:li:organization:123";

fn person() -> Connected {
    Connected::new(PERSON, "Alice", json!({"kind": "person"}), json!({"access_token": "access-1"}))
}

fn organization() -> Connected {
    Connected::new(ORGANIZATION, "acme", json!({"kind": "organization"}), json!({"access_token": "access-1"}))
}

/// What every call of the versioned API has, and `more`.
fn rest(call: &str, more: Value) -> Value {
    let mut seen = json!({"call": call, "authorization": "Bearer access-1", "linkedin-version": "202607",
        "x-restli-protocol-version": "2.0.0"});
    seen.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    seen
}
