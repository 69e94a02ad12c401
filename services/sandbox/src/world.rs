//! The world: everything the sandbox knows at the moment. `DELETE /_sandbox` replaces it with an empty one, and requests
//! that began in the old one end there.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::consent::{App, Issued};
use crate::core::Core;
use crate::error::SandboxError;
use crate::faults::{Fault, StruckBy, TextStrike};
use crate::inbox;
use crate::journal::{LineIn, Source, recover};
use crate::lock::locked;
use crate::network::{Network, Platform};
use crate::settings::Settings;

/// The sandbox's own facts.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    ClockMoved { ahead_ms: i64 },
    QuotasSet { platform: Option<Platform>, enforce: bool },
    FaultSet(Fault),
    FaultsCleared { id: Option<u64> },
    FaultStruck { id: u64 },
    TextStruck(TextStrike),
    Inbox(inbox::Fact),
    AppMade(App),
    CodeIssued(Box<Issued>),
    CodeSpent { code: String },
}

impl Fact {
    pub(crate) fn struck(by: &StruckBy) -> Self {
        match by {
            StruckBy::Switch(id) => Self::FaultStruck { id: *id },
            StruckBy::Text(strike) => Self::TextStruck(strike.clone()),
        }
    }
}

pub(crate) struct World {
    pub(crate) core: Arc<Core>,
    networks: Vec<(Platform, Arc<dyn Network>)>,
}

impl World {
    /// Opens the world whose journal lies in `directory`.
    pub(crate) fn open(
        settings: &Settings,
        origin: String,
        directory: &Path,
        stopping: CancellationToken,
    ) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Data { path: directory.to_owned(), source };
        let core = Arc::new(Core::open(settings, origin, directory, stopping).map_err(failed)?);
        let networks = Platform::ALL.into_iter().map(|each| (each, (each.entry().open)(Arc::clone(&core)))).collect();
        let world = Self { core, networks };
        recover(&directory.join("journal.jsonl"), |line| world.replay(line))?;
        Ok(world)
    }

    /// A network by its type, for that network's own handlers.
    pub(crate) fn network<N: Network>(&self, platform: Platform) -> Option<Arc<N>> {
        let network: Arc<dyn Any + Send + Sync> = self.plain(platform)?;
        network.downcast().ok()
    }

    /// A network as every network is.
    pub(crate) fn plain(&self, platform: Platform) -> Option<Arc<dyn Network>> {
        self.networks.iter().find(|(each, _)| *each == platform).map(|(_, network)| Arc::clone(network))
    }

    fn replay(&self, line: LineIn<'_>) -> Result<(), serde_json::Error> {
        match line.source {
            Source::Sandbox => self.apply(serde_json::from_str(line.fact.get())?),
            Source::Network(platform) => {
                if let Some(network) = self.plain(platform) {
                    network.replay(line.fact)?;
                }
            }
        }
        if let Some(change) = line.ledger {
            locked(&self.core.ledger).apply(change);
        }
        Ok(())
    }

    fn apply(&self, fact: Fact) {
        let core = &self.core;
        match fact {
            Fact::ClockMoved { ahead_ms } => core.clock.set_ahead(ahead_ms),
            Fact::QuotasSet { platform, enforce } => core.quotas.enforce(platform, enforce),
            Fact::FaultSet(fault) => core.faults.restore(fault),
            Fact::FaultsCleared { id } => {
                core.faults.clear(id);
            }
            Fact::FaultStruck { id } => core.faults.count_switch(id),
            Fact::TextStruck(strike) => core.faults.count_text(strike),
            Fact::Inbox(fact) => core.inboxes.apply(fact),
            Fact::AppMade(app) => core.apps.add(app),
            Fact::CodeIssued(issued) => core.codes.restore(*issued),
            Fact::CodeSpent { code } => core.codes.spend(&code),
        }
    }
}
