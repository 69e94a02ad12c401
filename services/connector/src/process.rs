//! The connector as a process of its own: its parts made from its settings.

use std::sync::Arc;

use egress::Door;
use runtime::{
    admin::{Admin, Vitals},
    clock::SystemClock,
    metrics::Metrics,
    shutdown::Shutdown,
};
use store::{Database, DatabaseVitals, sealed};

use crate::{ConnectorError, Parts, Settings, serve};

/// Runs until `shutdown`.
///
/// # Errors
/// [`ConnectorError`], also when work was cut short at the deadline.
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), ConnectorError> {
    let parts = parts(&settings).await?;
    let bus = Arc::clone(&parts.bus);
    let vitals: Vec<Arc<dyn Vitals>> =
        vec![Arc::new(DatabaseVitals::new(parts.database.clone())), bus::vitals(Arc::clone(&bus))];
    let admin = Admin::start(&settings.connector.admin, parts.metrics.clone(), Arc::new(vitals), shutdown.clone())?;
    let ended = match shutdown.soft().run_until_cancelled(check_keys(&parts)).await {
        Some(Ok(())) => {
            tracing::info!(admin = %admin.addr(), "the connector answers and takes lanes");
            serve(parts, settings.connector, shutdown).await
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    bus.close().await;
    admin.stop().await;
    ended
}

/// Waits for the database, and refuses to start without a key that something stored was sealed to: tokens that do not
/// open run out without anybody's renewing them.
async fn check_keys(parts: &Parts) -> Result<(), ConnectorError> {
    let stored = sealed::list_piles_when_there(&parts.database).await?;
    Ok(parts.ring.check(&stored)?)
}

async fn parts(settings: &Settings) -> Result<Parts, ConnectorError> {
    let required = [
        ("database.url", settings.database.url.is_empty()),
        ("broker.url", settings.broker.url.is_empty()),
        ("vault.private_keys", settings.vault.private_keys.is_empty()),
    ];
    if let Some((key, _)) = required.into_iter().find(|(_, is_empty)| *is_empty) {
        return Err(ConnectorError::Setting { key, problem: "must be set".to_owned() });
    }
    let sandbox = match settings.sandbox.url.as_str() {
        "" => None,
        url => Some(url.parse().map_err(|error| ConnectorError::Setting {
            key: "sandbox.url",
            problem: format!("is not a URL: {error}"),
        })?),
    };
    Ok(Parts {
        database: Database::new(&settings.database)?,
        bus: bus::rabbitmq(settings.broker.clone()).await?,
        ring: settings.vault.private_keys.expose().parse()?,
        door: Door::new(&(&settings.egress).into())?,
        clock: Arc::new(SystemClock),
        metrics: Metrics::new("connector"),
        sandbox,
        networks: Arc::new(platforms::network),
    })
}
