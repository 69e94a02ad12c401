//! The service as a whole: its parts, its tasks, its end.

use std::sync::Arc;

use bus::{Bus, BusError};
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
use tokio::sync::Semaphore;
use url::Url;
use vault::{Context, PrivateRing, PublicRing, VaultError};

use crate::{consume, metrics::Counts, questions, setbacks::Setbacks, settings::ConnectorSettings};

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
    pub(crate) shutdown: Shutdown,
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

/// Answers and renews until `shutdown`; then takes nothing new and finishes what was begun.
///
/// # Errors
/// [`ConnectorError`] when a metric cannot be defined, the bus is closed, or work was cut short.
pub async fn serve(parts: Parts, settings: ConnectorSettings, shutdown: Shutdown) -> Result<(), ConnectorError> {
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
        shutdown: shutdown.clone(),
        networks: parts.networks,
    });
    let tasks = Tasks::new(shutdown);
    tasks.spawn("answers", questions::answer(Arc::clone(&worker), asked));
    tasks.spawn("refreshes", consume::consume(worker, lanes));
    Ok(tasks.finish().await?)
}
