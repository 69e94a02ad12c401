//! Which fault strikes a request.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::{Fault, FaultKind, NewFault, Operation, Params, Stage};
use super::text::markers;
use crate::lock::locked;
use crate::network::Platform;

/// A request, as far as faults care.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) platform: Platform,
    /// `None` until the account is known.
    pub(crate) account: Option<&'a str>,
    pub(crate) operation: Operation,
    /// The text of the post that the request publishes.
    pub(crate) text: Option<&'a str>,
    /// Uploads have a processing state on this network.
    pub(crate) processes: bool,
}

/// A fault that struck.
pub(crate) struct Struck {
    pub(crate) fault: FaultKind,
    pub(crate) params: Params,
    /// For the journal: what was used up.
    pub(crate) by: StruckBy,
}

/// Where the fault came from.
pub(crate) enum StruckBy {
    Switch(u64),
    Text(TextStrike),
}

/// A marker used once more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TextStrike {
    key: String,
}

#[derive(Default)]
pub(crate) struct Switchboard {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    faults: Vec<Fault>,
    last_id: u64,
    text_strikes: HashMap<String, u32>,
}

impl Switchboard {
    pub(crate) fn set(&self, plan: NewFault) -> Fault {
        let mut inner = locked(&self.inner);
        inner.last_id += 1;
        let fault = Fault { id: inner.last_id, plan, struck: 0 };
        inner.faults.push(fault.clone());
        fault
    }

    /// Puts a fault back as the journal has it.
    pub(crate) fn restore(&self, fault: Fault) {
        let mut inner = locked(&self.inner);
        inner.last_id = inner.last_id.max(fault.id);
        inner.faults.push(fault);
    }

    /// Removes one fault, or all.
    pub(crate) fn clear(&self, id: Option<u64>) -> usize {
        let mut inner = locked(&self.inner);
        let before = inner.faults.len();
        inner.faults.retain(|fault| id.is_some_and(|id| fault.id != id));
        before - inner.faults.len()
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        locked(&self.inner).faults.clone()
    }

    /// Counts a strike that the journal remembers.
    pub(crate) fn count_switch(&self, id: u64) {
        locked(&self.inner).count(id);
    }

    /// Counts a strike that the journal remembers.
    pub(crate) fn count_text(&self, strike: TextStrike) {
        *locked(&self.inner).text_strikes.entry(strike.key).or_default() += 1;
    }

    /// The fault that strikes this request at this stage, counted.
    pub(crate) fn strike(&self, stage: Stage, target: &Target<'_>) -> Option<Struck> {
        let mut inner = locked(&self.inner);
        let fits = |fault: &&Fault| {
            let plan = &fault.plan;
            !fault.used_up()
                && plan.fault.strikes(stage, target.processes)
                && plan.platform.is_none_or(|platform| platform == target.platform)
                && plan.account.as_deref().is_none_or(|account| target.account == Some(account))
                && (plan.operation == Operation::Any || plan.operation == target.operation)
                && (target.account.is_some() || !plan.fault.needs_account())
        };
        if let Some(fault) = inner.faults.iter().find(fits) {
            let (id, kind, params) = (fault.id, fault.plan.fault, fault.plan.params.clone());
            inner.count(id);
            return Some(Struck { fault: kind, params, by: StruckBy::Switch(id) });
        }
        inner.strike_by_text(stage, target)
    }
}

impl FaultKind {
    /// Tokens belong to an account: before it is known there is nothing to expire.
    fn needs_account(self) -> bool {
        matches!(self, Self::ExpireToken | Self::RevokeToken)
    }
}

impl Inner {
    fn count(&mut self, id: u64) {
        if let Some(fault) = self.faults.iter_mut().find(|fault| fault.id == id) {
            fault.struck += 1;
        }
    }

    fn strike_by_text(&mut self, stage: Stage, target: &Target<'_>) -> Option<Struck> {
        let text = target.text?;
        for (index, marker) in markers(text).into_iter().enumerate() {
            if !marker.fault.strikes(stage, false) {
                continue;
            }
            let digest = hex::encode(Sha256::digest(text));
            let key = format!("{}/{}/{index}/{digest}", target.platform.name(), target.account.unwrap_or_default());
            let struck = self.text_strikes.entry(key.clone()).or_default();
            if marker.times.is_none_or(|times| *struck < times) {
                *struck += 1;
                let by = StruckBy::Text(TextStrike { key });
                return Some(Struck { fault: marker.fault, params: marker.params, by });
            }
        }
        None
    }
}
