//! A gateway with everything it needs, on a port and a database of its own, and callers of it.

use std::{
    sync::Arc,
    time::Duration,
};

use bus::Bus;
use domain::{
    ids::{AccountId, KeyId, ProjectId},
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
};
use egress::{Deadline, Door, EgressSettings, Limits};
use gateway::{Bound, Parts, Scope, Settings};
use http::{HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use media::{Objects, Storage};
use runtime::{
    clock::SystemClock,
    metrics::Metrics,
    settings::{Environment, load_from},
    shutdown::Shutdown,
};
use serde_json::{Value, json};
use store::{audit::Actor, keys, projects};
use testkit::TestDatabase;
use url::Url;
use uuid::Uuid;
use vault::{PrivateRing, PublicRing};

/// A running gateway.
pub(crate) struct House {
    pub(crate) db: TestDatabase,
    pub(crate) store: store::Database,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ring: PrivateRing,
    origin: Url,
    door: Door,
    shutdown: Shutdown,
    _files: tempfile::TempDir,
}

/// One key of one project.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) project: ProjectId,
    key: String,
    origin: Url,
    door: Door,
}

/// An answer with its JSON.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: Value,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::with_sandbox(Some("http://127.0.0.1:1")).await
    }

    pub(crate) async fn with_sandbox(sandbox: Option<&str>) -> Self {
        let db = testkit::database().await;
        let store = db.open();
        let files = tempfile::tempdir().unwrap();
        let keys = vault::generate();
        let door = Door::new(&EgressSettings { allow: vec!["127.0.0.1:*".into()], ..EgressSettings::default() }).unwrap();
        let bus = bus::local();
        let parts = Parts {
            database: store.clone(),
            bus: Arc::clone(&bus),
            ring: keys.public.parse::<PublicRing>().unwrap(),
            door: Door::new(&EgressSettings::default()).unwrap(),
            clock: Arc::new(SystemClock),
            objects: Objects::open(&Storage::Local { root: files.path().into() }).await.unwrap(),
            media_key: "0123456789abcdef0123456789abcdef".to_owned().into(),
            metrics: Metrics::new("gateway"),
            sandbox: sandbox.map(|url| url.parse().unwrap()),
        };
        let settings = [("FANFARE__GATEWAY__PORT".to_owned(), "0".to_owned())];
        let settings: Settings = load_from(gateway::DEFAULT_SETTINGS, gateway::SECTIONS, &Environment::of(settings)).unwrap();
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let Bound { origin, server, .. } = gateway::serve(parts, &settings, shutdown.clone()).await.unwrap();
        tokio::spawn(server);
        let ring = secrecy::ExposeSecret::expose_secret(&keys.private).parse().unwrap();
        Self { db, store, bus, ring, origin, door, shutdown, _files: files }
    }

    /// A new project in test mode and a key with every scope.
    pub(crate) async fn client(&self) -> Client {
        let project = projects::Project {
            id: ProjectId(Uuid::now_v7()),
            name: Uuid::new_v4().to_string(),
            mode: Mode::Test,
            redirect_uris: Vec::new(),
            cors_origins: Vec::new(),
            on_unconfirmed: OnUnconfirmed::Hold,
            on_auth_failure: OnAuthFailure::Hold,
            max_lateness: SignedDuration::from_hours(6),
            dialects: json!({}),
        };
        assert!(projects::insert(&self.store, &project, Timestamp::now()).await.unwrap());
        self.key(project.id, None, &Scope::all().map(Scope::word).collect::<Vec<_>>()).await
    }

    /// Another key of a project.
    pub(crate) async fn key(&self, project: ProjectId, owner: Option<&str>, scopes: &[&str]) -> Client {
        let new = gateway::generate_key(Mode::Test);
        let key = keys::Key {
            id: KeyId(Uuid::now_v7()),
            name: "test".into(),
            key_head: new.head,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            external_id: owner.map(str::to_owned),
            created_at: Timestamp::now(),
            expires_at: None,
        };
        let actor = Actor { project_id: project, name: "test".into(), at: Timestamp::now() };
        keys::insert(&self.store, actor, key, new.hash, None).await.unwrap();
        Client { project, key: new.text, origin: self.origin.clone(), door: self.door.clone() }
    }

    /// An account as if it had been connected.
    pub(crate) async fn account(&self, client: &Client, platform: Platform, owner: Option<&str>) -> AccountId {
        let id = AccountId(Uuid::now_v7());
        let owner = owner.map_or("NULL".to_owned(), |owner| format!("'{owner}'"));
        self.db
            .execute(&format!(
                "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, external_id, username, \
                   account_type, status) \
                 VALUES ('{}', '{}', '{platform}', 'n-{}', {owner}, 'alice', 'person', 'active'); \
                 INSERT INTO account_tokens (account_id, project_id, sealed) VALUES ('{}', '{}', '\\x00')",
                id.0, client.project.0, id.0, id.0, client.project.0
            ))
            .await;
        id
    }

    /// Rows of all the tables that accepting a post writes to.
    pub(crate) async fn rows(&self) -> i64 {
        let tables = ["posts", "post_containers", "post_progress", "post_targets", "target_parts", "publish_queue",
            "events", "idempotency_keys", "jobs"];
        let counts: Vec<_> = tables.iter().map(|table| format!("(SELECT count(*) FROM {table})")).collect();
        self.db.count(&format!("SELECT {}", counts.join(" + "))).await
    }

    /// A number from the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.db.count(sql).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.stop_hard();
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body), None).await
    }

    pub(crate) async fn keyed(&self, path: &str, key: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body), Some(key)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body), None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>, key: Option<&str>) -> Reply {
        let url = self.origin.join(path).unwrap();
        let header = |text: &str| HeaderValue::try_from(text).unwrap();
        let mut request = egress::Request::new(method, url)
            .header(http::header::AUTHORIZATION, header(&format!("Bearer {}", self.key)));
        if let Some(key) = key {
            request = request.header(HeaderName::from_static("idempotency-key"), header(key));
        }
        if let Some(body) = body {
            request = request.body(egress::Body::Json(body));
        }
        let limits = Limits::new(Deadline::after(Duration::from_secs(30)), 10 << 20);
        let answer = self.door.exchange(request, limits).await.unwrap();
        let bytes = answer.body.to_vec();
        Reply {
            status: answer.status.as_u16(),
            headers: answer.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }
}

impl Reply {
    /// The body, once the status is what it should be.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Place and code of every fault, sorted.
    #[track_caller]
    pub(crate) fn faults(self) -> Vec<(String, String)> {
        let body = self.expect(422);
        assert_eq!(body["code"], "validation_failed", "{body:#}");
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let mut faults: Vec<_> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| (text(fault, "pointer"), text(fault, "code")))
            .collect();
        faults.sort();
        faults
    }
}

/// What [`Reply::faults`] should be.
pub(crate) fn faults(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut expected: Vec<_> = expected.iter().map(|(at, code)| ((*at).to_owned(), (*code).to_owned())).collect();
    expected.sort();
    expected
}
