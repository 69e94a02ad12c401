//! What a caller may ask of a post that is about to go out, and when to ask it.

use std::collections::HashMap;

use e2e::{Tenant, tenant::id};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Cancel,
    CancelTarget,
    /// It is to say this.
    Edit(String),
    /// It is to go out then.
    Move(Timestamp),
    /// It is to go out now.
    Publish,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Done,
    /// It was settled, and is out of sight now.
    Hidden,
    /// 409, with its code.
    Refused(String),
}

impl Change {
    /// One for most posts, two at once for some.
    pub(super) fn some(random: &mut StdRng, number: usize, due: Timestamp) -> Vec<Self> {
        let count = if random.random_bool(0.25) { 2 } else { 1 };
        (0..count)
            .map(|nth| {
                match ["cancel", "cancel", "target", "edit", "edit", "edit", "move", "move", "now"].choose(random) {
                    Some(&"cancel") => Self::Cancel,
                    Some(&"target") => Self::CancelTarget,
                    Some(&"edit") => Self::Edit(format!("{number} edited {nth}")),
                    // Mostly a little later, so that the old time passes while the new one is waited for.
                    Some(&"move") => Self::Move(due + SignedDuration::from_millis(random.random_range(-60..900))),
                    _ => Self::Publish,
                }
            })
            .collect()
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::CancelTarget => "cancel of a target",
            Self::Edit(_) => "edit",
            Self::Move(_) => "move",
            Self::Publish => "now",
        }
    }

    pub(super) async fn ask(&self, tenant: &Tenant, post: &Value) -> Answer {
        let way = format!("/v1/posts/{}", id(post));
        let caller = &tenant.caller;
        let reply = match self {
            Self::Cancel => caller.delete(&way).await,
            Self::CancelTarget => caller.poke(&format!("{way}/targets/{}/cancel", id(&post["targets"][0]))).await,
            Self::Edit(text) => caller.patch(&way, json!({"content": text})).await,
            Self::Move(at) => caller.patch(&way, json!({"scheduled_at": at.to_string()})).await,
            Self::Publish => caller.poke(&format!("{way}/publish")).await,
        };
        match reply.status {
            200 => Answer::Done,
            204 => Answer::Hidden,
            // What the other change of a pair has hidden is not there for this one.
            404 => Answer::Refused("not_found".to_owned()),
            // Nothing was begun: no connection to the database was free in time.
            503 => Answer::Refused("unavailable".to_owned()),
            409 => Answer::Refused(reply.body["code"].as_str().unwrap_or_default().to_owned()),
            _ => panic!("{self:?}: {} {}", reply.status, reply.text),
        }
    }
}

/// How long before a post is due a change has to be asked for to meet its send.
#[derive(Debug, Default)]
pub(super) struct Aim {
    /// Milliseconds before.
    lead: HashMap<&'static str, i64>,
}

/// Changes are asked for this much around the aim.
const AROUND_MS: i64 = 25;
const STEP_MS: i64 = 6;

impl Aim {
    pub(super) fn at(&self, change: &Change, due: Timestamp, random: &mut StdRng) -> Timestamp {
        let lead = self.lead.get(change.name()).copied().unwrap_or_default();
        due + SignedDuration::from_millis(random.random_range(-AROUND_MS..=AROUND_MS) - lead)
    }

    /// Earlier when most came too late, later when most came in time.
    pub(super) fn correct<'a>(&mut self, asked: impl Iterator<Item = &'a (Change, Answer)>) {
        let mut balance: HashMap<_, i64> = HashMap::new();
        for (change, answer) in asked {
            *balance.entry(change.name()).or_default() += if *answer == Answer::Done { -1 } else { 1 };
        }
        for (change, late) in balance {
            *self.lead.entry(change).or_default() += STEP_MS * late.signum();
        }
    }
}
