//! The service as a whole: its parts, its tasks, its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::Bus;
use domain::{
    job::{Call, Queue},
    platform::Platform,
    policy::Mode,
};
use egress::Door;
use jiff::{SignedDuration, Timestamp};
use media::{Fitter, Objects, ProbeCaps};
use platforms::{Doors, Network};
use runtime::{
    clock::Clock,
    metrics::{Metrics, MetricsError},
    shutdown::Shutdown,
    tasks::{TaskError, Tasks},
};
use serde_json::Value;
use store::{
    Database,
    lanes::{Lanes, LeaseSettings},
    targets::Targets,
};
use tokio::sync::Semaphore;
use url::Url;
use vault::PrivateRing;

use crate::{
    clock::DatabaseClock,
    consume,
    links::Links,
    live,
    metrics::PublisherMetrics,
    origins::{Origin, Origins},
    questions,
    settings::PublisherSettings,
};

/// Finds a network's client; tests put their own in.
pub type Networks = Arc<dyn Fn(Platform) -> &'static (dyn Network) + Send + Sync>;

/// The parts of a process that the publisher uses and others may use beside it.
#[derive(Clone)]
pub struct Parts {
    /// Where state is.
    pub database: Database,
    /// Where lanes come from.
    pub bus: Arc<dyn Bus>,
    /// Opens accounts' tokens.
    pub ring: PrivateRing,
    /// The way out.
    pub door: Door,
    /// Where uploads are.
    pub objects: Objects,
    /// The time of this machine, until the database has told its own: that is what counts.
    pub clock: Arc<dyn Clock>,
    /// Where this service's numbers go.
    pub metrics: Metrics,
    /// The sandbox's origin.
    pub sandbox: Option<Url>,
    /// [`platforms::network`].
    pub networks: Networks,
    /// Where networks that fetch files find them; without it, posts with files for those are refused.
    pub links: Option<Links>,
}

/// Why the publisher ended otherwise than asked to.
#[derive(Debug, thiserror::Error)]
pub enum PublisherError {
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
    Database(#[from] store::StoreError),
    /// The door out could not be made.
    #[error("preparing the door out: {0}")]
    Door(#[from] egress::EgressError),
    /// The keys are not keys.
    #[error("reading vault.private_keys: {0}")]
    Vault(#[from] vault::VaultError),
    /// The storage of uploads could not be opened.
    #[error("preparing the storage of uploads: {0}")]
    Media(#[from] media::MediaError),
    /// The admin port could not be opened.
    #[error("starting the admin port: {0}")]
    Admin(#[from] runtime::admin::AdminError),
    /// The same numbers are defined twice in this process.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A queue could not be received.
    #[error(transparent)]
    Bus(#[from] bus::BusError),
    /// A task failed.
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// What every lane shares.
pub(crate) struct Worker {
    pub(crate) database: Database,
    pub(crate) lanes: Lanes,
    pub(crate) targets: Targets,
    pub(crate) ring: PrivateRing,
    pub(crate) doors: Doors,
    pub(crate) objects: Objects,
    pub(crate) fitter: Fitter,
    pub(crate) probe_caps: ProbeCaps,
    pub(crate) settings: PublisherSettings,
    pub(crate) metrics: PublisherMetrics,
    pub(crate) shutdown: Shutdown,
    pub(crate) clock: DatabaseClock,
    pub(crate) links: Option<Links>,
    networks: Networks,
    origins: Origins,
}

impl Worker {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::now()
    }

    pub(crate) fn network(&self, platform: Platform) -> &'static dyn Network {
        (self.networks)(platform)
    }

    /// The server that an account's calls go to, by the account's facts.
    pub(crate) fn origin(&self, platform: Platform, mode: Mode, facts: &Value) -> Arc<Origin> {
        let network = self.network(platform);
        // Without a way out no call is made, and any name will do.
        let name = self.doors.of(mode).map_or("", |(_, bases)| network.origin(bases, facts));
        self.origins.get(platform, network.spec().origins, mode, name)
    }

    pub(crate) fn grace(&self) -> SignedDuration {
        SignedDuration::from_millis(i64::try_from(self.settings.grace_ms).unwrap_or(i64::MAX))
    }

    /// -1 to 1, so that what failed together is not tried again together.
    pub(crate) fn jitter(&self) -> f64 {
        rand::random_range(-1.0..=1.0)
    }
}

/// Publishes until it is told to stop, then until no lane is held.
///
/// # Errors
/// [`PublisherError`].
pub async fn serve(parts: Parts, settings: PublisherSettings, shutdown: Shutdown) -> Result<(), PublisherError> {
    let lease = LeaseSettings { hold: settings.lease(), ..LeaseSettings::default() };
    let probe_caps = ProbeCaps::default();
    let metrics = PublisherMetrics::new(&parts.metrics)?;
    let worker = Arc::new(Worker {
        lanes: Lanes::new(parts.database.clone(), lease),
        targets: Targets::new(parts.database.clone()),
        database: parts.database,
        links: parts.links,
        ring: parts.ring,
        doors: Doors::new(&parts.door, parts.sandbox.as_ref()),
        objects: parts.objects,
        fitter: Fitter::new(probe_caps),
        probe_caps,
        origins: Origins::new(metrics.clone()),
        metrics,
        shutdown: shutdown.clone(),
        clock: DatabaseClock::new(parts.clock),
        networks: parts.networks,
        settings,
    });
    let asked = parts.bus.answer(Call::Live, live::AT_ONCE).await?;
    let tasks = Tasks::new(shutdown);
    tasks.spawn("answers", questions::answer(Arc::clone(&worker), asked));
    for platform in Platform::all() {
        let permits = worker.settings.lanes.min(worker.network(platform).spec().permits).max(1);
        // Twice the permits in lanes of full messages, so that the next ones are here when a lane is given back.
        let prefetch = u16::try_from(permits / 8).unwrap_or(u16::MAX).max(2);
        let queue = Queue::Publish(platform);
        let receiver = parts.bus.receive(queue, prefetch).await?;
        let permits = usize::try_from(permits).unwrap_or(1).max(domain::job::LANES_PER_MESSAGE);
        tasks.spawn(
            platform.name(),
            consume::consume(Arc::clone(&worker), queue, Arc::new(Semaphore::new(permits)), receiver),
        );
    }
    tasks.spawn("database clock", keep_time(Arc::clone(&worker)));
    tasks.spawn("origins", keep_tidy(Arc::clone(&worker)));
    Ok(tasks.finish().await?)
}

/// Asks the database for its time now and then; every lane that is taken and every intent tells it too.
async fn keep_time(worker: Arc<Worker>) -> Result<(), std::convert::Infallible> {
    loop {
        if let Ok(now) = worker.targets.now().await {
            worker.clock.observe(now);
        }
        tokio::select! {
            () = worker.shutdown.soft().cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(30)) => {}
        }
    }
}

/// Forgets servers that nobody calls any more.
async fn keep_tidy(worker: Arc<Worker>) -> Result<(), std::convert::Infallible> {
    loop {
        tokio::select! {
            () = worker.shutdown.soft().cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(30)) => worker.origins.tidy(),
        }
    }
}
