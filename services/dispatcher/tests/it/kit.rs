//! A dispatcher with its surroundings: a database, a bus, a relay, a clock that stands still.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::Bus;
use dispatcher::{DispatcherSettings, Parts};
use domain::job::{Handover, LANES_PER_MESSAGE, Queue};
use egress::{Door, EgressSettings};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use runtime::{admin::AdminSettings, clock::ManualClock, metrics::Metrics, shutdown::Shutdown};
use store::{
    Database,
    lanes::{Lanes, LeaseSettings},
};
use testkit::{TestDatabase, receiver::Received};
use tokio::task::JoinHandle;
use uuid::Uuid;
use vault::{Context, PrivateRing, PublicRing};

/// Waiting for something that does not come ends the test.
const PATIENCE: Duration = Duration::from_secs(15);

/// What an endpoint's only secret says, unless a test gives another.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A house with an empty database and no dispatcher yet.
pub(crate) struct House {
    pub(crate) test: TestDatabase,
    pub(crate) database: Database,
    pub(crate) clock: ManualClock,
    pub(crate) project: Uuid,
    pub(crate) exchange_timeout_ms: u64,
    pub(crate) lease_ms: u64,
    pub(crate) allow: Vec<String>,
    private: PrivateRing,
    public: PublicRing,
    bus: Arc<dyn Bus>,
    relay: JoinHandle<()>,
}

/// A dispatcher that runs.
pub(crate) struct Running {
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: Metrics,
    task: JoinHandle<Result<(), dispatcher::DispatcherError>>,
}

impl Running {
    /// Stops it in order.
    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.task.await.expect("no panic").expect("an orderly end");
    }

    /// As `kill -9` would: nothing more is written, leases stay.
    pub(crate) async fn kill(self) {
        self.shutdown.stop_hard();
        let _ = self.task.await;
    }
}

/// How an endpoint differs from the ordinary one.
pub(crate) struct Wish<'a> {
    pub(crate) ordering: &'a str,
    pub(crate) max_in_flight: i32,
    pub(crate) rate: Option<i32>,
    pub(crate) status: &'a str,
    pub(crate) headers: Option<&'a str>,
    pub(crate) events: &'a str,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { ordering: "none", max_in_flight: 10, rate: None, status: "active", headers: None, events: "*" }
    }
}

/// An event on its way to endpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) event: Uuid,
}

impl Sent {
    pub(crate) fn id(&self) -> String {
        domain::ids::EventId(self.event).to_string()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let test = testkit::database().await;
        let database = test.open();
        let keys = vault::generate();
        let public: PublicRing = keys.public.parse().unwrap();
        let private: PrivateRing = {
            use secrecy::ExposeSecret as _;
            keys.private.expose_secret().parse().unwrap()
        };
        let bus = bus::local();
        let relay = tokio::spawn(relay(database.clone(), Arc::clone(&bus)));
        let project = Uuid::now_v7();
        test.execute(&format!("INSERT INTO projects (id, name, mode) VALUES ('{project}', 'it', 'test')")).await;
        Self {
            test,
            database,
            clock: ManualClock::new(Timestamp::from_second(1_767_225_600).unwrap()),
            project,
            exchange_timeout_ms: 20_000,
            lease_ms: 60_000,
            allow: vec!["127.0.0.1:*".to_owned()],
            private,
            public,
            bus,
            relay,
        }
    }

    pub(crate) fn dispatch(&self) -> Running {
        self.dispatch_with(512)
    }

