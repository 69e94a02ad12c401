//! Keys looked up a moment ago, so that a busy key costs the database one statement every few seconds.
//!
//! What is revoked or changed through this process is forgotten at once; through another one, within [`FRESH`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::ids::ProjectId;
use tokio::time::Instant;

use super::Caller;

/// A key is trusted this long without being looked up again.
pub(crate) const FRESH: Duration = Duration::from_secs(2);

/// At most this many keys are kept. Only keys that were good are, so nobody can fill it with guesses.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<[u8; 32], (Instant, Caller)>>);

impl Cache {
    pub(crate) fn get(&self, hash: &[u8; 32]) -> Option<Caller> {
        let entries = self.entries();
        let (until, caller) = entries.get(hash)?;
        (Instant::now() < *until).then(|| caller.clone())
    }

    /// `asked_at` is from before the look-up: what changed since is not hidden for longer than [`FRESH`].
    pub(crate) fn insert(&self, hash: [u8; 32], caller: Caller, asked_at: Instant) {
        let mut entries = self.entries();
        if entries.len() >= CAPACITY {
            let now = Instant::now();
            entries.retain(|_, (until, _)| now < *until);
        }
        if entries.len() < CAPACITY {
            entries.insert(hash, (asked_at + FRESH, caller));
        }
    }

    /// Forgets every key of a project: one was revoked, or a policy changed.
    pub(crate) fn forget(&self, project: ProjectId) {
        self.entries().retain(|_, (_, caller)| caller.project.id != project);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Instant, Caller)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
