//! The relay's numbers.

use domain::job::Queue;
use runtime::metrics::{IntCounterVec, Metrics, MetricsError};

pub(super) struct RelayMetrics {
    claimed: IntCounterVec,
    refused: IntCounterVec,
}

impl RelayMetrics {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            claimed: metrics.counters("fanfare_relay_lanes_total", "Lanes claimed for handing over", &["queue"])?,
            refused: metrics.counters(
                "fanfare_relay_refused_total",
                "Messages the bus did not take; their lanes come back when their lease ends",
                &["queue"],
            )?,
        })
    }

    pub(super) fn claimed(&self, queue: Queue, lanes: usize) {
        self.claimed.with_label_values(&[queue.name().as_str()]).inc_by(lanes as u64);
    }

    pub(super) fn refused(&self, queue: Queue, messages: usize) {
        self.refused.with_label_values(&[queue.name().as_str()]).inc_by(messages as u64);
    }
}
