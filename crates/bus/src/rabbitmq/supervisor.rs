//! Keeps one connection: dials, declares, waits for the first error, hangs up, dials again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lapin::uri::AMQPUri;
use runtime::backoff::Backoff;
use tokio::sync::watch;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    RabbitSettings,
    connection::{Live, dial},
    topology::{self, Names},
};
use crate::stats::Counters;

/// Waits between dials: jittered, from the first to the last.
const REDIAL_FIRST: Duration = Duration::from_millis(100);
const REDIAL_LAST: Duration = Duration::from_secs(10);

/// A connection that held this long was a good one; what breaks sooner counts as one more failure.
const STABLE: Duration = Duration::from_secs(10);

/// At the end, confirms and settlements have this long to be written: a broker with an alarm up reads nothing.
const WIND_UP: Duration = Duration::from_secs(10);

/// What all parts of the transport share.
pub(super) struct Shared {
    pub(super) names: Names,
    pub(super) confirm_timeout: Duration,
    pub(super) counters: Arc<Counters>,
    /// Cancelled when nothing new may begin.
    pub(super) closing: CancellationToken,
    /// Everything that uses the connection and must end before it.
    pub(super) tasks: TaskTracker,
    live: watch::Sender<Option<Arc<Live>>>,
    trouble: Mutex<String>,
}

impl Shared {
    pub(super) fn new(settings: &RabbitSettings) -> Self {
        Self {
            names: Names::new(settings),
            confirm_timeout: settings.confirm_timeout(),
            counters: Arc::default(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            live: watch::Sender::new(None),
            trouble: Mutex::new("not connected to the broker yet".to_owned()),
        }
    }

    /// The connection, while there is one.
    pub(super) fn live(&self) -> Option<Arc<Live>> {
        self.live.borrow().clone().filter(|live| !live.broken().is_cancelled())
    }

    /// The connection after `generation`, once there is one; `None` when the bus closes before.
    pub(super) async fn live_after(&self, generation: u64) -> Option<Arc<Live>> {
        let mut changes = self.live.subscribe();
        let newer = changes.wait_for(|live| live.as_ref().is_some_and(|live| live.generation > generation));
        // The sender lives as long as `self`, so waiting cannot fail.
        let live = self.closing.run_until_cancelled(newer).await?.ok()?;
        live.clone()
    }

    /// Why nothing can be sent now, if so.
    pub(super) fn trouble(&self) -> Option<String> {
        if self.closing.is_cancelled() {
            return Some("the bus is closed".to_owned());
        }
        match self.live.borrow().as_ref() {
            Some(live) if live.broken().is_cancelled() => Some(live.reason().to_owned()),
            Some(live) if live.is_blocked() => Some("the broker accepts nothing for now: an alarm is up".to_owned()),
            Some(_) => None,
            None => Some(self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    fn set_trouble(&self, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// Runs until the bus closes. `finished` is dropped once everything has ended.
pub(super) async fn run(shared: Arc<Shared>, uri: AMQPUri, finished: DropGuard) {
    let mut redial = Backoff::new(REDIAL_FIRST, REDIAL_LAST);
    for generation in 1.. {
        match shared.closing.run_until_cancelled(connect(&shared, &uri, generation)).await {
            Some(Ok(live)) => {
                let since = Instant::now();
                shared.counters.connections.one();
                shared.live.send_replace(Some(Arc::clone(&live)));
                tokio::select! {
                    () = live.broken().cancelled() => shared.set_trouble(live.reason().to_owned()),
                    () = shared.closing.cancelled() => wind_up(&shared, &live).await,
                }
                shared.live.send_replace(None);
                live.hang_up().await;
                if since.elapsed() >= STABLE {
                    redial.reset();
                }
            }
            Some(Err(trouble)) => shared.set_trouble(trouble),
            None => {}
        }
        let pause = tokio::time::sleep(redial.after_failure());
        if shared.closing.run_until_cancelled(pause).await.is_none() {
            break;
        }
    }
    shared.tasks.close();
    shared.tasks.wait().await;
    drop(finished);
}

async fn connect(shared: &Shared, uri: &AMQPUri, generation: u64) -> Result<Arc<Live>, String> {
    let live = dial(uri, generation).await?;
    match declare(shared, &live).await {
        Ok(()) => Ok(live),
        Err(trouble) => {
            live.hang_up().await;
            Err(trouble)
        }
    }
}

async fn declare(shared: &Shared, live: &Live) -> Result<(), String> {
    let channel = live.channel().await?;
    let declaring = topology::declare(&channel, &shared.names);
    match tokio::time::timeout(REDIAL_LAST, declaring).await {
        Ok(declared) => declared?,
        Err(_) => return Err("declaring queues: the broker does not answer".to_owned()),
    }
    live.within(channel.close(200, "OK".into()), "closing a channel").await
}

/// Keeps the connection until everything sent is confirmed and every settlement written.
async fn wind_up(shared: &Shared, live: &Live) {
    shared.tasks.close();
    let done = tokio::time::timeout(WIND_UP, shared.tasks.wait());
    // Whatever is not done by then ends with the connection.
    let _ = live.broken().run_until_cancelled(done).await;
}
