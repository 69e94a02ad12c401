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

/// How much is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// Content, media, config and parts.
    Long,
    /// Of each target also what its id finds again: handles, addresses, words.
    Targets,
}

/// Renders a body, at most [`MAX_BODY_BYTES`] long: over that, content, media, config and parts are left out and
/// `truncated` is true; of a post with very many targets also their handles, addresses and the networks' words.
pub fn body(id: EventId, kind: EventType, at: Timestamp, seq: i64, subject: Subject<'_>) -> String {
    let whole = Data::of(subject, seq);
    let mut body = render(id, kind, at, &whole);
    for cut in [Cut::Long, Cut::Targets] {
        if body.len() <= MAX_BODY_BYTES {
            break;
        }
        // What is serialised is a tree of plain values, which cannot fail.
        let mut data = serde_json::to_value(&whole).unwrap_or_default();
        shorten(&mut data, cut);
        data["truncated"] = true.into();
        body = render(id, kind, at, &data);
    }
    body
}

fn render(id: EventId, kind: EventType, at: Timestamp, data: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        id: EventId,
        #[serde(rename = "type")]
        kind: &'static str,
        timestamp: Timestamp,
        data: &'a T,
    }
    // Serialising a struct of strings and JSON values cannot fail.
    serde_json::to_string(&Envelope { id, kind: kind.name(), timestamp: at, data }).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Post { post: &'a Post, resource_seq: i64 },
    Target { post_id: PostId, target: &'a Target, resource_seq: i64 },
    Account { account: &'a Account, resource_seq: i64 },
    Rejected { account: &'a Account, attempted_external_id: Option<&'a str>, resource_seq: i64 },
    Webhook { webhook: &'a Value, resource_seq: i64 },
}

impl<'a> Data<'a> {
    fn of(subject: Subject<'a>, resource_seq: i64) -> Self {
        match subject {
            Subject::Post(post) => Self::Post { post, resource_seq },
            Subject::Target(post_id, target) => Self::Target { post_id, target, resource_seq },
            Subject::Account(account) => Self::Account { account, resource_seq },
            Subject::Rejected(account, attempted_external_id) => {
                Self::Rejected { account, attempted_external_id, resource_seq }
            }
            Subject::Webhook(webhook) => Self::Webhook { webhook, resource_seq },
        }
    }
}

/// What a target's id finds again.
const FOUND_BY_ID: [&str; 5] = ["username", "parts", "platform_post_url", "error_message", "next_attempt_at"];

/// Empties what can be long, wherever it stands, and keeps the shape.
fn shorten(value: &mut Value, cut: Cut) {
    match value {
        Value::Object(fields) => {
            if cut == Cut::Targets {
                fields.retain(|name, _| !FOUND_BY_ID.contains(&name.as_str()));
            }
            for (name, field) in fields {
                match name.as_str() {
                    "content" => *field = "".into(),
                    "containers" | "media" | "parts" | "warnings" => *field = json!([]),
                    "config" | "account_config" => *field = json!({}),
                    "error_message" => truncate(field),
                    _ => shorten(field, cut),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, cut)),
        _ => {}
    }
}

fn truncate(field: &mut Value) {
    if let Value::String(text) = field {
        *text = text.chars().take(100).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{AccountId, ContainerId, TargetId},
        platform::Platform,
        post::{Container, MAX_ACCOUNTS, MAX_CONTAINERS, Part, PostStatus, Role},
        target::{PartStatus, Status},
    };
    use uuid::Uuid;

    /// As long as posts get: as many accounts and containers as are allowed, with ids as long as networks make them.
    fn post(accounts: usize, containers: usize) -> Post {
        let id = Uuid::from_u128(u128::MAX);
        let live = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3aaaaaaaaaaaa".to_owned();
        let url = format!("https://bsky.app/profile/{}/post/3aaaaaaaaaaaa", "a".repeat(60));
        let part = Part {
            container_id: ContainerId(id),
            status: PartStatus::Published,
            platform_post_id: Some(live.clone()),
            platform_post_url: Some(url.clone()),
            error_code: None,
            error_message: None,
        };
        let target = Target {
            id: TargetId(id),
            account_id: AccountId(id),
            platform: Platform::Mastodon,
            username: "a".repeat(60),
            status: Status::Partial,
            platform_post_id: Some(live),
            platform_post_url: Some(url),
            parts: vec![part; containers],
            error_code: Some(crate::target::ErrorCode::ContentRejected),
            error_message: Some("why ".repeat(500)),
            attempts: 25,
            next_attempt_at: None,
            published_at: Some(Timestamp::UNIX_EPOCH),
        };
        let container =
            Container { id: ContainerId(id), role: Role::Thread, content: "x".repeat(500), media: Vec::new() };
        Post {
            id: PostId(id),
            status: PostStatus::Partial,
            content: "x".repeat(500),
            containers: vec![container; containers],
            external_id: Some("e".repeat(255)),
            external_ref: Some("r".repeat(255)),
            scheduled_at: None,
            published_at: None,
            config: Value::Null,
            account_config: Value::Null,
            max_lateness: jiff::SignedDuration::from_hours(6),
            targets: vec![target; accounts],
            warnings: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn rendered(post: &Post) -> (usize, Value) {
        let text = body(EventId(Uuid::nil()), EventType::PostPartial, Timestamp::UNIX_EPOCH, 7, Subject::Post(post));
        (text.len(), serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn the_longest_post_there_can_be_fits_and_still_names_every_target() {
        let (length, body) = rendered(&post(MAX_ACCOUNTS, MAX_CONTAINERS));
        assert!(length <= MAX_BODY_BYTES, "{length}");
        assert_eq!(body["data"]["truncated"], true);
        let targets = body["data"]["post"]["targets"].as_array().unwrap();
        assert_eq!(targets.len(), MAX_ACCOUNTS);
        assert!(targets.iter().all(|target| target["status"] == "partial" && target["platform_post_id"].is_string()));
    }

    #[test]
    fn a_body_that_fits_is_left_whole() {
        let (_, body) = rendered(&post(1, 1));
        assert_eq!(body["data"]["post"]["content"], "x".repeat(500));
        assert_eq!((&body["data"]["truncated"], &body["data"]["resource_seq"]), (&Value::Null, &7.into()));
    }
}
