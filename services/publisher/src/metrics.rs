//! The publisher's numbers. Labels come from closed sets, never an id.

use domain::{budget::Scope, platform::Platform};
use jiff::Timestamp;
use runtime::metrics::{GaugeVec, Histogram, IntCounterVec, Metrics, MetricsError, SECONDS};

#[derive(Clone)]
pub(crate) struct PublisherMetrics {
    lag: Histogram,
    attempts: IntCounterVec,
    unconfirmed: IntCounterVec,
    breaker_open: GaugeVec,
    throttled: IntCounterVec,
    live_reads: IntCounterVec,
}

impl PublisherMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let breaker_open = metrics.gauges(
            "fanfare_breaker_open",
            "Servers of a network that are not called because they do not answer",
            &["platform"],
        )?;
        for platform in Platform::all() {
            breaker_open.with_label_values(&[platform.name()]).set(0.0);
        }
        Ok(Self {
            breaker_open,
            lag: metrics.histogram(
                "fanfare_publish_lag_seconds",
                "From a target's due time to its first call to the network",
                SECONDS,
            )?,
            attempts: metrics.counters(
                "fanfare_publish_attempts_total",
                "Attempts to publish by outcome",
                &["platform", "outcome"],
            )?,
            unconfirmed: metrics.counters(
                "fanfare_unconfirmed_total",
                "Targets left unconfirmed because no probe could tell",
                &["platform"],
            )?,
            throttled: metrics.counters(
                "fanfare_throttled_total",
                "Sends put off before any call because a budget was used up",
                &["platform", "scope"],
            )?,
            live_reads: metrics.counters(
                "fanfare_live_reads_total",
                "What networks were asked while a caller waited, by how it ended",
                &["platform", "outcome"],
            )?,
        })
    }

    pub(crate) fn first_call(&self, first_due: Timestamp, now: Timestamp) {
        self.lag.observe(now.duration_since(first_due).as_secs_f64().max(0.0));
    }

    pub(crate) fn attempt(&self, platform: Platform, outcome: &str) {
        self.attempts.with_label_values(&[platform.name(), outcome]).inc();
    }

    pub(crate) fn breaker_opened(&self, platform: Platform) {
        self.breaker_open.with_label_values(&[platform.name()]).inc();
    }

    pub(crate) fn breaker_closed(&self, platform: Platform) {
        self.breaker_open.with_label_values(&[platform.name()]).dec();
    }

    pub(crate) fn throttled(&self, platform: Platform, scope: Scope) {
        self.throttled.with_label_values(&[platform.name(), scope.word()]).inc();
    }

    pub(crate) fn live_read(&self, platform: Platform, outcome: &str) {
        self.live_reads.with_label_values(&[platform.name(), outcome]).inc();
    }

    pub(crate) fn unconfirmed(&self, platform: Platform) {
        self.unconfirmed.with_label_values(&[platform.name()]).inc();
    }
}
