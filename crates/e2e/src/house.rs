//! Every service in this process, wired as `fanfare up` wires them.

use std::{path::Path, sync::Arc, sync::Once, time::Duration};

use bus::{Bus, RabbitSettings};
use egress::{Door, EgressSection, EgressSettings};
use media::{Objects, Storage};
use publisher::{Networks, PublisherSettings};
use runtime::{
    admin::AdminSettings,
    clock::{Clock, SystemClock},
    metrics::Metrics,
    secret::Secret,
    shutdown::Shutdown,
    tasks::Tasks,
    telemetry::{self, LogFormat},
};
use sandbox::Sandbox;
use store::{Database, DatabaseSettings};
use tempfile::TempDir;
use testkit::{TestBroker, TestDatabase};
use tokio::task::JoinHandle;
use url::Url;
use vault::PrivateRing;

use crate::{
    Caller, Tenant, Wiretap, World,
    tenant::{self, Policies},
};

/// How work is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Within this process.
    Local,
    /// Through a virtual host of its own.
    RabbitMq,
}

/// What is special about a house.
pub struct Options {
    /// How work is handed over.
    pub transport: Transport,
    /// How the publisher works.
    pub publisher: PublisherSettings,
    /// The networks; the real clients, over the sandbox, unless others are put in.
    pub networks: Networks,
    /// Whether what is said to the database is overheard.
    pub tapped: bool,
    /// Where projects in test mode send to instead of the sandbox.
    pub network: Option<Url>,
    /// The publisher's machine's clock.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// What production has, over this transport.
    pub fn over(transport: Transport) -> Self {
        Self {
            transport,
            publisher: usual_publisher(),
            networks: Arc::new(platforms::network),
            tapped: false,
            network: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// With the times short that come between a lost answer and finding out: production's are half a minute each.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.publisher.send_timeout_ms = 1_500;
        self.publisher.grace_ms = 200;
        self
    }

    /// With the wire to the database tapped.
    #[must_use]
    pub fn tapped(mut self) -> Self {
        self.tapped = true;
        self
    }

    /// With test projects sending to a real server.
    #[must_use]
    pub fn sending_to(mut self, origin: &Url) -> Self {
        self.network = Some(origin.clone());
        self
    }

    /// With a publisher whose machine has this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// With other networks.
    #[must_use]
    pub fn networks(mut self, networks: Networks) -> Self {
        self.networks = networks;
        self
    }
}

fn usual_publisher() -> PublisherSettings {
    PublisherSettings {
        lanes: 256,
        send_timeout_ms: 30_000,
        grace_ms: 30_000,
        lease_ms: 60_000,
        quantum_ms: 2_000,
        shutdown_seconds: 10,
        admin: nowhere(),
    }
}

/// A house has no admin port; what it would tell is at hand.
fn nowhere() -> AdminSettings {
    AdminSettings { host: "127.0.0.1".to_owned(), port: 0 }
}

/// Every service, running.
pub struct House {
    /// Its own database.
    pub db: TestDatabase,
    /// The services' pool.
    pub database: Database,
    /// How work is handed over.
    pub bus: Arc<dyn Bus>,
    /// The sealing keys.
    pub ring: PrivateRing,
    /// The services' numbers.
    pub metrics: Metrics,
    /// The API.
    pub gateway: Caller,
    /// The networks.
    pub world: World,
    tap: Option<Wiretap>,
    shutdown: Shutdown,
    running: Option<JoinHandle<Result<(), String>>>,
    sandbox: Option<Sandbox>,
    broker: Option<TestBroker>,
    _files: TempDir,
}

impl House {
    /// Starts everything, on free ports.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn up(options: Options) -> Self {
        log();
        let files = tempfile::tempdir().expect("a directory");
        let (db, broker, sandbox) = tokio::join!(
            testkit::database(),
            async {
                match options.transport {
                    Transport::Local => None,
                    Transport::RabbitMq => Some(testkit::broker().await),
                }
            },
            open_sandbox(files.path())
        );
        let origin: Url = sandbox.url().parse().expect("the sandbox's origin");
        let bus = match &broker {
            None => bus::local(),
            Some(broker) => bus::rabbitmq(RabbitSettings::for_url(broker.url().to_owned())).await.expect("a bus"),
        };
        let tap = if options.tapped { Some(Wiretap::on(db.url()).await) } else { None };
        let database = DatabaseSettings {
            pool_size: 16,
            ..DatabaseSettings::for_url(tap.as_ref().map_or(db.url(), Wiretap::url))
        };
        let keys = vault::generate();
        let shared = Shared {
            database: Database::new(&database).expect("a pool"),
            bus,
            ring: secrecy::ExposeSecret::expose_secret(&keys.private).parse().expect("a key just made"),
            door: Door::new(&EgressSettings { allow: allowed(), ..EgressSettings::default() }).expect("a door"),
            objects: Objects::open(&Storage::Local { root: files.path().join("media") }).await.expect("a directory"),
            metrics: Metrics::new("fanfare"),
            sandbox: options.network.unwrap_or_else(|| origin.clone()),
            networks: options.networks,
            clock: options.clock,
        };
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let settings = shared.gateway_settings(files.path());
        let bound = gateway::serve(shared.of_gateway(), &settings, shutdown.clone()).await.expect("a free port");
        let gateway = Caller::of(&bound.origin);
        let tasks = Tasks::new(shutdown.clone());
        tasks.spawn("gateway", bound.server);
        tasks.spawn(
            "publisher",
            publisher::serve(shared.of_publisher(&bound.origin), options.publisher, shutdown.clone()),
        );
        let (parts, stop) = (shared.of_dispatcher(), shutdown.clone());
        tasks.spawn("dispatcher", async move { dispatcher::serve(parts, &dispatcher_settings(), stop).await });
        let (parts, stop) = (shared.of_connector(), shutdown.clone());
        tasks.spawn("connector", async move { connector::serve(parts, connector_settings(), stop).await });
        let running = tokio::spawn(async move { tasks.finish().await.map_err(|error| error.to_string()) });
        Self {
            db,
            database: shared.database,
            bus: shared.bus,
            ring: shared.ring,
            metrics: shared.metrics,
            gateway,
            world: World::new(Caller::of(&origin)),
            tap,
            shutdown,
            running: Some(running),
            sandbox: Some(sandbox),
            broker,
            _files: files,
        }
    }

