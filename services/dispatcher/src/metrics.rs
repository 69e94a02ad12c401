//! What is counted.

use jiff::SignedDuration;
use runtime::metrics::{Histogram, IntCounterVec, Metrics, MetricsError, SECONDS};

use crate::answer::Outcome;

/// Waits of retried deliveries reach days; the buckets of a network call end at two minutes.
const LATER: &[f64] = &[600.0, 3_600.0, 14_400.0, 86_400.0, 345_600.0];

/// The dispatcher's counts.
#[derive(Clone)]
pub(crate) struct Counts {
    attempts: IntCounterVec,
    delivery: Histogram,
}

impl Counts {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let attempts = metrics.counters(
            "fanfare_webhook_attempts_total",
            "Attempts to deliver a webhook, by how they ended.",
            &["outcome"],
        )?;
        // A rate over a label that has not been seen yet begins with a gap.
        for outcome in Outcome::ALL {
            attempts.with_label_values(&[outcome.label()]);
        }
        let delivery = metrics.histogram(
            "fanfare_webhook_delivery_seconds",
            "From an event's commit to the first 2xx of an endpoint.",
            &[SECONDS, LATER].concat(),
        )?;
        Ok(Self { attempts, delivery })
    }

    pub(crate) fn attempt(&self, outcome: Outcome) {
        self.attempts.with_label_values(&[outcome.label()]).inc();
    }

    pub(crate) fn delivered(&self, after: SignedDuration) {
        self.delivery.observe(after.as_secs_f64().max(0.0));
    }
}
