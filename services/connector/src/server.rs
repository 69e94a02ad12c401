//! The service as a whole: its parts, its tasks, its end.

use std::{io, sync::Arc};

use actix_web::{
    App, HttpServer,
    web::{self, Data, ServiceConfig},
};
use bus::{Bus, BusError, Questions, Receiver};
use domain::{ids::AccountId, ids::ProjectId, job::Call, job::Queue, platform::Platform};
use egress::{Door, EgressError};
use platforms::{Doors, Network};
use runtime::{
    admin::AdminError,
    clock::Clock,
    metrics::{Metrics, MetricsError},
    shutdown::Shutdown,
    tasks::{TaskError, Tasks},
};
use store::{
    Database, StoreError,
    lanes::{Lanes, LeaseSettings},
};
use tokio::{runtime::Handle, sync::Semaphore};
use url::Url;
use vault::{Context, PrivateRing, PublicRing, VaultError};

use crate::{
    DefaultApps, Listening, consume, http, metrics::Counts, questions, setbacks::Setbacks, settings::ConnectorSettings,
};

/// Threads for browsers, of whom there are few at a time.
const WORKERS: usize = 2;

/// Finds a network's client; tests put their own in.
pub type Networks = Arc<dyn Fn(Platform) -> &'static (dyn Network) + Send + Sync>;

/// The parts of a process that the connector uses and others may use beside it.
#[derive(Clone)]
pub struct Parts {
    /// Migrated.
    pub database: Database,
    /// Where questions and lanes come from.
    pub bus: Arc<dyn Bus>,
    /// Opens credentials and tokens, and seals tokens.
    pub ring: PrivateRing,
    /// The way out.
    pub door: Door,
    /// For what networks and callers are told of the time.
    pub clock: Arc<dyn Clock>,
    /// Where this service's numbers go.
    pub metrics: Metrics,
    /// The sandbox's origin.
    pub sandbox: Option<Url>,
    /// [`platforms::network`].
    pub networks: Networks,
    /// The operator's OAuth apps.
    pub default_apps: DefaultApps,
}

