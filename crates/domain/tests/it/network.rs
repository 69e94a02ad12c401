//! The network: what it does with a request, and what it says when it is asked.

use std::fmt::Arguments;

use domain::{
    target::{ErrorCode, Live, Outcome, Probe, Progress, Refusal},
    transition::Event,
};

use crate::{
    laws,
    moves::{By, Moves, Place, name},
    setting::{CHECK, Class, GRACE, KEY_IS_REMEMBERED, KEY_IS_TRUSTED, RESET, WORKS, Wrong},
    worker::{refusal, rejected},
    world::{At, Post, Said, Time, Wire, Work, World, stamp},
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
        let mut public = self.world.clone();
        let id = accept(self.setting.class, &mut public.posts[wire.post], &wire);
        if broken.is_some() {
            return self.add_unless(By::Course, format_args!("worker {} sends", name(at)), public, broken);
        }
        self.hear(By::Course, at, public.clone(), published(id), format_args!("sends, and it is live"));
        self.hear(By::Fault, at, public, ambiguous(), format_args!("sends, it is live, and the answer is lost"));
        let same = || self.world.clone();
        self.hear(By::Fault, at, same(), ambiguous(), format_args!("sends, the network breaks, and it is not live"));
        self.hear(By::Fault, at, same(), rejected(), format_args!("sends and is refused"));
        self.hear(By::Fault, at, same(), not_sent(), format_args!("does not reach the network"));
        self.hear(By::Fault, at, same(), throttled(), format_args!("sends and is throttled"));
        if self.setting.auth {
            self.hear(By::Fault, at, same(), unauthorized(), format_args!("sends and its token is refused"));
        }
        if self.setting.class == Class::B {
            let mut taken = same();
            taken.wires.push(Wire { accepted: true, ends: WORKS, ..wire.clone() });
            self.hear(By::Chance, at, taken.clone(), accepted(), format_args!("sends, and the network works on it"));
            let what = format_args!("sends, the network works on it, and the answer is lost");
            self.hear(By::Fault, at, taken, ambiguous(), what);
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
            accepted: false,
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
        let key = work.row.parts[part].composed.filter(|(_, since)| since + KEY_IS_TRUSTED > 0);
        let seen = ids.last().map_or(Probe::NotLive, |id| Probe::Live(live(*id)));
        let trusts = self.setting.is(Wrong::TrustsLaggingList);
        match self.setting.class {
            Class::D => vec![(By::Course, Probe::Impossible)],
            Class::A if key.is_some() => vec![(By::Course, Probe::Repeat), (By::Fault, unknown)],
            Class::B if self.works_on(work, part) => vec![(By::Course, unknown)],
            Class::A | Class::B | Class::C => vec![(By::Course, seen), (By::Fault, unknown)],
            Class::Lagging if trusts => vec![(By::Course, seen), (By::Chance, Probe::NotLive)],
            Class::Lagging if ids.is_empty() => vec![(By::Course, unknown)],
            Class::Lagging => vec![(By::Course, seen), (By::Chance, unknown)],
        }
    }

    fn works_on(&self, work: &Work, part: usize) -> bool {
        self.world.wires.iter().any(|wire| wire.accepted && (wire.post, wire.part) == (work.post, part))
    }

    /// What the network may say of what it took.
    pub(crate) fn progress(&self, work: &Work, part: usize) -> Vec<(By, Progress)> {
        let post = &self.world.posts[work.post];
        let said = match post.live[part].last() {
            Some(id) => Progress::Live(live(*id)),
            None if self.works_on(work, part) => Progress::Still { check_at: stamp(CHECK) },
            None => Progress::Refused(refusal()),
        };
        let mut all = vec![(By::Course, said), (By::Fault, Progress::Unknown { message: String::new() })];
        if self.setting.auth {
            all.push((By::Fault, Progress::Refused(unauthorized_refusal())));
        }
        all
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

/// What is certain, as an outcome.
pub(crate) fn certain(said: Said) -> Outcome {
    match said {
        Said::Live(id) => published(id),
        Said::Accepted => accepted(),
        Said::Rejected => rejected(),
    }
}

fn published(id: u8) -> Outcome {
    Outcome::Published(live(id))
}

fn accepted() -> Outcome {
    Outcome::Accepted { handle: serde_json::Value::Null, check_at: stamp(CHECK) }
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
    Outcome::Refused(unauthorized_refusal())
}

fn unauthorized_refusal() -> Refusal {
    Refusal::Auth { code: ErrorCode::TokenExpired, message: String::new(), http_status: None }
}
