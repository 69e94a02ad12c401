//! The document against the router, and the schemas against what is serialised.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    account::{Account, AccountStatus},
    ids::{AccountId, ContainerId, DeliveryId, EndpointId, EventId, KeyId, MediaId, PostId, ProjectId, TargetId},
    live,
    media::MediaKind,
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
    post::{Container, MediaRef, Part, Post, PostStatus, Role, Target, Warning},
    target::{ErrorCode, PartStatus, Status},
    webhook::{Attempt, Delivery, DeliveryStatus, Endpoint, EndpointStatus, Ordering, Trigger},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::openapi;
use crate::{problem::Problem, router};

/// What has a route and is no part of the API.
const BESIDE_THE_API: [&str; 2] = ["/errors", "/v1/openapi.json"];

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let mut routed = BTreeSet::new();
    for (path, methods) in router::OPEN.iter().chain(router::KEYED).filter(|(path, _)| !BESIDE_THE_API.contains(path)) {
        routed.extend(methods.iter().map(|method| format!("{method} {path}")));
    }
    let document = document();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        described.extend(item.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    assert_eq!(described, routed);
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    let ids: Vec<&str> = super::operations::all().map(|operation| operation.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

/// Checks that a schema has every field of a value, at every depth, and that every field it requires is there.
fn covers(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return covers(document, document.pointer(reference.trim_start_matches('#')).unwrap(), value, at);
    }
    // `null` or something: the something is what counts here.
    if let Some(choice) = schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        return covers(document, choice, value, at);
    }
    let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
    collect(document, schema, &mut properties, &mut required);
    match value {
        Value::Object(fields) if !properties.is_empty() => {
            for (name, value) in fields {
                let property = properties.get(name).unwrap_or_else(|| panic!("{at}/{name} is not in the schema"));
                covers(document, property, value, &format!("{at}/{name}"));
            }
            for name in required {
                assert!(fields.contains_key(&name), "{at}/{name} is required and not there");
            }
        }
        Value::Array(items) => items.iter().for_each(|item| covers(document, &schema["items"], item, at)),
        Value::String(word) => {
            if let Some(words) = schema["enum"].as_array() {
                assert!(words.contains(&json!(word)), "{at}: {word}");
            }
        }
        _ => {}
    }
}

fn collect(
    document: &Value,
    schema: &Value,
    properties: &mut serde_json::Map<String, Value>,
    required: &mut Vec<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        return collect(document, document.pointer(reference.trim_start_matches('#')).unwrap(), properties, required);
    }
    properties.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, properties, required);
    }
}

