//! Mastodon: instances, statuses, probes.

mod connect;
mod consent;
mod probe;
mod publish;

use serde_json::{Value, json};

use crate::bed::{Bed, Connected};

fn account(bed: &Bed, facts: Value) -> Connected {
    Connected::new("109", "alice", facts, json!({"base": bed.uri(), "access_token": "token-1"}))
}

fn genuine(bed: &Bed) -> Connected {
    account(bed, json!({"base": bed.uri(), "genuine": true}))
}
