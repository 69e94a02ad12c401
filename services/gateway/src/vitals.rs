//! Whether a process could do its work now, and the numbers that are read from the database when somebody looks.

use std::sync::Arc;

use bus::Bus;
use runtime::{
    admin,
    metrics::{Gauge, GaugeVec, Metrics, MetricsError},
};
use store::{
    Database, DatabaseVitals, identity,
    lanes::{Lanes, LeaseSettings},
    targets::Targets,
};

/// What a process that relays lanes says of itself.
pub struct Vitals {
    database: DatabaseVitals,
    bus: Arc<dyn Bus>,
    lanes: Lanes,
    targets: Targets,
    oldest_due: GaugeVec,
    open: GaugeVec,
    connected: Gauge,
    held: Gauge,
    pool: Database,
}

impl Vitals {
    /// Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`MetricsError`] when this process has defined the same metrics before.
    pub fn new(database: Database, bus: Arc<dyn Bus>, metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            lanes: Lanes::new(database.clone(), LeaseSettings::default()),
            targets: Targets::new(database.clone()),
            oldest_due: metrics.gauges(
                "fanfare_jobs_oldest_due_seconds",
                "How long the queue's oldest lane has been due; 0 when none is",
                &["queue"],
            )?,
            open: metrics.gauges(
                "fanfare_targets_open",
                "Targets that are still to be sent or found out about",
                &["platform"],
            )?,
            connected: metrics.gauge("fanfare_bus_connected", "1 while work can be handed over")?,
            held: metrics.gauge("fanfare_publishing_held", "1 while nothing is sent until `fanfare release`")?,
            pool: database.clone(),
            database: DatabaseVitals::new(database),
            bus,
        })
    }
}

#[async_trait::async_trait]
impl admin::Vitals for Vitals {
    async fn not_ready(&self) -> Vec<String> {
        let mut reasons = self.database.not_ready().await;
        reasons.extend(self.bus.trouble());
        reasons
    }

    /// What cannot be read keeps its last value: `/readyz` says why.
    async fn refresh_metrics(&self) {
        self.connected.set(f64::from(u8::from(self.bus.connected())));
        // First, since somebody may be waiting for it and the others look at more rows.
        if let Ok(hold) = identity::find_hold(&self.pool).await {
            self.held.set(f64::from(u8::from(hold.is_some())));
        }
        for queue in self.lanes.backlog().await.unwrap_or_default() {
            self.oldest_due.with_label_values(&[queue.queue.name().as_str()]).set(queue.oldest_due_seconds);
        }
        let Ok(open) = self.targets.open_by_platform().await else { return };
        for platform in domain::platform::Platform::all() {
            let count = open.iter().find(|(name, _)| name == platform.name()).map_or(0, |(_, count)| *count);
            self.open.with_label_values(&[platform.name()]).set(count as f64);
        }
    }
}
