//! A connector at work, its callers' side of the bus, and a relay that hands lanes over when told to.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::{AskError, Bus};
use connector::{ConnectorError, ConnectorSettings, Parts, serve};
use domain::{
    account::Account,
    connection::{ConnectAnswer, ConnectQuestion, ConnectRequest, SEALED_IN},
    ids::{AccountId, ContainerId, PostId, ProjectId, TargetId},
    job::{Call, Handover, Queue},
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
};
use egress::{Door, EgressSettings};
use jiff::{SignedDuration, Timestamp};
use platforms::Network;
use runtime::{
    admin::AdminSettings,
    clock::{Clock as _, SystemClock},
    metrics::Metrics,
    shutdown::Shutdown,
};
use serde_json::{Value, json};
use store::{
    Database,
    audit::Actor,
    lanes::{Lanes, LeaseSettings},
    posts::{NewContainer, NewPost, NewTarget, Posts},
    projects::{self, Project},
};
use testkit::TestDatabase;
use tokio::task::JoinHandle;
use uuid::Uuid;
use vault::{Context, PrivateRing};

use crate::canned::Canned;

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) store: Database,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ring: PrivateRing,
    pub(crate) project: ProjectId,
    /// X and Bluesky, whose tokens run out.
    pub(crate) network: &'static Canned,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: Metrics,
    pub(crate) service: JoinHandle<Result<(), ConnectorError>>,
    lanes: Lanes,
    posts: Posts,
}

pub(crate) fn settings() -> ConnectorSettings {
    ConnectorSettings {
        questions: 32,
        identify_timeout_ms: 8_000,
        lanes: 16,
        refresh_timeout_ms: 15_000,
        first_wait_ms: 5_000,
        longest_wait_ms: 60_000,
        lease_ms: 60_000,
        shutdown_seconds: 10,
        admin: AdminSettings { host: "127.0.0.1".to_owned(), port: 0 },
    }
}

