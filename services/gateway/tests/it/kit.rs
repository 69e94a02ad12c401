//! A gateway on a free port over a database of its own, and a client that speaks JSON to it.

use std::{sync::Arc, time::Duration};

use domain::{
    ids::{KeyId, ProjectId},
    policy::{DEFAULT_MAX_LATENESS, Mode, OnAuthFailure, OnUnconfirmed},
};
use egress::{Body, Deadline, Door, EgressSettings, HeaderMap, HeaderName, HeaderValue, Limits, Method, Request};
use gateway::{Parts, Scope, Settings};
use jiff::Timestamp;
use runtime::{
    clock::{Clock as _, ManualClock},
    metrics::Metrics,
    settings::{Environment, load_from},
    shutdown::Shutdown,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use store::{
    audit::Actor,
    keys::{self, Key},
    projects::{self, Project},
};
use testkit::TestDatabase;
use tokio::task::JoinHandle;
use uuid::Uuid;
use vault::PrivateRing;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running gateway.
pub struct Gateway {
    pub db: TestDatabase,
    pub store: store::Database,
    pub project: Project,
    pub clock: ManualClock,
    pub ring: PrivateRing,
    pub metrics: Metrics,
    pub bus: Arc<dyn bus::Bus>,
    origin: String,
    door: Door,
    shutdown: Shutdown,
    server: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

impl Gateway {
    /// One with a test project, whose clock stands at the time it was started.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let db = testkit::database().await;
        let store = db.open();
        let pair = vault::generate();
        let directory = tempfile::tempdir().unwrap();
        let door = Door::new(&EgressSettings { allow: vec!["127.0.0.1:*".to_owned()], ..EgressSettings::default() }).unwrap();
        let clock = ManualClock::new(runtime::clock::SystemClock.now());
        let metrics = Metrics::new("gateway");
        let bus = bus::local();
        let none: [(String, String); 0] = [];
        let mut settings: Settings = load_from(gateway::DEFAULT_SETTINGS, gateway::SECTIONS, &Environment::of(none)).unwrap();
        settings.gateway.port = 0;
        settings.gateway.workers = 2;
        change(&mut settings);
        let parts = Parts {
            database: store.clone(),
            bus: Arc::clone(&bus),
            ring: pair.public.parse().unwrap(),
            door: door.clone(),
            clock: Arc::new(clock.clone()),
            objects: media::Objects::open(&media::Storage::Local { root: directory.path().to_owned() }).await.unwrap(),
            media_key: "a key that signs the links of tests".into(),
            metrics: metrics.clone(),
            sandbox: Some("http://127.0.0.1:1".parse().unwrap()),
        };
        let shutdown = Shutdown::new(Duration::from_secs(1));
        let bound = gateway::serve(parts, &settings, shutdown.clone()).await.unwrap();
        let origin = bound.origin.as_str().trim_end_matches('/').to_owned();
        let server = tokio::spawn(async move { bound.server.await.unwrap() });
        let project = project(&store, "acme", Mode::Test).await;
        let ring = pair.private.expose_secret().parse().unwrap();
        Self { db, store, project, clock, ring, metrics, bus, origin, door, shutdown, server, _directory: directory }
    }

    /// A client with every scope.
    pub async fn client(&self) -> Client {
        self.client_of(&self.project, Scope::all().collect(), None).await
    }

    /// A client with a new key.
    pub async fn client_of(&self, project: &Project, scopes: Vec<Scope>, owner: Option<&str>) -> Client {
        let made = gateway::generate_key(project.mode);
        let now = self.clock.now();
        let key = Key {
            id: KeyId(Uuid::now_v7()),
            name: "test".to_owned(),
            key_head: made.head,
            scopes: scopes.into_iter().map(|scope| scope.word().to_owned()).collect(),
            external_id: owner.map(str::to_owned),
            created_at: now,
            expires_at: None,
        };
        let actor = Actor { project_id: project.id, name: "test".to_owned(), at: now };
        keys::insert(&self.store, actor, key, made.hash, None).await.unwrap();
        self.with_key(&made.text)
    }

    /// A client with this key, good or not.
    pub fn with_key(&self, key: &str) -> Client {
        Client { origin: self.origin.clone(), door: self.door.clone(), key: Some(key.to_owned()) }
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Client {
        Client { key: None, ..self.with_key("") }
    }

    /// Another project in the same database.
    pub async fn other_project(&self) -> Project {
        project(&self.store, "other", Mode::Test).await
    }

    /// Stops it and waits until it has.
    pub async fn stop(self) -> TestDatabase {
        self.shutdown.stop();
        self.server.await.unwrap();
        self.db
    }
}

async fn project(store: &store::Database, name: &str, mode: Mode) -> Project {
    let project = Project {
        id: ProjectId(Uuid::now_v7()),
        name: name.to_owned(),
        mode,
        redirect_uris: Vec::new(),
        cors_origins: Vec::new(),
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        max_lateness: DEFAULT_MAX_LATENESS,
        dialects: Value::Object(serde_json::Map::new()),
    };
    let now: Timestamp = runtime::clock::SystemClock.now();
    assert!(projects::insert(store, &project, now).await.unwrap());
    project
}

/// Speaks to a gateway.
#[derive(Clone)]
pub struct Client {
    origin: String,
    door: Door,
    key: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body, of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks a problem: status, code, and the pointers and codes of its faults in any order.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str, faults: &[(&str, &str)]) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        let request_id = self.body["request_id"].as_str().unwrap();
        assert_eq!(self.header("x-request-id"), request_id);
        let text = |fault: &Value, field: &str| fault[field].as_str().unwrap().to_owned();
        let mut found: Vec<_> = self.body["errors"]
            .as_array()
            .map(|faults| faults.iter().map(|fault| (text(fault, "pointer"), text(fault, "code"))).collect())
            .unwrap_or_default();
        let mut wanted: Vec<_> = faults.iter().map(|(at, code)| ((*at).to_owned(), (*code).to_owned())).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{}", self.body);
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

impl Client {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::Empty, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::Json(body), &[]).await
    }

    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, Body::Empty, &[]).await
    }

    /// With an `Idempotency-Key`.
    pub async fn post_once(&self, key: &str, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::Json(body), &[("idempotency-key", key)]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Body::Json(body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::Empty, &[]).await
    }

    /// Anything. `path` may be a whole URL.
    pub async fn send(&self, method: Method, path: &str, body: Body, headers: &[(&str, &str)]) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        let mut request = Request::new(method, url.parse().unwrap()).body(body);
        let mut header = |name: &str, value: &str| {
            request.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        };
        if let Some(key) = &self.key {
            header("authorization", &format!("Bearer {key}"));
        }
        for (name, value) in headers {
            header(name, value);
        }
        let limits = Limits::new(Deadline::after(PATIENCE), 8 << 20);
        let response = self.door.exchange(request, limits).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        Answer { status: response.status.as_u16(), headers: response.headers, body, bytes: response.body.to_vec() }
    }
}