/// Why the connector ended otherwise than asked to, or never began.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// A setting is missing or wrong.
    #[error("the setting {key} {problem}")]
    Setting {
        /// `section.key`
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// An app of the operator's own is not right.
    #[error("the setting platforms.{setting} {problem}")]
    App {
        /// `network.default_app`
        setting: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The address for browsers cannot be had.
    #[error("listening on {host}:{port}: {source}")]
    Bind {
        /// Of the setting.
        host: String,
        /// Of the setting.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// Browsers could not be answered.
    #[error("serving HTTP: {0}")]
    Serve(#[source] io::Error),
    /// The database could not be prepared.
    #[error("preparing the database: {0}")]
    Database(#[from] StoreError),
    /// The door out could not be made.
    #[error("preparing the door out: {0}")]
    Door(#[from] EgressError),
    /// The keys are not keys.
    #[error("reading vault.private_keys: {0}")]
    Vault(#[from] VaultError),
    /// The admin port could not be opened.
    #[error("starting the admin port: {0}")]
    Admin(#[from] AdminError),
    /// The same numbers are defined twice in this process.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Questions or lanes could not be received.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A task failed, or was cut short.
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// What every question and every lane shares.
pub(crate) struct Worker {
    pub(crate) database: Database,
    pub(crate) lanes: Lanes,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) ring: PrivateRing,
    pub(crate) seals: PublicRing,
    pub(crate) doors: Doors,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counts: Counts,
    pub(crate) setbacks: Setbacks,
    pub(crate) settings: ConnectorSettings,
    /// Where browsers reach this service.
    pub(crate) origin: Url,
    pub(crate) sandbox: Option<Url>,
    pub(crate) default_apps: DefaultApps,
    pub(crate) shutdown: Shutdown,
    /// Where calls to networks are made; a web server's threads have runtimes of their own.
    pub(crate) runtime: Handle,
    networks: Networks,
}

impl Worker {
    pub(crate) fn network(&self, platform: Platform) -> &'static dyn Network {
        (self.networks)(platform)
    }
}

/// Where an account's tokens belong.
pub(crate) fn tokens_of(account: AccountId, project: ProjectId) -> Context<'static> {
    Context { table: "account_tokens", column: "sealed", row: account.0, project: project.0 }
}

/// The service, ready to run.
pub struct Connector {
    worker: Arc<Worker>,
    asked: Box<dyn Questions>,
    lanes: Box<dyn Receiver>,
}

impl Connector {
    /// Makes it, on a Tokio runtime. `origin` is where browsers reach it, whoever serves its routes.
    ///
    /// # Errors
    /// [`ConnectorError`] when a metric cannot be defined or the bus is closed.
    pub async fn new(
        parts: Parts,
        settings: ConnectorSettings,
        origin: Url,
        shutdown: Shutdown,
    ) -> Result<Self, ConnectorError> {
        let lease = LeaseSettings { hold: settings.lease(), ..LeaseSettings::default() };
        let asked = parts.bus.answer(Call::Connect, settings.questions).await?;
        // Twice the lanes that fit, so that the next are here when one is given back.
        let prefetch = u16::try_from(settings.permits() / 8).unwrap_or(u16::MAX);
        let lanes = parts.bus.receive(Queue::Refresh, prefetch).await?;
        let worker = Arc::new(Worker {
            lanes: Lanes::new(parts.database.clone(), lease),
            database: parts.database,
            permits: Arc::new(Semaphore::new(settings.permits())),
            seals: parts.ring.public(),
            ring: parts.ring,
            doors: Doors::new(&parts.door, parts.sandbox.as_ref()),
            clock: parts.clock,
            counts: Counts::new(&parts.metrics)?,
            setbacks: Setbacks::new(settings.first_wait(), settings.longest_wait()),
            settings,
            origin,
            sandbox: parts.sandbox,
            default_apps: parts.default_apps,
            shutdown,
            runtime: Handle::current(),
            networks: parts.networks,
        });
        Ok(Self { worker, asked, lanes })
    }

    /// What browsers and networks' servers call, for whichever server is to have it.
    pub fn mount(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let worker = Arc::clone(&self.worker);
        move |config| http::mount(&Data::from(Arc::clone(&worker)), config)
    }

    /// Answers questions and renews tokens until the shutdown; then takes nothing new and finishes what was begun.
    ///
    /// # Errors
    /// [`ConnectorError`] when work was cut short.
    pub async fn run(self) -> Result<(), ConnectorError> {
        let tasks = Tasks::new(self.worker.shutdown.clone());
        self.spawn(&tasks);
        Ok(tasks.finish().await?)
    }

    /// The same, and answers browsers on a server of its own.
    ///
    /// # Errors
    /// [`ConnectorError`] when it cannot serve, or work was cut short.
    pub async fn serve(self, listening: Listening) -> Result<(), ConnectorError> {
        let (mount, shutdown) = (self.mount(), self.worker.shutdown.clone());
        let deadline = self.worker.settings.shutdown_seconds;
        let http = HttpServer::new(move || App::new().configure(mount.clone()).default_service(web::to(http::nothing)))
            .workers(WORKERS)
            .disable_signals()
            .shutdown_timeout(deadline)
            .listen(listening.listener)
            .map_err(ConnectorError::Serve)?
            .run();
        let handle = http.handle();
        let tasks = Tasks::new(shutdown.clone());
        tasks.spawn("browsers", http);
        tasks.spawn("their end", async move {
            shutdown.soft().cancelled().await;
            tokio::select! {
                () = handle.stop(true) => {}
                () = shutdown.hard().cancelled() => handle.stop(false).await,
            }
            Ok::<_, std::convert::Infallible>(())
        });
        self.spawn(&tasks);
        Ok(tasks.finish().await?)
    }

    fn spawn(self, tasks: &Tasks) {
        tasks.spawn("answers", questions::answer(Arc::clone(&self.worker), self.asked));
        tasks.spawn("refreshes", consume::consume(self.worker, self.lanes));
    }
}