    /// A new project with a key.
    pub async fn tenant(&self) -> Tenant {
        self.tenant_with(Policies::default()).await
    }

    /// A new project with a key and policies of its own.
    pub async fn tenant_with(&self, policies: Policies) -> Tenant {
        tenant::move_in(&self.database, &self.gateway, &self.world, policies).await
    }

    /// The virtual host, where there is one.
    pub fn broker(&self) -> Option<&TestBroker> {
        self.broker.as_ref()
    }

    /// What is said to the database.
    ///
    /// # Panics
    /// When the wire is not tapped.
    pub fn tap(&self) -> &Wiretap {
        self.tap.as_ref().expect("a tapped house")
    }

    /// Ends everything in an orderly way, as SIGTERM would, and says what became of it.
    ///
    /// # Errors
    /// What a service says when it ended otherwise than asked to.
    ///
    /// # Panics
    /// When a service panicked.
    pub async fn down(mut self) -> Result<(), String> {
        self.shutdown.stop();
        let ended = match self.running.take() {
            Some(running) => running.await.expect("no panic"),
            None => Ok(()),
        };
        self.bus.close().await;
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop().await;
        }
        ended
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.stop_hard();
    }
}

/// Programs on this machine stand for the internet.
pub(crate) fn allowed() -> Vec<String> {
    vec!["127.0.0.1:*".to_owned(), "localhost:*".to_owned()]
}

