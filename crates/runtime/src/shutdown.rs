//! An orderly end: first finish what was begun, then stop.

use std::{io, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long work may take to finish after the first signal, where nothing else is configured.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// Two tokens that every part of a service shares; clones are the same shutdown.
///
/// *Soft*: take nothing new, finish what was begun. *Hard*: stop now. Hard implies soft.
#[derive(Debug, Clone)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    deadline: Duration,
}

impl Shutdown {
    /// Hard follows soft by at most `deadline`, once [`Tasks::finish`](crate::tasks::Tasks::finish) waits.
    pub fn new(deadline: Duration) -> Self {
        Self { soft: CancellationToken::new(), hard: CancellationToken::new(), deadline }
    }

    /// Cancelled when nothing new may begin.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when everything stops.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether nothing new may begin.
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Begins the orderly end.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Stops everything now.
    pub fn stop_hard(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// From here on SIGTERM and SIGINT stop softly, and the second of either stops hard. Must be called in a Tokio
    /// runtime; fails where the system refuses a signal handler.
    pub fn listen(&self) -> io::Result<()> {
        let mut signals =
            Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        let shutdown = self.clone();
        tokio::spawn(async move {
            signals.next().await;
            shutdown.stop();
            signals.next().await;
            shutdown.stop_hard();
        });
        Ok(())
    }

    /// Waits for soft, then until `deadline` has passed since, then stops hard.
    pub(crate) async fn run_out(&self) {
        self.soft.cancelled().await;
        tokio::select! {
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(self.deadline) => self.stop_hard(),
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
