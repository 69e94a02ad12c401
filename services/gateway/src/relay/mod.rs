//! Hands lanes with something due over to the bus.
//!
//! The truth is one statement every 250 ms that names the queues with something due; a doorbell rung by this process's
//! own writes only makes it look sooner. What is claimed and not received comes back when its lease ends, so nothing
//! here needs to be remembered, and a broker that is down costs nothing but time.

mod metrics;
mod pace;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bus::{Bus, SendError};
use domain::job::{Handover, LANES_PER_MESSAGE, Lane, Queue};
use runtime::{failpoint, metrics::MetricsError, shutdown::Shutdown};
use store::{
    Database, StoreError, identity,
    lanes::{Lanes, LeaseSettings},
};

use metrics::RelayMetrics;
use pace::Pace;

/// How often it looks when nothing rings.
const TICK: Duration = Duration::from_millis(250);
/// At most this many lanes of one queue are leased at a time: a backlog waits in the database, where it costs nothing.
const WINDOW: i64 = 1_024;
/// After the broker refused, it is left alone for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// What hands over.
pub(crate) struct Relay {
    database: Database,
    lanes: Lanes,
    bus: Arc<dyn Bus>,
    metrics: RelayMetrics,
    was_held: AtomicBool,
}

impl Relay {
    /// # Errors
    /// [`MetricsError`] when this process has defined the same metrics before.
    pub(crate) fn new(
        database: Database,
        bus: Arc<dyn Bus>,
        metrics: &runtime::metrics::Metrics,
    ) -> Result<Self, MetricsError> {
        let lanes = Lanes::new(database.clone(), LeaseSettings::default());
        Ok(Self { database, lanes, bus, metrics: RelayMetrics::new(metrics)?, was_held: AtomicBool::new(false) })
    }

    /// Runs until the service is to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) -> Result<(), Infallible> {
        let mut was_down = false;
        let mut pace = Pace::new(Instant::now());
        loop {
            let rest = pace.wait(Instant::now());
            if !rest.is_zero() {
                tokio::select! {
                    biased;
                    () = shutdown.soft().cancelled() => return Ok(()),
                    () = tokio::time::sleep(rest) => {}
                }
            }
            let wait = match self.round().await {
                Ok(Round::Idle) => TICK,
                // More may be due than one round takes.
                Ok(Round::Handed) => Duration::ZERO,
                Ok(Round::Refused) => PAUSE,
                Err(error) => {
                    if !was_down {
                        tracing::warn!(%error, "the relay waits for the database");
                    }
                    was_down = true;
                    tokio::select! {
                        () = shutdown.soft().cancelled() => return Ok(()),
                        () = tokio::time::sleep(PAUSE) => continue,
                    }
                }
            };
            was_down = false;
            tokio::select! {
                biased;
                () = shutdown.soft().cancelled() => return Ok(()),
                () = self.database.doorbell().rung(), if wait <= TICK => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Claims what is due and hands it over.
    async fn round(&self) -> Result<Round, StoreError> {
        if !self.bus.connected() {
            return Ok(Round::Refused);
        }
        let mut outcome = Round::Idle;
        let due = self.lanes.due().await?;
        if due.is_held != self.was_held.load(Ordering::Relaxed) {
            self.tell_hold().await?;
        }
        for queue in due.queues {
            let claimed = self.lanes.claim(queue, WINDOW).await?;
            if claimed.is_empty() {
                continue;
            }
            failpoint::hit("relay.after_claim");
            self.metrics.claimed(queue, claimed.len());
            outcome = match self.hand_over(queue, claimed).await {
                true => Round::Handed,
                false => return Ok(Round::Refused),
            };
        }
        Ok(outcome)
    }

    /// Says once that publishing is held, and once that it goes on.
    async fn tell_hold(&self) -> Result<(), StoreError> {
        let hold = identity::notice(&self.database).await?;
        match &hold {
            Some(hold) => tracing::error!(
                because = hold.because,
                since = hold.since.map(tracing::field::display),
                "publishing is held, nothing goes out until `fanfare release`: {}",
                hold.because
            ),
            None => tracing::info!("publishing is not held any more"),
        }
        self.was_held.store(hold.is_some(), Ordering::Relaxed);
        Ok(())
    }

    /// `false` when the bus took none of it.
    async fn hand_over(&self, queue: Queue, lanes: Vec<Lane>) -> bool {
        let handovers: Vec<_> =
            lanes.chunks(LANES_PER_MESSAGE).map(|chunk| Handover { queue, lanes: chunk.to_vec() }).collect();
        let answers = self.bus.send(handovers).await;
        failpoint::hit("relay.after_send");
        let refused: Vec<&SendError> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        if let Some(reason) = refused.iter().map(|error| error.to_string()).next() {
            self.metrics.refused(queue, refused.len());
            tracing::warn!(
                queue = queue.name(),
                messages = refused.len(),
                reason,
                "lanes were not handed over; they come back when their lease ends"
            );
        }
        refused.len() < answers.len()
    }
}

enum Round {
    /// Nothing was due.
    Idle,
    /// Something was handed over.
    Handed,
    /// The bus is down or full.
    Refused,
}