    pub(crate) fn dispatch_with(&self, endpoints: usize) -> Running {
        let shutdown = Shutdown::new(Duration::from_secs(10));
        let metrics = Metrics::new("dispatcher");
        let egress = EgressSettings { allow: self.allow.clone(), ..EgressSettings::default() };
        let parts = Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.private.clone(),
            door: Door::new(&egress).unwrap(),
            clock: Arc::new(self.clock.clone()),
            metrics: metrics.clone(),
        };
        let settings = DispatcherSettings {
            endpoints,
            exchange_timeout_ms: self.exchange_timeout_ms,
            lease_ms: self.lease_ms,
            shutdown_seconds: 10,
            admin: AdminSettings { host: "127.0.0.1".to_owned(), port: 0 },
        };
        let until = shutdown.clone();
        let task = tokio::spawn(async move { dispatcher::serve(parts, &settings, until).await });
        Running { shutdown, metrics, task }
    }

    /// An endpoint with one secret, [`SECRET`].
    pub(crate) async fn endpoint(&self, url: &str, wish: Wish<'_>) -> Uuid {
        let id = Uuid::now_v7();
        let headers = match wish.headers {
            None => "NULL".to_owned(),
            Some(json) => {
                let context =
                    Context { table: "webhook_endpoints", column: "sealed_headers", row: id, project: self.project };
                bytea(&self.public.seal(json.as_bytes(), &context).unwrap())
            }
        };
        let rate = wish.rate.map_or("NULL".to_owned(), |rate| rate.to_string());
        self.test
            .execute(&format!(
                "INSERT INTO webhook_endpoints (id, project_id, url, events, status, ordering, max_in_flight, \
                 rate_per_second, sealed_headers) VALUES ('{id}', '{}', '{url}', ARRAY['{}'], '{}', '{}', {}, {rate}, \
                 {headers})",
                self.project, wish.events, wish.status, wish.ordering, wish.max_in_flight,
            ))
            .await;
        self.secret(id, SECRET, "NULL").await;
        id
    }

    /// One more secret; `expires` is SQL.
    pub(crate) async fn secret(&self, endpoint: Uuid, text: &str, expires: &str) {
        let id = Uuid::now_v7();
        let context = Context { table: "webhook_secrets", column: "sealed", row: id, project: self.project };
        let sealed = bytea(&self.public.seal(text.as_bytes(), &context).unwrap());
        self.test
            .execute(&format!(
                "INSERT INTO webhook_secrets (id, project_id, endpoint_id, sealed, expires_at) \
                 VALUES ('{id}', '{}', '{endpoint}', {sealed}, {expires})",
                self.project
            ))
            .await;
    }

    /// One event, due now at each endpoint.
    pub(crate) async fn event(&self, endpoints: &[Uuid], resource: Uuid, seq: i64, body: &str) -> Sent {
        let event = Uuid::now_v7();
        let project = self.project;
        let mut sql = format!(
            "BEGIN; INSERT INTO events (id, project_id, type, resource_id, resource_seq, owners, body, created_at) \
             VALUES ('{event}', '{project}', 'post.published', '{resource}', {seq}, '{{}}', $body${body}$body$, now());"
        );
        for endpoint in endpoints {
            let delivery = Uuid::now_v7();
            sql.push_str(&format!(
                "INSERT INTO webhook_deliveries (id, project_id, endpoint_id, event_id, event_type, created_at, \
                   next_attempt_at) \
                   VALUES ('{delivery}', '{project}', '{endpoint}', '{event}', 'post.published', now(), now()); \
                 INSERT INTO delivery_queue (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, \
                   resource_seq) \
                   VALUES ('{endpoint}', now(), '{event}', '{delivery}', '{project}', '{resource}', {seq}); \
                 {}",
                wake(project, *endpoint)
            ));
        }
        sql.push_str("COMMIT;");
        self.test.execute(&sql).await;
        Sent { event }
    }

    /// Events of resources of their own.
    pub(crate) async fn events(&self, endpoint: Uuid, count: usize) -> Vec<Sent> {
        let mut sent = Vec::new();
        for nth in 0..count {
            sent.push(self.event(&[endpoint], Uuid::now_v7(), 1, &format!("{{\"nth\":{nth}}}")).await);
        }
        sent
    }

    /// Makes everything that waits for an endpoint due now.
    pub(crate) async fn make_due(&self, endpoint: Uuid) {
        self.test
            .execute(&format!(
                "UPDATE delivery_queue SET due_at = now() WHERE endpoint_id = '{endpoint}'; {}",
                wake(self.project, endpoint)
            ))
            .await;
    }

    /// Ends every lease, as time would.
    pub(crate) async fn expire_leases(&self) {
        self.test.execute("UPDATE jobs SET lease_until = now() WHERE lease_until IS NOT NULL").await;
    }

    /// Waits until a query's first column is `expected`.
    pub(crate) async fn until_count(&self, sql: &str, expected: i64) {
        let began = std::time::Instant::now();
        loop {
            let count = self.test.count(sql).await;
            if count == expected {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{sql}: {count} and not {expected}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn until_status(&self, sent: &Sent, status: &str) {
        let sql = format!(
            "SELECT count(*) FROM webhook_deliveries WHERE event_id = '{}' AND status = '{status}'",
            sent.event
        );
        self.until_count(&sql, 1).await;
    }

    pub(crate) async fn until_attempts(&self, count: i64) {
        self.until_count("SELECT count(*) FROM webhook_attempts", count).await;
    }

    pub(crate) async fn until_idle(&self) {
        self.until_count("SELECT count(*) FROM jobs WHERE lease_until IS NOT NULL", 0).await;
    }

    pub(crate) async fn endpoint_status(&self, endpoint: Uuid) -> String {
        self.test.texts(&format!("SELECT status FROM webhook_endpoints WHERE id = '{endpoint}'")).await.remove(0)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

fn wake(project: Uuid, endpoint: Uuid) -> String {
    format!(
        "INSERT INTO jobs (kind, key, project_id, queue, wake_at) VALUES (3, '{endpoint}', '{project}', 101, now()) \
         ON CONFLICT (kind, key) DO UPDATE SET wake_at = LEAST(jobs.wake_at, EXCLUDED.wake_at);"
    )
}

fn bytea(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{digits}'")
}

/// What the gateway does: hands over what is due.
async fn relay(database: Database, bus: Arc<dyn Bus>) {
    let lanes = Lanes::new(database, LeaseSettings::default());
    loop {
        let claimed = lanes.claim(Queue::Deliver, 1_000).await.unwrap_or_default();
        let handovers = claimed
            .chunks(LANES_PER_MESSAGE)
            .map(|lanes| Handover { queue: Queue::Deliver, lanes: lanes.to_vec() })
            .collect();
        bus.send(handovers).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The signature by a second reading of the specification: `v1,` and the Base64 of HMAC-SHA256 with the bytes behind
/// `whsec_` over id, timestamp and body, joined by dots.
pub(crate) fn expected_signature(secret: &str, request: &Received) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut signed = Vec::new();
    for part in [request.header("webhook-id").as_bytes(), request.header("webhook-timestamp").as_bytes(), &request.body]
    {
        if !signed.is_empty() {
            signed.push(b'.');
        }
        signed.extend_from_slice(part);
    }
    let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

pub(crate) fn ids(received: &[Received]) -> Vec<String> {
    received.iter().map(|request| request.header("webhook-id").to_owned()).collect()
}

pub(crate) fn distinct(received: &[Received]) -> BTreeSet<String> {
    ids(received).into_iter().collect()
}
