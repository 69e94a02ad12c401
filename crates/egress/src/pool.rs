//! Idle connections, for a short while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use http::HeaderMap;

use crate::connection::Connection;
use crate::destination::Destination;

/// Longer than most pauses between two posts of one thread, shorter than what any load balancer keeps.
const KEEP: Duration = Duration::from_secs(15);
/// Most idle connections to one destination, and in all.
const PER_DESTINATION: usize = 32;
const IN_ALL: usize = 512;
const SWEEP_EVERY: Duration = Duration::from_secs(1);

struct Idle {
    connection: Connection,
    until: Instant,
}

#[derive(Default)]
struct State {
    idle: HashMap<Destination, Vec<Idle>>,
    count: usize,
    sweeping: bool,
}

#[derive(Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
}

impl Pool {
    /// The idle connection to `to` that was used last, if it is still open and silent.
    pub(crate) fn take(&self, to: &Destination) -> Option<Connection> {
        loop {
            let idle = {
                let mut state = self.lock();
                let idle = state.idle.get_mut(to)?.pop();
                match &idle {
                    Some(_) => state.count -= 1,
                    None => drop(state.idle.remove(to)),
                }
                idle?
            };
            if idle.until > Instant::now() && idle.connection.is_fit() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps `connection` for as long as both sides are willing.
    pub(crate) fn put(self: &Arc<Self>, to: Destination, connection: Connection, headers: &HeaderMap) {
        let Some(keep) = lifetime(headers) else {
            return;
        };
        let mut state = self.lock();
        if state.count >= IN_ALL {
            return;
        }
        let idle = state.idle.entry(to).or_default();
        if idle.len() >= PER_DESTINATION {
            return;
        }
        idle.push(Idle { connection, until: Instant::now() + keep });
        state.count += 1;
        if !state.sweeping {
            state.sweeping = true;
            tokio::spawn(sweep(Sweeper(Arc::downgrade(self))));
        }
    }

    /// Closes what has been idle for too long; whether anything is left.
    fn drop_expired(&self) -> bool {
        let mut expired = Vec::new();
        let mut state = self.lock();
        let now = Instant::now();
        state.idle.retain(|_, idle| {
            expired.extend(idle.extract_if(.., |entry| entry.until <= now));
            !idle.is_empty()
        });
        state.count -= expired.len();
        let left = state.count > 0;
        // Sockets are closed outside of the lock.
        drop(state);
        left
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst a connection in the map, which is checked before use anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears the flag also when the runtime drops the task halfway, so that the next connection starts a new one.
struct Sweeper(Weak<Pool>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.lock().sweeping = false;
        }
    }
}

/// Runs while there is something to sweep. A connection put back between the last look and the flag's clearing waits
/// for the next `put` or `take`, which costs one idle socket and nothing else.
async fn sweep(sweeper: Sweeper) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        if !sweeper.0.upgrade().is_some_and(|pool| pool.drop_expired()) {
            return;
        }
    }
}

/// How long the server lets us keep the connection: a second less than the `timeout` of its `keep-alive` header, since
/// a request that meets the closing of its connection is ambiguous for no good reason.
fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let told = headers.get("keep-alive").and_then(|value| value.to_str().ok()).and_then(|text| {
        let (_, seconds) = text
            .split(',')
            .filter_map(|item| item.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
        seconds.trim().parse::<u64>().ok()
    });
    match told {
        None => Some(KEEP),
        Some(0 | 1) => None,
        Some(seconds) => Some(KEEP.min(Duration::from_secs(seconds - 1))),
    }
}
