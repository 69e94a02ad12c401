//! What all networks share: clock, journal, ledger, faults, quotas, uploaded bytes, OAuth apps and codes.
//! Nothing here knows a network.

use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::consent::{Apps, Codes};
use crate::faults::Switchboard;
use crate::inbox::Inboxes;
use crate::journal::{Journal, Source};
use crate::ledger::{Change, Ledger};
use crate::lock::locked;
use crate::network::Platform;
use crate::quotas::Quotas;
use crate::settings::Settings;
use crate::shelf::Shelf;

pub(crate) struct Core {
    pub(crate) settings: Settings,
    /// Scheme, host and port that callers use; no slash at the end.
    pub(crate) origin: String,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) faults: Switchboard,
    pub(crate) quotas: Quotas,
    pub(crate) inboxes: Inboxes,
    pub(crate) shelf: Shelf,
    pub(crate) apps: Apps,
    pub(crate) codes: Codes,
    /// Cancelled when the server stops: whoever hangs on purpose lets go.
    pub(crate) stopping: CancellationToken,
}

impl Core {
    pub(crate) fn open(
        settings: &Settings,
        origin: String,
        directory: &Path,
        stopping: CancellationToken,
    ) -> std::io::Result<Self> {
        Ok(Self {
            settings: settings.clone(),
            origin,
            clock: Clock::default(),
            journal: Journal::open(&directory.join("journal.jsonl"))?,
            ledger: Mutex::default(),
            faults: Switchboard::default(),
            quotas: Quotas::new(settings.enforce_quotas),
            inboxes: Inboxes::default(),
            shelf: Shelf::open(directory.join("uploads"))?,
            apps: Apps::default(),
            codes: Codes::default(),
            stopping,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Enqueues a network's fact. The network holds its own lock meanwhile.
    pub(crate) fn record<F: Serialize>(&self, platform: Platform, fact: &F) {
        self.journal.record(self.now(), Source::Network(platform), fact, None);
    }

    /// Enqueues a network's fact together with what it does to the ledger.
    pub(crate) fn record_public<F: Serialize>(&self, platform: Platform, fact: &F, change: Change) {
        let mut ledger = locked(&self.ledger);
        self.journal.record(self.now(), Source::Network(platform), fact, Some(&change));
        ledger.apply(change);
    }

    /// Enqueues a fact of the sandbox itself.
    pub(crate) fn record_own<F: Serialize>(&self, fact: &F) {
        self.journal.record(self.now(), Source::Sandbox, fact, None);
    }
}
