//! The connector's numbers. Labels come from closed sets, never an id.

use domain::platform::Platform;
use runtime::metrics::{IntCounterVec, Metrics, MetricsError};
use strum::IntoEnumIterator as _;

/// How an attempt to connect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Attempt {
    Connected,
    Reconnected,
    Owned,
    Refused,
    Unavailable,
}

/// How an attempt to connect on a network's page ended for the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Consented {
    /// Its caller finalizes it.
    Pending,
    /// Connected at once, as its caller asked.
    Connected,
    AccessDenied,
    Expired,
    AccountOwned,
    ExchangeFailed,
    NoAccounts,
}

/// How a renewal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Renewal {
    Renewed,
    /// The network does not renew the grant any more.
    Ended,
    /// It did not work and is tried again.
    Deferred,
    /// Somebody connected the account anew meanwhile.
    Overtaken,
}

#[derive(Clone)]
pub(crate) struct Counts {
    attempts: IntCounterVec,
    consents: IntCounterVec,
    renewals: IntCounterVec,
}

impl Counts {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let counts = Self {
            attempts: metrics.counters(
                "fanfare_connects_total",
                "Attempts to connect an account with credentials, by how they ended",
                &["platform", "outcome"],
            )?,
            consents: metrics.counters(
                "fanfare_consents_total",
                "Browsers that came back from a network's consent page, by what they took along",
                &["platform", "outcome"],
            )?,
            renewals: metrics.counters(
                "fanfare_token_refreshes_total",
                "Attempts to renew an account's tokens, by how they ended",
                &["platform", "outcome"],
            )?,
        };
        // A rate over a label that has not been seen yet begins with a gap.
        for platform in Platform::all() {
            Attempt::iter().for_each(|outcome| counts.add(&counts.attempts, platform, outcome.into(), 0));
            Consented::iter().for_each(|outcome| counts.add(&counts.consents, platform, outcome.into(), 0));
            Renewal::iter().for_each(|outcome| counts.add(&counts.renewals, platform, outcome.into(), 0));
        }
        Ok(counts)
    }

    pub(crate) fn attempt(&self, platform: Platform, outcome: Attempt) {
        self.add(&self.attempts, platform, outcome.into(), 1);
    }

    pub(crate) fn consent(&self, platform: Platform, outcome: Consented) {
        self.add(&self.consents, platform, outcome.into(), 1);
    }

    pub(crate) fn renewal(&self, platform: Platform, outcome: Renewal) {
        self.add(&self.renewals, platform, outcome.into(), 1);
    }

    fn add(&self, counters: &IntCounterVec, platform: Platform, outcome: &'static str, count: u64) {
        counters.with_label_values(&[platform.name(), outcome]).inc_by(count);
    }
}
