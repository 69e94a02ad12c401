//! Webhooks: sign, send, record.
//!
//! An endpoint is a lane. Whoever holds it sends what the endpoint has due, so concurrency, rate, order and the care
//! for one that fails are plain variables in one task's memory, and a slow endpoint is slow for itself alone. What must
//! survive a restart (what is due, since when it fails, that it is disabled) is in PostgreSQL.
//!
//! Deliveries follow Standard Webhooks 1.0.0: [`signature`] signs, [`endpoint`] builds the request, [`answer`] says
//! what an answer means, [`attempt`] does one attempt and records it, [`lane`] decides what is sent when, [`consumer`]
//! takes lanes.
//!
//! Promise: each event reaches a live endpoint at least once, with the same bytes and the same `webhook-id` every time.
//! Between sending and recording nothing is held: a process killed there sends the event again, and receivers tell by
//! the id. Never promised: exactly once, or order where the endpoint did not ask for it.

mod answer;
mod attempt;
mod consumer;
mod endpoint;
mod lane;
mod metrics;
mod pace;
mod settings;
mod signature;

use std::sync::Arc;

use bus::{Bus, BusError};
use egress::{Door, EgressError};
use runtime::{
    admin::{Admin, AdminError, Vitals},
    clock::{Clock, SystemClock},
    metrics::{Metrics, MetricsError},
    shutdown::Shutdown,
    tasks::{TaskError, Tasks},
};
use store::{
    Database, DatabaseVitals, StoreError,
    deliveries::Deliveries,
    lanes::{Lanes, LeaseSettings},
    sealed,
};
use vault::{PrivateRing, VaultError};

pub use settings::{DEFAULT_TOML, DispatcherSettings, Settings, USER_AGENT};

use crate::{attempt::Sending, lane::Shared, metrics::Counts};

/// What a dispatcher is made of, ready made: alone it makes them itself, in one process it shares them.
#[derive(Clone)]
pub struct Parts {
    /// Migrated.
    pub database: Database,
    /// Where lanes come from.
    pub bus: Arc<dyn Bus>,
    /// Opens signing secrets and custom headers.
    pub ring: PrivateRing,
    /// The way out.
    pub door: Door,
    /// For timestamps that receivers see.
    pub clock: Arc<dyn Clock>,
    /// Its view of the registry.
    pub metrics: Metrics,
}

/// Why a dispatcher ended, or never began.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is named by its source")]
pub enum DispatcherError {
    #[error("{0} must be set")]
    Missing(&'static str),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error("vault.private_keys cannot be used: {0}")]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// Runs a dispatcher of its own until it is told to stop.
///
/// # Errors
/// [`DispatcherError`], also when work was cut short at the deadline.
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), DispatcherError> {
    for (name, value) in [
        ("database.url", &settings.database.url),
        ("broker.url", &settings.broker.url),
        ("vault.private_keys", &settings.vault.private_keys),
    ] {
        if value.is_empty() {
            return Err(DispatcherError::Missing(name));
        }
    }
    let parts = Parts {
        database: Database::new(&settings.database)?,
        bus: bus::rabbitmq(settings.broker.clone()).await?,
        ring: settings.vault.private_keys.expose().parse()?,
        door: Door::new(&settings.egress())?,
        clock: Arc::new(SystemClock),
        metrics: Metrics::new("dispatcher"),
    };
    let vitals: Vec<Arc<dyn Vitals>> =
        vec![Arc::new(DatabaseVitals::new(parts.database.clone())), bus::vitals(Arc::clone(&parts.bus))];
    let admin = Admin::start(&settings.dispatcher.admin, parts.metrics.clone(), Arc::new(vitals), shutdown.clone())?;
    let ended = match shutdown.soft().run_until_cancelled(check_keys(&parts)).await {
        Some(Ok(())) => {
            tracing::info!(admin = %admin.addr(), "dispatcher started");
            serve(parts.clone(), &settings.dispatcher, shutdown).await
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    parts.bus.close().await;
    admin.stop().await;
    ended
}

/// Waits for the database, and refuses to start without a key that something stored was sealed to: endpoints whose
/// secrets do not open would be sent nothing.
async fn check_keys(parts: &Parts) -> Result<(), DispatcherError> {
    let stored = sealed::list_piles_when_there(&parts.database).await?;
    Ok(parts.ring.check(&stored)?)
}

/// Delivers until `shutdown`; then takes nothing new, lets what is under way finish and gives its lanes back.
///
/// # Errors
/// [`DispatcherError`] when a metric cannot be defined, the bus is closed, or work was cut short.
pub async fn serve(parts: Parts, settings: &DispatcherSettings, shutdown: Shutdown) -> Result<(), DispatcherError> {
    let deliveries = Deliveries::new(parts.database.clone());
    let lanes = Lanes::new(parts.database, LeaseSettings { hold: settings.lease(), ..LeaseSettings::default() });
    let sending = Sending {
        deliveries,
        door: parts.door,
        clock: parts.clock,
        counts: Counts::new(&parts.metrics)?,
        exchange_timeout: settings.exchange_timeout(),
        lease: settings.lease(),
    };
    let shared = Arc::new(Shared::new(sending, lanes, parts.ring, settings.permits(), shutdown.clone()));
    let tasks = Tasks::new(shutdown);
    tasks.spawn("deliveries", consumer::consume(shared, parts.bus));
    Ok(tasks.finish().await?)
}