pub(crate) fn ring() -> PrivateRing {
    use secrecy::ExposeSecret as _;
    vault::generate().private.expose_secret().parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn in_seconds(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: ConnectorSettings) -> Self {
        let database = testkit::database().await;
        let store = database.open();
        let project = insert_project(&store, "acme", Mode::Live).await;
        let (network, without_refresh) = (Canned::new(true), Canned::new(false));
        let bus = bus::local();
        let ring = ring();
        let shutdown = Shutdown::new(Duration::from_secs(settings.shutdown_seconds));
        let metrics = Metrics::new("connector");
        let parts = Parts {
            database: store.clone(),
            bus: Arc::clone(&bus),
            ring: ring.clone(),
            door: Door::new(&EgressSettings::default()).unwrap(),
            clock: Arc::new(SystemClock),
            metrics: metrics.clone(),
            sandbox: Some("http://127.0.0.1:9".parse().unwrap()),
            networks: Arc::new(move |platform| -> &'static dyn Network {
                if platform == Platform::Mastodon { without_refresh } else { network }
            }),
        };
        Self {
            lanes: Lanes::new(store.clone(), LeaseSettings::default()),
            posts: Posts::new(store.clone()),
            service: tokio::spawn(serve(parts, settings, shutdown.clone())),
            database,
            store,
            bus,
            ring,
            project,
            network,
            shutdown,
            metrics,
        }
    }

    /// What the gateway asks.
    pub(crate) fn request(&self, credentials: &Value, owner: Option<&str>) -> ConnectRequest {
        self.sealed_by(&self.ring, credentials.to_string().as_bytes(), owner)
    }

    pub(crate) fn sealed_by(&self, ring: &PrivateRing, credentials: &[u8], owner: Option<&str>) -> ConnectRequest {
        let id = Uuid::now_v7();
        let (table, column) = SEALED_IN;
        let context = Context { table, column, row: id, project: self.project.0 };
        ConnectRequest {
            id,
            project_id: self.project,
            mode: Mode::Live,
            platform: Platform::X,
            external_id: owner.map(str::to_owned),
            sealed_credentials: STANDARD.encode(ring.public().seal(credentials, &context).unwrap()),
            trace: None,
        }
    }

    pub(crate) async fn ask(&self, body: Vec<u8>) -> Result<ConnectAnswer, AskError> {
        let answer = self.bus.ask(Call::Connect, body, Duration::from_secs(10)).await?;
        Ok(serde_json::from_slice(&answer).expect("an answer"))
    }

    pub(crate) async fn send(&self, request: &ConnectRequest) -> ConnectAnswer {
        self.ask(serde_json::to_vec(&ConnectQuestion::Credentials(request.clone())).unwrap()).await.expect("an answer")
    }

    pub(crate) async fn connect(&self, credentials: Value, owner: Option<&str>) -> ConnectAnswer {
        self.send(&self.request(&credentials, owner)).await
    }

    /// Connects a profile that may be had.
    pub(crate) async fn account(&self, credentials: Value, owner: Option<&str>) -> Account {
        match self.connect(credentials, owner).await {
            ConnectAnswer::Connected { account, .. } => *account,
            other => panic!("not connected: {other:?}"),
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor { project_id: self.project, name: "key_test".to_owned(), at: now() }
    }

    /// The account's tokens, opened.
    pub(crate) async fn tokens(&self, account: AccountId) -> String {
        let sealed = self.sealed(account).await;
        let context = Context { table: "account_tokens", column: "sealed", row: account.0, project: self.project.0 };
        String::from_utf8(self.ring.open(&hex(&sealed), &context).expect("opens").to_vec()).unwrap()
    }

    /// As they are stored, in hex.
    pub(crate) async fn sealed(&self, account: AccountId) -> String {
        let sql = format!("SELECT encode(sealed, 'hex') FROM account_tokens WHERE account_id = '{}'", account.0);
        self.database.texts(&sql).await.pop().unwrap_or_default()
    }

    pub(crate) async fn status(&self, account: AccountId) -> String {
        self.text(&format!("SELECT status FROM social_accounts WHERE id = '{}'", account.0)).await
    }

    /// The types of the account's events, in order.
    pub(crate) async fn events(&self, account: AccountId) -> Vec<String> {
        let sql = format!("SELECT type FROM events WHERE resource_id = '{}' ORDER BY resource_seq", account.0);
        self.database.texts(&sql).await
    }

    pub(crate) async fn audited(&self, account: AccountId) -> Vec<String> {
        self.database
            .texts(&format!("SELECT action FROM audit_log WHERE subject_id = '{}' ORDER BY id", account.0))
            .await
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        self.database.texts(sql).await.pop().unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// A post of one text on one account, due then.
    pub(crate) async fn post(&self, account: &Account, due: Timestamp) -> TargetId {
        let (post, container, target) = (PostId(Uuid::now_v7()), ContainerId(Uuid::now_v7()), TargetId(Uuid::now_v7()));
        let new = NewPost {
            id: post,
            project_id: self.project,
            external_id: None,
            external_ref: None,
            fingerprint: Vec::new(),
            scheduled_at: (due > now()).then_some(due),
            due: Some(due),
            config: json!({}),
            account_config: json!({}),
            warnings: Vec::new(),
            max_lateness: SignedDuration::from_hours(6),
            trace: None,
            created_at: due.min(now()),
            containers: vec![NewContainer {
                id: container,
                account_id: None,
                position: 0,
                content: "hello".to_owned(),
                media: Vec::new(),
            }],
            targets: vec![NewTarget {
                id: target,
                account_id: account.id,
                platform: account.platform,
                username: account.username.clone(),
                owner: account.external_id.clone(),
                parts: vec![container],
            }],
            idempotency: None,
        };
        self.posts.create(new).await.expect("room").expect("written");
        target
    }

    /// As the publisher leaves targets that were refused for their account's token and wait for another.
    pub(crate) async fn wait_for_tokens(&self, account: AccountId) {
        let id = account.0;
        self.database
            .execute(&format!(
                "UPDATE post_targets SET state = 'queued', refreshed = true, error_code = 'token_expired', \
                   error_message = 'no', next_at = now() + interval '20 s', updated_at = clock_timestamp() \
                 WHERE account_id = '{id}'; \
                 UPDATE publish_queue SET due_at = now() + interval '20 s' WHERE account_id = '{id}'; \
                 UPDATE jobs SET wake_at = now() + interval '20 s' WHERE kind = 1 AND key = '{id}'"
            ))
            .await;
        self.wake_refresh(account).await;
    }

    /// As the publisher asks for fresh tokens.
    pub(crate) async fn wake_refresh(&self, account: AccountId) {
        let (id, project) = (account.0, self.project.0);
        self.database
            .execute(&format!(
                "INSERT INTO jobs (kind, key, project_id, queue, wake_at) VALUES (2, '{id}', '{project}', 100, now()) \
                 ON CONFLICT (kind, key) DO UPDATE SET wake_at = now()"
            ))
            .await;
    }

    /// The tokens were stored that long ago and run out then.
    pub(crate) async fn age_tokens(&self, account: AccountId, stored: &str, expires: &str) {
        let id = account.0;
        self.database
            .execute(&format!(
                "UPDATE account_tokens SET updated_at = now() - interval '{stored}' WHERE account_id = '{id}'; \
                 UPDATE social_accounts SET token_expires_at = now() + interval '{expires}' WHERE id = '{id}'"
            ))
            .await;
    }

    /// Hands over what is due, and returns how many lanes that was.
    pub(crate) async fn relay(&self) -> usize {
        let lanes = self.lanes.claim(Queue::Refresh, 100).await.unwrap();
        let count = lanes.len();
        if count > 0 {
            let sent = self.bus.send(vec![Handover { queue: Queue::Refresh, lanes }]).await;
            assert!(sent.iter().all(Result::is_ok), "{sent:?}");
        }
        count
    }

    /// Hands over what is due and waits until it is given back.
    pub(crate) async fn refresh(&self) -> usize {
        let count = self.relay().await;
        self.idle().await;
        count
    }

    pub(crate) async fn idle(&self) {
        let sql = "SELECT count(*) FROM jobs WHERE kind = 2 AND lease_until IS NOT NULL";
        self.until("the refresh lanes are given back", async || self.database.count(sql).await == 0).await;
    }

    /// When the account's lane of that kind is due, in seconds from now; `None` when it is not.
    pub(crate) async fn due_in(&self, kind: i16, account: AccountId) -> Option<i64> {
        let sql = format!(
            "SELECT (CASE WHEN due_at < 'infinity' THEN round(extract(epoch FROM due_at - now()))::text ELSE '' END) \
             FROM jobs WHERE kind = {kind} AND key = '{}'",
            account.0
        );
        self.database.texts(&sql).await.pop()?.parse().ok()
    }

    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..1_000 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }

    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.service.await.expect("the service did not panic").expect("it ended in order");
    }
}

pub(crate) async fn insert_project(store: &Database, name: &str, mode: Mode) -> ProjectId {
    let project = Project {
        id: ProjectId(Uuid::now_v7()),
        name: name.to_owned(),
        mode,
        redirect_uris: Vec::new(),
        cors_origins: Vec::new(),
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        max_lateness: SignedDuration::from_hours(6),
        dialects: json!({}),
    };
    assert!(projects::insert(store, &project, now()).await.unwrap());
    project.id
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
