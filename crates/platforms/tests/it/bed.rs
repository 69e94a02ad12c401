//! What every test needs: a server on loopback, a door that leads there, a time that stands still.

use std::time::Duration;

use domain::{
    platform::Platform,
    post::Role,
    target::{Live, Outcome, Refusal},
};
use egress::{Deadline, Door, EgressSettings};
use jiff::Timestamp;
use platforms::{Account, Bases, Cx, Part, Sought};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

/// 2026-11-22T10:00:00Z
pub(crate) const NOW: i64 = 1_795_341_600;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time of tests is in range")
}

/// Every origin that is one for all accounts.
pub(crate) const BASES: &[&str] =
    &["x", "facebook", "facebook_www", "instagram", "instagram_api", "instagram_www", "bluesky", "plc"];

pub(crate) struct Bed {
    pub(crate) server: MockServer,
    pub(crate) door: Door,
    pub(crate) bases: Bases,
    pub(crate) now: Timestamp,
}

/// A door that leads to loopback only where it is told to.
pub(crate) fn door() -> Door {
    let allow = vec!["127.0.0.1:*".to_owned(), "localhost:*".to_owned()];
    Door::new(&EgressSettings { allow, ..EgressSettings::default() }).expect("a door opens")
}

impl Bed {
    pub(crate) async fn new() -> Self {
        let server = MockServer::start().await;
        let url = Url::parse(&server.uri()).expect("a server has an address");
        let bases = BASES.iter().copied().fold(Bases::default(), |bases, name| bases.with(name, url.clone()));
        Self { server, door: door(), bases, now: at(NOW) }
    }

    pub(crate) fn uri(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        let deadline = Deadline::after(Duration::from_secs(10));
        Cx { door: &self.door, bases: &self.bases, now: self.now, deadline, readings: None }
    }

    /// Answers `method path` with `status` and `body`, as long as nothing else was told later.
    pub(crate) async fn on(&self, method: &str, path: &str, status: u16, body: Value) {
        self.on_with(method, path, ResponseTemplate::new(status).set_body_json(body)).await;
    }

    pub(crate) async fn on_with(&self, method: &str, path: &str, answer: ResponseTemplate) {
        let mock = Mock::given(matchers::method(method)).and(matchers::path(path));
        mock.respond_with(answer).mount(&self.server).await;
    }

    /// Answers as `on_with` the first time only.
    pub(crate) async fn once(&self, method: &str, path: &str, status: u16, body: Value) {
        let mock = Mock::given(matchers::method(method)).and(matchers::path(path));
        mock.respond_with(ResponseTemplate::new(status).set_body_json(body)).up_to_n_times(1).mount(&self.server).await;
    }

    pub(crate) async fn forget(&self) {
        self.server.reset().await;
    }

    /// Every request so far, without what a client adds by itself.
    pub(crate) async fn seen(&self) -> Vec<Value> {
        self.server.received_requests().await.expect("recording is on").iter().map(describe).collect()
    }
}

fn describe(request: &Request) -> Value {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let mut seen = json!({"call": format!("{} {}", request.method, request.url.path())});
    if let Some(query) = request.url.query() {
        seen["query"] = json!(query);
    }
    for name in ["authorization", "idempotency-key"] {
        if let Some(value) = header(name) {
            seen[name] = json!(value);
        }
    }
    let content_type = header("content-type").unwrap_or_default();
    if content_type.starts_with("application/json") {
        seen["json"] = serde_json::from_slice(&request.body).expect("what we send as JSON is JSON");
    } else if !request.body.is_empty() {
        let text = String::from_utf8_lossy(&request.body);
        let boundary = content_type.split_once("boundary=").map_or("no boundary", |(_, boundary)| boundary);
        seen["body"] = json!(text.replace(boundary, "B"));
        seen["type"] = json!(content_type.replace(boundary, "B"));
    }
    seen
}

/// An account and what it borrows.
pub(crate) struct Connected {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) facts: Value,
    pub(crate) tokens: SecretString,
}

impl Connected {
    pub(crate) fn new(id: &str, username: &str, facts: Value, tokens: Value) -> Self {
        let tokens = SecretString::from(tokens.to_string());
        Self { id: id.to_owned(), username: username.to_owned(), facts, tokens }
    }

    pub(crate) fn get(&self) -> Account<'_> {
        Account { network_unique_id: &self.id, username: &self.username, facts: &self.facts, tokens: &self.tokens }
    }
}

/// A picture that a network has, where it takes no post without one; none elsewhere.
pub(crate) fn needed_media(platform: Platform) -> Vec<(Value, Option<String>)> {
    match platform {
        Platform::Instagram => vec![(json!({"url": "https://f.example/a.jpg", "is_video": false}), None)],
        _ => Vec::new(),
    }
}

/// What was composed, as if the network had prepared it where it does that.
pub(crate) fn prepared(platform: Platform, mut composed: Value) -> Value {
    if platform == Platform::Instagram {
        composed["container"] = json!({"id": "17", "state": "finished"});
    }
    composed
}

/// A main part of plain text.
pub(crate) fn main_part<'a>(content: &'a str, options: &'a Value) -> Part<'a> {
    Part {
        key: "tgt_1/0",
        role: Role::Main,
        content,
        media: &[],
        first_due: at(NOW),
        root: None,
        parent: None,
        options,
    }
}

/// A part below `parent`.
pub(crate) fn reply_part<'a>(content: &'a str, root: &'a Live, parent: &'a Live, options: &'a Value) -> Part<'a> {
    let role = if root == parent { Role::FirstComment } else { Role::Thread };
    Part {
        key: "tgt_1/1",
        role,
        content,
        media: &[],
        first_due: at(NOW),
        root: Some(root),
        parent: Some(parent),
        options,
    }
}

/// A part whose send was not answered.
pub(crate) fn sought(composed: &Value, sent_at: Timestamp) -> Sought<'_> {
    Sought { composed, sent_at, is_recomposed: false, handle: None, known: &[] }
}

/// An outcome in one line: `published`, `ambiguous`, `throttled +60`, `not_now`, `rejected duplicate_content`, ...
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Published(_) => "published".to_owned(),
        Outcome::Accepted { .. } => "accepted".to_owned(),
        Outcome::Ambiguous { .. } => "ambiguous".to_owned(),
        Outcome::Refused(refusal) => self::refusal(refusal),
    }
}

pub(crate) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Rejected { code, .. } => format!("rejected {code}"),
        Refusal::Auth { code, .. } => format!("auth {code}"),
        Refusal::Throttled { until, .. } => format!("throttled +{}", until.as_second() - NOW),
        Refusal::NotNow { after, .. } => match after {
            Some(after) => format!("not_now +{}", after.as_secs()),
            None => "not_now".to_owned(),
        },
    }
}

pub(crate) fn message(refusal: &Refusal) -> &str {
    refusal.message()
}