/// What the services of one process share.
struct Shared {
    database: Database,
    bus: Arc<dyn Bus>,
    ring: PrivateRing,
    door: Door,
    objects: Objects,
    metrics: Metrics,
    sandbox: Url,
    networks: Networks,
    /// The publisher's.
    clock: Arc<dyn Clock>,
}

impl Shared {
    fn of_gateway(&self) -> gateway::Parts {
        gateway::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.public(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            objects: self.objects.clone(),
            media_key: signing_key(),
            metrics: self.metrics.for_service("gateway"),
            sandbox: Some(self.sandbox.clone()),
        }
    }

    fn gateway_settings(&self, files: &Path) -> gateway::Settings {
        gateway::Settings {
            gateway: gateway::ServerSettings {
                host: "127.0.0.1".to_owned(),
                port: 0,
                workers: 2,
                public_url: String::new(),
                oauth_url: String::new(),
                shutdown_seconds: 10,
                admin: nowhere(),
            },
            // What follows is for a gateway that makes its parts itself, but for the limits of uploads.
            database: DatabaseSettings::for_url(String::new()),
            broker: RabbitSettings::for_url(String::new()),
            egress: EgressSection { allow: Vec::new(), connect_timeout_ms: 5_000, ca_file: "".into() },
            vault: gateway::VaultSection { public_keys: String::new() },
            media: gateway::MediaSection {
                directory: files.join("media"),
                signing_key: signing_key(),
                max_upload_bytes: 256 << 20,
                upload_seconds: 3_600,
                kept_hours: 720,
            },
            sandbox: gateway::SandboxSection { url: self.sandbox.to_string() },
            log: gateway::LogSection { format: LogFormat::Pretty, filter: "info".to_owned() },
        }
    }

    fn of_publisher(&self, origin: &Url) -> publisher::Parts {
        publisher::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            objects: self.objects.clone(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.for_service("publisher"),
            sandbox: Some(self.sandbox.clone()),
            networks: Arc::clone(&self.networks),
            links: Some(publisher::Links::new(origin.clone(), signing_key())),
        }
    }

    fn of_dispatcher(&self) -> dispatcher::Parts {
        dispatcher::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            metrics: self.metrics.for_service("dispatcher"),
        }
    }

    fn of_connector(&self) -> connector::Parts {
        connector::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            metrics: self.metrics.for_service("connector"),
            sandbox: Some(self.sandbox.clone()),
            networks: Arc::clone(&self.networks),
        }
    }
}

fn signing_key() -> Secret {
    "0123456789abcdef0123456789abcdef".to_owned().into()
}

fn dispatcher_settings() -> dispatcher::DispatcherSettings {
    dispatcher::DispatcherSettings {
        endpoints: 256,
        exchange_timeout_ms: 20_000,
        lease_ms: 60_000,
        shutdown_seconds: 10,
        admin: nowhere(),
    }
}

fn connector_settings() -> connector::ConnectorSettings {
    connector::ConnectorSettings {
        questions: 32,
        identify_timeout_ms: 8_000,
        lanes: 128,
        refresh_timeout_ms: 15_000,
        first_wait_ms: 5_000,
        longest_wait_ms: 900_000,
        lease_ms: 60_000,
        shutdown_seconds: 10,
        admin: nowhere(),
    }
}

async fn open_sandbox(files: &Path) -> Sandbox {
    let settings = sandbox::Settings { port: 0, data_dir: files.join("sandbox"), ..sandbox::Settings::default() };
    Sandbox::start(settings).await.expect("a sandbox")
}

/// To standard error, which the test runner shows of a test that failed. `FANFARE_TEST_LOG` is a filter.
pub(crate) fn log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let filter = std::env::var("FANFARE_TEST_LOG").unwrap_or_else(|_| "info".to_owned());
        // Whoever logs already may go on.
        let _ = telemetry::init("e2e", LogFormat::Pretty, &filter);
    });
}
