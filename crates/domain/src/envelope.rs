//! Bodies of events: written once, sent as the same bytes each time.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    account::Account,
    event::EventType,
    ids::{EventId, PostId},
    post::{Post, Target},
    webhook::MAX_BODY_BYTES,
};

/// What a body is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A post with all its targets.
    Post(&'a Post),
    /// One target of a post.
    Target(PostId, &'a Target),
    /// An account.
    Account(&'a Account),
    /// A profile that an attempt to connect could not have: the account that has it, who asked.
    Rejected(&'a Account, Option<&'a str>),
    /// A webhook endpoint: `{id, url, status, failing_since}`.
    Webhook(&'a Value),
}

/// Renders a body, at most [`MAX_BODY_BYTES`] long: over that, content, media, config and parts are left out and
/// `truncated` is true.
pub fn body(id: EventId, kind: EventType, at: Timestamp, seq: i64, subject: Subject<'_>) -> String {
    let whole = render(id, kind, at, data(seq, subject, false));
    if whole.len() <= MAX_BODY_BYTES { whole } else { render(id, kind, at, data(seq, subject, true)) }
}

fn render(id: EventId, kind: EventType, at: Timestamp, data: Value) -> String {
    #[derive(Serialize)]
    struct Envelope {
        id: EventId,
        #[serde(rename = "type")]
        kind: &'static str,
        timestamp: Timestamp,
        data: Value,
    }
    // Serialising a struct of strings and a JSON value cannot fail.
    serde_json::to_string(&Envelope { id, kind: kind.name(), timestamp: at, data }).unwrap_or_default()
}

fn data(seq: i64, subject: Subject<'_>, short: bool) -> Value {
    let mut data = match subject {
        Subject::Post(post) => json!({"post": post}),
        Subject::Target(post_id, target) => json!({"post_id": post_id, "target": target}),
        Subject::Account(account) => json!({"account": account}),
        Subject::Rejected(account, by) => json!({"account": account, "attempted_external_id": by}),
        Subject::Webhook(webhook) => json!({"webhook": webhook}),
    };
    if short {
        shorten(&mut data);
        data["truncated"] = true.into();
    }
    data["resource_seq"] = seq.into();
    data
}

/// Empties what can be long, wherever it stands, and keeps the shape.
fn shorten(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "content" => *field = "".into(),
                    "containers" | "media" | "parts" | "warnings" => *field = json!([]),
                    "config" | "account_config" => *field = json!({}),
                    "error_message" => truncate(field),
                    _ => shorten(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

fn truncate(field: &mut Value) {
    if let Value::String(text) = field {
        *text = text.chars().take(100).collect();
    }
}
