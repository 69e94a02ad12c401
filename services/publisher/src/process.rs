//! The publisher as a process of its own: its parts made from its settings.

use std::sync::Arc;

use egress::Door;
use media::{Objects, Storage};
use runtime::{
    admin::{Admin, Vitals},
    clock::SystemClock,
    metrics::Metrics,
    shutdown::Shutdown,
};
use store::{Database, DatabaseVitals, sealed};

use crate::{Links, Parts, PublisherError, Settings, serve};

/// Runs until `shutdown`.
///
/// # Errors
/// [`PublisherError`].
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), PublisherError> {
    let metrics = Metrics::new("publisher");
    let parts = parts(&settings, metrics.clone()).await?;
    let vitals: Vec<Arc<dyn Vitals>> =
        vec![Arc::new(DatabaseVitals::new(parts.database.clone())), bus::vitals(Arc::clone(&parts.bus))];
    let bus = Arc::clone(&parts.bus);
    let admin = Admin::start(&settings.publisher.admin, metrics, Arc::new(vitals), shutdown.clone())?;
    let ended = match shutdown.soft().run_until_cancelled(check_keys(&parts)).await {
        Some(Ok(())) => {
            tracing::info!(admin = %admin.addr(), "the publisher takes lanes");
            serve(parts, settings.publisher, shutdown).await
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    bus.close().await;
    admin.stop().await;
    ended
}

/// Waits for the database, and refuses to start without a key that something stored was sealed to: each account whose
/// tokens do not open would look like one whose network is down.
async fn check_keys(parts: &Parts) -> Result<(), PublisherError> {
    let stored = sealed::list_piles_when_there(&parts.database).await?;
    Ok(parts.ring.check(&stored)?)
}

async fn parts(settings: &Settings, metrics: Metrics) -> Result<Parts, PublisherError> {
    let required = [
        ("database.url", settings.database.url.is_empty()),
        ("broker.url", settings.broker.url.is_empty()),
        ("vault.private_keys", settings.vault.private_keys.is_empty()),
    ];
    if let Some((key, _)) = required.into_iter().find(|(_, is_empty)| *is_empty) {
        return Err(PublisherError::Setting { key, problem: "must be set".to_owned() });
    }
    let sandbox = match settings.sandbox.url.as_str() {
        "" => None,
        url => Some(url.parse().map_err(|error| PublisherError::Setting {
            key: "sandbox.url",
            problem: format!("is not a URL: {error}"),
        })?),
    };
    Ok(Parts {
        database: Database::new(&settings.database)?,
        bus: bus::rabbitmq(settings.broker.clone()).await?,
        ring: settings.vault.private_keys.expose().parse()?,
        door: Door::new(&(&settings.egress).into())?,
        objects: Objects::open(&Storage::Local { root: settings.media.directory.clone() }).await?,
        clock: Arc::new(SystemClock),
        metrics,
        sandbox,
        networks: Arc::new(platforms::network),
        links: links(settings)?,
    })
}

/// Only where both are said: without either a network could not fetch a file.
fn links(settings: &Settings) -> Result<Option<Links>, PublisherError> {
    let (origin, key) = (&settings.gateway.public_url, &settings.media.signing_key);
    if origin.is_empty() || key.is_empty() {
        return Ok(None);
    }
    let bad = |key, problem: String| PublisherError::Setting { key, problem };
    if key.expose().len() < 32 {
        return Err(bad("media.signing_key", "must have at least 32 characters".to_owned()));
    }
    let origin = origin.parse().map_err(|error| bad("gateway.public_url", format!("is not a URL: {error}")))?;
    Ok(Some(Links::new(origin, key.clone())))
}
