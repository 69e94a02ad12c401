//! A gateway on a free port over a database of its own, and a client that speaks JSON to it.

use std::{sync::Arc, time::Duration};

use domain::{
    ids::{KeyId, ProjectId},
    policy::{DEFAULT_MAX_LATENESS, Mode, OnAuthFailure, OnUnconfirmed},
};
use egress::{Body, Deadline, Door, EgressSettings, HeaderMap, HeaderName, HeaderValue, Limits, Method, Request};
use gateway::{Parts, Scope, Settings};
use runtime::{
    clock::{Clock as _, ManualClock, SystemClock},
    metrics::Metrics,
    settings::Environment,
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
use uuid::Uuid;
use vault::PrivateRing;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) db: TestDatabase,
    pub(crate) store: store::Database,
    pub(crate) clock: ManualClock,
    pub(crate) ring: PrivateRing,
    pub(crate) metrics: Metrics,
    pub(crate) bus: Arc<dyn bus::Bus>,
    origin: String,
    door: Door,
    shutdown: Shutdown,
    _files: tempfile::TempDir,
}

impl Gateway {
    /// One whose clock stands at the time it was started.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// One with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let db = testkit::database().await;
        let store = db.open();
        Self::over(db, store, change).await
    }

    /// One whose way to its database is the caller's.
    pub(crate) async fn over(db: TestDatabase, store: store::Database, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::load_from(&Environment::default()).unwrap();
        settings.gateway.port = 0;
        settings.gateway.workers = 2;
        settings.sandbox.url = "http://127.0.0.1:1".to_owned();
        change(&mut settings);
        let (pair, files) = (vault::generate(), tempfile::tempdir().unwrap());
        let clock = ManualClock::new(SystemClock.now());
        let (bus, metrics) = (bus::local(), Metrics::new("gateway"));
        let parts = Parts {
            database: store.clone(),
            bus: Arc::clone(&bus),
            ring: pair.public.parse().unwrap(),
            door: Door::new(&EgressSettings::default()).unwrap(),
            clock: Arc::new(clock.clone()),
            objects: media::Objects::open(&media::Storage::Local { root: files.path().to_owned() }).await.unwrap(),
            media_key: "a key that signs the links of tests".into(),
            metrics: metrics.clone(),
            sandbox: Some(&settings.sandbox.url).filter(|url| !url.is_empty()).map(|url| url.parse().unwrap()),
        };
        let shutdown = Shutdown::new(Duration::from_secs(1));
        let bound = gateway::serve(parts, &settings, shutdown.clone()).await.unwrap();
        tokio::spawn(bound.server);
        Self {
            db,
            store,
            clock,
            ring: pair.private.expose_secret().parse().unwrap(),
            metrics,
            bus,
            origin: bound.origin.as_str().trim_end_matches('/').to_owned(),
            door: Door::new(&EgressSettings { allow: vec!["127.0.0.1:*".to_owned()], ..EgressSettings::default() })
                .unwrap(),
            shutdown,
            _files: files,
        }
    }

    /// A new project in test mode.
    pub(crate) async fn other_project(&self) -> Project {
        let project = Project {
            id: ProjectId(Uuid::now_v7()),
            name: Uuid::new_v4().to_string(),
            mode: Mode::Test,
            redirect_uris: Vec::new(),
            cors_origins: Vec::new(),
            on_unconfirmed: OnUnconfirmed::Hold,
            on_auth_failure: OnAuthFailure::Hold,
            max_lateness: DEFAULT_MAX_LATENESS,
            dialects: Value::Object(serde_json::Map::new()),
        };
        assert!(projects::insert(&self.store, &project, self.clock.now()).await.unwrap());
        project
    }

    /// A client with a new key.
    pub(crate) async fn client_of(&self, project: &Project, scopes: Vec<Scope>, owner: Option<&str>) -> Client {
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
    pub(crate) fn with_key(&self, key: &str) -> Client {
        Client { origin: self.origin.clone(), door: self.door.clone(), key: Some(key.to_owned()) }
    }

    /// A client without a key.
    pub(crate) fn anonymous(&self) -> Client {
        Client { key: None, ..self.with_key("") }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shutdown.stop_hard();
    }
}

/// Speaks to a gateway.
#[derive(Clone)]
pub(crate) struct Client {
    origin: String,
    door: Door,
    key: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `null` where it is no JSON.
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body, once the status is what it should be.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The body, once it has all that every problem has: status, code, type, and one id in body and header.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert!(self.body["type"].as_str().unwrap().ends_with(&format!("/errors#{code}")), "{:#}", self.body);
        assert!(!self.header("x-request-id").is_empty());
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        self.body
    }

    /// A header, empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::Empty, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::Json(body), &[]).await
    }

    /// With an `Idempotency-Key`.
    pub(crate) async fn post_once(&self, key: &str, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::Json(body), &[("idempotency-key", key)]).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Body::Json(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::Empty, &[]).await
    }

    /// Anything, with these headers beside the key. `path` may be a whole URL.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Body, headers: &[(&str, &str)]) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        let mut request = Request::new(method, url.parse().unwrap()).body(body);
        let authorization = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let authorization = authorization.as_deref().map(|text| ("authorization", text));
        for (name, value) in authorization.iter().chain(headers) {
            request.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let limits = Limits::new(Deadline::after(PATIENCE), 8 << 20);
        let response = self.door.exchange(request, limits).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        let bytes = response.body.to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: response.status.as_u16(), headers: response.headers, body, bytes }
    }
}
