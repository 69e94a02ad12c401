//! One line of the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ledger::Change;
use crate::network::Platform;

/// Whose fact a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The sandbox itself: clock, quotas, faults, inbox.
    Sandbox,
    /// One network.
    Network(Platform),
}

/// As written. A published post and its ledger entry are one line, so that neither can exist without the other.
#[derive(Serialize)]
pub(super) struct LineOut<'a, F> {
    pub(super) at: Timestamp,
    pub(super) source: Source,
    pub(super) fact: &'a F,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ledger: Option<&'a Change>,
}

/// As read back.
#[derive(Deserialize)]
pub(crate) struct LineIn<'a> {
    pub(crate) source: Source,
    #[serde(borrow)]
    pub(crate) fact: &'a RawValue,
    pub(crate) ledger: Option<Change>,
}
