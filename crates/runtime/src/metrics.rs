//! Numbers for Prometheus: a registry of our own and constructors that register what they make.
//!
//! Each service defines its metrics in its own `metrics.rs`. Labels come from closed sets, never an id.

use std::collections::HashMap;

pub use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, exponential_buckets,
};
use prometheus::{Opts, Registry, TextEncoder, core::Collector};

/// Bucket bounds in seconds for anything that waits on a network: 1 ms to 2 minutes.
pub const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// A metric that cannot be: a bad name, or one that is taken with other labels or another help text.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// While defining a metric.
    #[error("defining the metric `{name}`")]
    Define {
        /// Its name.
        name: String,
        /// What the library said.
        source: prometheus::Error,
    },
    /// While writing them out.
    #[error("encoding metrics")]
    Encode(#[source] prometheus::Error),
}

/// A service's view of a registry. Everything it defines carries a constant label `service`, so that several services
/// in one process can share one registry and one admin port.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    service: String,
}

impl Metrics {
    /// A registry of its own, for this service.
    pub fn new(service: impl Into<String>) -> Self {
        Self { registry: Registry::new(), service: service.into() }
    }

    /// The same registry, for another service in the same process.
    pub fn for_service(&self, service: impl Into<String>) -> Self {
        Self { registry: self.registry.clone(), service: service.into() }
    }

    /// A count that only rises.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
        self.define(name, IntCounter::with_opts(self.opts(name, help)))
    }

    /// Counts that only rise, one per combination of labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
        self.define(name, IntCounterVec::new(self.opts(name, help), labels))
    }

    /// A level that rises and falls.
    pub fn gauge(&self, name: &str, help: &str) -> Result<Gauge, MetricsError> {
        self.define(name, Gauge::with_opts(self.opts(name, help)))
    }

    /// Levels, one per combination of labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, MetricsError> {
        self.define(name, GaugeVec::new(self.opts(name, help), labels))
    }

    /// A distribution over buckets, for instance [`SECONDS`].
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, MetricsError> {
        self.define(name, Histogram::with_opts(self.buckets(name, help, buckets)))
    }

    /// Distributions, one per combination of labels.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, MetricsError> {
        self.define(name, HistogramVec::new(self.buckets(name, help, buckets), labels))
    }

    /// All metrics of the registry in Prometheus' text format.
    pub fn encode(&self) -> Result<String, MetricsError> {
        TextEncoder::new().encode_to_string(&self.registry.gather()).map_err(MetricsError::Encode)
    }

    fn opts(&self, name: &str, help: &str) -> Opts {
        let labels = HashMap::from([("service".to_owned(), self.service.clone())]);
        Opts::new(name, help).const_labels(labels)
    }

    fn buckets(&self, name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
        HistogramOpts { common_opts: self.opts(name, help), buckets: buckets.to_vec() }
    }

    fn define<C: Collector + Clone + 'static>(
        &self,
        name: &str,
        made: Result<C, prometheus::Error>,
    ) -> Result<C, MetricsError> {
        let at = |source| MetricsError::Define { name: name.to_owned(), source };
        let metric = made.map_err(at)?;
        self.registry.register(Box::new(metric.clone())).map_err(at)?;
        Ok(metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_services_share_one_registry_under_one_name() {
        let publisher = Metrics::new("publisher");
        let gateway = publisher.for_service("gateway");
        publisher.counter("fanfare_flushes_total", "Flushes.").unwrap().inc();
        gateway.counter("fanfare_flushes_total", "Flushes.").unwrap().inc_by(2);
        let text = gateway.encode().unwrap();
        assert!(text.contains("fanfare_flushes_total{service=\"publisher\"} 1"), "{text}");
        assert!(text.contains("fanfare_flushes_total{service=\"gateway\"} 2"), "{text}");
    }

    #[test]
    fn one_service_cannot_define_a_metric_twice() {
        let metrics = Metrics::new("gateway");
        metrics.gauge("fanfare_bus_connected", "Whether the bus is up.").unwrap();
        let again = metrics.gauge("fanfare_bus_connected", "Whether the bus is up.");
        assert!(matches!(again, Err(MetricsError::Define { .. })));
    }
}
