//! The servers that calls go to: which of them answer, and how many lanes may call one at a time.
//!
//! Each process has its own view and shares it with nobody: what it costs is a few calls more, and there is nothing to
//! agree on. A server is remembered as long as there is something to remember.

mod breaker;
mod origin;
mod seat;
#[cfg(test)]
mod tests;
mod verdict;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{platform::Platform, policy::Mode};
use platforms::Origins as Servers;

pub(crate) use origin::Origin;
pub(crate) use seat::{Admission, Seat};
pub(crate) use verdict::{Said, WatchedDoor};

use crate::metrics::PublisherMetrics;

/// A server in trouble that no lane has asked for since is forgotten. Lanes that wait for one ask every minute or so.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// All servers that are in use or in trouble. Test projects have their own, so that nothing they do is felt by others.
pub(crate) struct Origins {
    metrics: PublisherMetrics,
    known: Mutex<HashMap<(Platform, Mode, String), Arc<Origin>>>,
}

impl Origins {
    pub(crate) fn new(metrics: PublisherMetrics) -> Self {
        Self { metrics, known: Mutex::default() }
    }

    /// The server of that name.
    pub(crate) fn get(&self, platform: Platform, servers: Servers, mode: Mode, name: &str) -> Arc<Origin> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Origin::new(platform, name.to_owned(), servers, self.metrics.clone());
        Arc::clone(known.entry((platform, mode, name.to_owned())).or_insert_with(new))
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets those of which there is nothing to remember.
    pub(crate) fn tidy(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, origin| {
            // Only this map leads to an origin, so one that nobody else has stays so while the map is locked.
            let stays = Arc::strong_count(origin) > 1 || !origin.is_idle(FORGOTTEN_AFTER);
            if !stays {
                origin.forget();
            }
            stays
        });
    }
}