fn check(name: &str, value: impl serde::Serialize) {
    let document = document();
    let schema = document.pointer(&format!("/components/schemas/{name}")).unwrap_or_else(|| panic!("no schema {name}"));
    covers(&document, schema, &serde_json::to_value(value).unwrap(), name);
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn some() -> Option<String> {
    Some("x".to_owned())
}

#[test]
fn a_post_is_as_described() {
    let part = Part {
        container_id: ContainerId(Uuid::nil()),
        status: PartStatus::Published,
        platform_post_id: some(),
        platform_post_url: some(),
        error_code: Some(ErrorCode::TooLate),
        error_message: some(),
    };
    let target = Target {
        id: TargetId(Uuid::nil()),
        account_id: AccountId(Uuid::nil()),
        platform: Platform::X,
        username: String::new(),
        status: Status::NeedsReconnect,
        platform_post_id: some(),
        platform_post_url: some(),
        parts: vec![part],
        error_code: None,
        error_message: some(),
        attempts: 1,
        next_attempt_at: Some(NOW),
        published_at: Some(NOW),
    };
    let file = MediaRef { id: Some(MediaId(Uuid::nil())), url: some(), filename: some(), alt_text: some() };
    let container =
        Container { id: ContainerId(Uuid::nil()), role: Role::FirstComment, content: String::new(), media: vec![file] };
    let post = Post {
        id: PostId(Uuid::nil()),
        status: PostStatus::Partial,
        content: String::new(),
        containers: vec![container],
        external_id: some(),
        external_ref: some(),
        scheduled_at: Some(NOW),
        published_at: Some(NOW),
        config: json!({}),
        account_config: json!({}),
        max_lateness: SignedDuration::from_hours(6),
        targets: vec![target],
        warnings: vec![Warning {
            code: String::new(),
            detail: String::new(),
            account_id: Some(AccountId(Uuid::nil())),
        }],
        created_at: NOW,
        updated_at: NOW,
    };
    check("Post", &post);
    check("Batch", json!({"data": [{"status": 201, "post": post}, {"status": 422, "problem": problem()}]}));
}

fn problem() -> Value {
    Problem::fault("/a", "b", "c").body(&"http://127.0.0.1".parse().unwrap(), "req_1")
}

#[test]
fn an_account_is_as_described() {
    check(
        "Account",
        Account {
            id: AccountId(Uuid::nil()),
            platform: Platform::Bluesky,
            external_id: some(),
            social_network_id: None,
            network_unique_id: String::new(),
            username: String::new(),
            display_name: some(),
            profile_image_url: some(),
            profile_url: some(),
            account_type: String::new(),
            status: AccountStatus::NeedsReconnect,
            scopes: Vec::new(),
            token_expires_at: Some(NOW),
            last_synced_at: Some(NOW),
            created_at: NOW,
            updated_at: NOW,
        },
    );
}

#[test]
fn what_is_asked_of_a_network_is_as_described() {
    check(
        "Health",
        live::Health {
            healthy: false,
            checked_at: NOW,
            error_code: Some(ErrorCode::TokenRevoked),
            error_message: some(),
        },
    );
    check(
        "AccountMetrics",
        live::AccountMetrics {
            account_id: AccountId(Uuid::nil()),
            period: live::Period { since: NOW, until: NOW },
            followers: Some(1),
            following: Some(1),
            posts: Some(1),
            engagement: live::Engagement { views: Some(1), likes: Some(1), comments: Some(1), shares: Some(1) },
            platform_specific: json!({}),
            captured_at: NOW,
        },
    );
}

#[test]
fn webhooks_and_deliveries_are_as_described() {
    let endpoint = Endpoint {
        id: EndpointId(Uuid::nil()),
        url: String::new(),
        events: vec!["*".to_owned()],
        is_active: true,
        status: EndpointStatus::Degraded,
        description: some(),
        ordering: Ordering::PerResource,
        dialect: String::new(),
        headers: BTreeMap::new(),
        max_in_flight: 1,
        rate_per_second: Some(1),
        external_id: some(),
        failing_since: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
    };
    check("Webhook", &endpoint);
    let mut new = serde_json::to_value(&endpoint).unwrap();
    new["signing_secret"] = json!("whsec_");
    check("NewWebhook", new);
    let attempt = Attempt {
        number: 1,
        at: NOW,
        trigger: Trigger::Recover,
        status_code: Some(500),
        duration_ms: 1,
        error: some(),
        response_head: some(),
    };
    check(
        "Delivery",
        Delivery {
            id: DeliveryId(Uuid::nil()),
            event_id: EventId(Uuid::nil()),
            event_type: "post.published".to_owned(),
            status: DeliveryStatus::Held,
            attempts: vec![attempt],
            next_attempt_at: Some(NOW),
        },
    );
}

#[test]
fn the_projects_own_things_are_as_described() {
    check(
        "Project",
        store::projects::Project {
            id: ProjectId(Uuid::nil()),
            name: String::new(),
            mode: Mode::Live,
            redirect_uris: Vec::new(),
            cors_origins: Vec::new(),
            on_unconfirmed: OnUnconfirmed::Retry,
            on_auth_failure: OnAuthFailure::Fail,
            max_lateness: SignedDuration::from_hours(6),
            dialects: json!({}),
        },
    );
    let key = store::keys::Key {
        id: KeyId(Uuid::nil()),
        name: String::new(),
        key_head: String::new(),
        scopes: vec!["posts:read".to_owned()],
        external_id: some(),
        created_at: NOW,
        expires_at: Some(NOW),
    };
    check("Key", &key);
    let mut new = serde_json::to_value(&key).unwrap();
    new["key"] = json!("sk_test_");
    check("NewKey", new);
    let media = store::media::Media {
        id: MediaId(Uuid::nil()),
        status: store::media::MediaStatus::Ready,
        kind: Some(MediaKind::Gif),
        filename: String::new(),
        content_type: String::new(),
        size: Some(1),
        width: Some(1),
        height: Some(1),
        duration_ms: Some(1),
        created_at: NOW,
        expires_at: NOW,
    };
    let mut shown = serde_json::to_value(media).unwrap();
    shown["url"] = json!("https://a.example/");
    check("Media", shown);
    check("Problem", problem());
    for platform in crate::platforms::all() {
        check("Platform", platform);
    }
}

#[test]
fn the_document_in_docs_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let wanted = openapi().to_pretty_json().unwrap() + "\n";
    assert!(
        written == wanted,
        "docs/openapi.json is not up to date; write it with `fanfare openapi > docs/openapi.json`"
    );
}
