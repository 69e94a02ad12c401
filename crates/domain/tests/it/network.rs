//! The network: what it does with a request, and what it says when it is asked.

use std::fmt::Arguments;

use domain::{
    target::{ErrorCode, Live, Outcome, Probe, Refusal},
    transition::Event,
};

use crate::{
    laws,
    moves::{By, Moves, Place, name},
    setting::{Class, GRACE, KEY_IS_REMEMBERED, KEY_IS_TRUSTED, RESET, Wrong},
    worker::{published, rejected},
    world::{At, Post, Time, Wire, Work, World, stamp},
};

impl Moves<'_> {
    /// The intent stands and nothing was written yet.
    pub(crate) fn call(&mut self, at: usize) {
        let At::Calling(deadline) = self.world.workers[at].at else { return };
        if deadline <= 0 && !self.setting.is(Wrong::NoSocketDeadline) {
            return self.hear(
                By::Course,
                at,
                self.world.clone(),
                not_sent(),
                format_args!("does not write: it is past its deadline"),
            );
        }
        let wire = self.request(at, deadline);
        let broken = laws::at_write(self.world, self.world.workers[at].work());
        let mut accepted = self.world.clone();
        let id = accept(self.setting.class, &mut accepted.posts[wire.post], &wire);
        if broken.is_some() {
            return self.add_unless(By::Course, format_args!("worker {} sends", name(at)), accepted, broken);
        }
        self.hear(By::Course, at, accepted.clone(), published(id), format_args!("sends, and it is live"));
        self.hear(By::Fault, at, accepted, ambiguous(), format_args!("sends, it is live, and the answer is lost"));
        let same = || self.world.clone();
        self.hear(By::Fault, at, same(), ambiguous(), format_args!("sends, the network breaks, and it is not live"));
        self.hear(By::Fault, at, same(), rejected(), format_args!("sends and is refused"));
        self.hear(By::Fault, at, same(), not_sent(), format_args!("does not reach the network"));
        self.hear(By::Fault, at, same(), throttled(), format_args!("sends and is throttled"));
        if self.setting.auth {
            self.hear(By::Fault, at, same(), unauthorized(), format_args!("sends and its token is refused"));
        }
        let mut slow = same();
        slow.wires.push(wire);
        slow.workers[at].at = At::Waiting(deadline);
        self.add(By::Fault, format_args!("worker {} sends, and the request is slow", name(at)), slow);
    }

    fn request(&self, at: usize, deadline: Time) -> Wire {
        let work = self.world.workers[at].work();
        let part = work.row.current().expect("it is being sent");
        Wire {
            post: work.post,
            part,
            attempt: work.row.attempt,
            key: work.row.parts[part].composed.unwrap_or_default(),
            ends: deadline + GRACE,
        }
    }

    /// The request was written and nothing has come back.
    pub(crate) fn wait(&mut self, at: usize) {
        let At::Waiting(deadline) = self.world.workers[at].at else { return };
        let (by, what) = match deadline {
            ..=0 => (By::Course, format_args!("gives up waiting")),
            _ => (By::Chance, format_args!("loses its connection")),
        };
        self.hear(by, at, self.world.clone(), ambiguous(), what);
    }

    /// Requests that are under way.
    pub(crate) fn network(&mut self) {
        for (number, wire) in self.world.wires.iter().enumerate() {
            let mut to = self.world.clone();
            to.wires.remove(number);
            self.add(By::Chance, format_args!("the request for {} gets lost", Place(wire.post, wire.part)), to.clone());
            let id = accept(self.setting.class, &mut to.posts[wire.post], wire);
            let sender = to.workers.iter().position(|worker| {
                matches!(worker.at, At::Waiting(deadline) if deadline > 0)
                    && (worker.work().post, worker.work().row.attempt) == (wire.post, wire.attempt)
            });
            match sender {
                Some(at) => self.hear(By::Course, at, to, published(id), format_args!("is answered: it is live")),
                None => self.add(By::Course, format_args!("{} becomes live", Place(wire.post, wire.part)), to),
            }
        }
    }

    /// A worker learns what came of its call.
    fn hear(&mut self, by: By, at: usize, to: World, outcome: Outcome, what: Arguments<'_>) {
        let outcome = match outcome {
            Outcome::Ambiguous { .. } if self.setting.is(Wrong::RetryOnTimeout) => not_sent(),
            Outcome::Ambiguous { .. } if self.setting.is(Wrong::FailOnTimeout) => rejected(),
            outcome => outcome,
        };
        let part = to.workers[at].work().row.current().expect("it was being sent");
        self.plan_by(by, at, to, &Event::Sent { part, outcome }, what);
    }

    /// What the network may say when it is asked about a part.
    pub(crate) fn answers(&self, work: &Work, part: usize) -> Vec<(By, Probe)> {
        let ids = &self.world.posts[work.post].live[part];
        let unknown = Probe::Unknown { message: String::new() };
        let Some((_, since)) = work.row.parts[part].composed else { return vec![(By::Course, Probe::Impossible)] };
        let seen = ids.last().map_or(Probe::NotLive, |id| Probe::Live(live(*id)));
        let trusts = self.setting.is(Wrong::TrustsLaggingList);
        match self.setting.class {
            Class::D => vec![(By::Course, Probe::Impossible)],
            Class::A if since + KEY_IS_TRUSTED > 0 => vec![(By::Course, Probe::Repeat), (By::Fault, unknown)],
            Class::A | Class::B | Class::C => vec![(By::Course, seen), (By::Fault, unknown)],
            Class::Lagging if trusts => vec![(By::Course, seen), (By::Chance, Probe::NotLive)],
            Class::Lagging if ids.is_empty() => vec![(By::Course, unknown)],
            Class::Lagging => vec![(By::Course, seen), (By::Chance, unknown)],
        }
    }
}

/// The network carries a request out. Returns the id it answers.
fn accept(class: Class, post: &mut Post, wire: &Wire) -> u8 {
    let (key, since) = wire.key;
    let ids = &mut post.live[wire.part];
    if class == Class::A && ids.contains(&key) && since + KEY_IS_REMEMBERED > 0 {
        return key;
    }
    let id = if class == Class::A && !ids.contains(&key) { key } else { wire.attempt };
    ids.push(id);
    id
}

pub(crate) fn live(id: u8) -> Live {
    Live { id: id.to_string(), url: None, reference: serde_json::Value::Null }
}

fn ambiguous() -> Outcome {
    Outcome::Ambiguous { message: String::new(), http_status: None }
}

fn not_sent() -> Outcome {
    Outcome::Refused(Refusal::NotNow { message: String::new(), http_status: None, after: None })
}

fn throttled() -> Outcome {
    Outcome::Refused(Refusal::Throttled { until: stamp(RESET), message: String::new() })
}

fn unauthorized() -> Outcome {
    Outcome::Refused(Refusal::Auth { code: ErrorCode::TokenExpired, message: String::new(), http_status: None })
}
