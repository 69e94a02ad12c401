//! The inbox: a place for webhooks to arrive, so that a caller can look at them without a receiver of his own.

mod signature;

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lock::locked;
pub(crate) use signature::{Secret, verify};

/// Deliveries kept for each name; older ones give way.
const KEPT: usize = 10_000;
/// Names kept.
const NAMES: usize = 1_000;

/// One delivery as it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// From one, in the order of arrival under this name.
    pub(crate) seq: u64,
    pub(crate) received_at: Timestamp,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    /// The bytes as text, as they were signed.
    pub(crate) body: String,
    /// Whether the signature is right; `null` while no secret is known for the name.
    pub(crate) verified: Option<bool>,
}

/// What the journal keeps.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    SecretSet { name: String, secret: Option<String> },
    Arrived { name: String, delivery: Delivery },
    Emptied { name: String },
}

#[derive(Default)]
struct Mailbox {
    secret: Option<Secret>,
    arrived: u64,
    deliveries: VecDeque<Delivery>,
}

impl Mailbox {
    fn keep(&mut self, delivery: Delivery) {
        self.arrived = self.arrived.max(delivery.seq);
        self.deliveries.push_back(delivery);
        if self.deliveries.len() > KEPT {
            self.deliveries.pop_front();
        }
    }
}

#[derive(Default)]
pub(crate) struct Inboxes {
    boxes: Mutex<HashMap<String, Mailbox>>,
}

impl Inboxes {
    /// Whether a delivery under this name can be kept.
    pub(crate) fn has_room(&self, name: &str) -> bool {
        let boxes = locked(&self.boxes);
        boxes.contains_key(name) || boxes.len() < NAMES
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        locked(&self.boxes).get(name)?.secret.clone()
    }

    /// Keeps a delivery under the next number.
    pub(crate) fn arrive(&self, name: &str, numbered: impl FnOnce(u64) -> Delivery) -> Delivery {
        let mut boxes = locked(&self.boxes);
        let kept = boxes.entry(name.to_owned()).or_default();
        let delivery = numbered(kept.arrived + 1);
        kept.keep(delivery.clone());
        delivery
    }

    pub(crate) fn deliveries(&self, name: &str) -> Vec<Delivery> {
        locked(&self.boxes).get(name).map(|kept| kept.deliveries.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn apply(&self, fact: Fact) {
        let mut boxes = locked(&self.boxes);
        match fact {
            Fact::SecretSet { name, secret } => {
                boxes.entry(name).or_default().secret = secret.as_deref().and_then(Secret::parse);
            }
            Fact::Arrived { name, delivery } => boxes.entry(name).or_default().keep(delivery),
            Fact::Emptied { name } => {
                if let Some(kept) = boxes.get_mut(&name) {
                    kept.deliveries.clear();
                }
            }
        }
    }
}
