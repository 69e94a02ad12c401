//! What a worker does: the program of `services/publisher`, one write or call at a time. What it decides, it decides with
//! production's own functions; what it writes is in `writes`.

use std::fmt::Arguments;

use domain::{
    account::AccountStatus,
    step::{self, Situation, Step},
    target::{ErrorCode, Outcome, PartStatus, Probe, Refusal},
    transition::{self, Decision, Error, Event},
};

use crate::{
    moves::{By, Moves, name},
    network,
    setting::{AHEAD, Class, Wrong},
    world::{At, Plan, Said, Then, Time, Work, World, stamp},
};

pub(crate) const REFUSES: &str = "the status machine takes what its holder thinks it can do";

impl Moves<'_> {
    /// All that a worker can do next.
    pub(crate) fn go(&mut self, at: usize) {
        match &self.world.workers[at].at {
            At::Idle => {}
            At::Taken => self.read(at),
            At::Working => self.work(at),
            At::Checked => self.start_checked(at),
            At::Calling(_) => self.call(at),
            At::Waiting(_) => self.wait(at),
            At::Finishing(plan) => self.finish(at, plan),
            At::Releasing => self.release(at),
        }
    }

    fn read(&mut self, at: usize) {
        let mut to = self.world.clone();
        let mut items: Vec<_> =
            to.posts.iter().enumerate().filter_map(|(post, row)| Some(((row.item?, row.seq), post))).collect();
        items.sort_unstable();
        // `begun_first` of the publisher.
        items.sort_by_key(|(_, post)| to.posts[*post].row.parts.iter().all(|part| part.status != PartStatus::Sending));
        let works = items.iter().map(|((due, _), post)| {
            let row = &to.posts[*post];
            let evidence = row.row.current().and_then(|part| {
                let (attempt, said) = row.evidence?;
                let part = &row.row.parts[part];
                let is_ours = attempt == part.attempt && part.composed.is_some();
                let is_news =
                    step::is_news(&part.part(), &network::certain(said)) || self.setting.is(Wrong::SaysItAgain);
                (is_ours && is_news).then_some(said)
            });
            Work { post: *post, rev: row.rev, content: row.content, due: *due, row: row.row.clone(), evidence }
        });
        let worker = &mut to.workers[at];
        worker.pending = works.collect();
        worker.account = to.account.status;
        worker.version = to.account.version;
        worker.at = At::Working;
        self.add(By::Course, format_args!("worker {} reads what is there", name(at)), to);
    }

    /// `lane::run` and `step::go_on` of the publisher, up to the next write or call.
    fn work(&mut self, at: usize) {
        let mut to = self.world.clone();
        loop {
            let worker = &mut to.workers[at];
            let Some(work) = worker.current.as_deref() else {
                match worker.pending.first() {
                    Some(work) if work.due <= AHEAD => {}
                    _ => return self.lets_go(at, to, By::Course),
                }
                if self.world.posts.len() > 1 {
                    // Its time may be over, or its process is told to stop: asked between targets.
                    self.lets_go(at, to.clone(), By::Chance);
                }
                if to.workers[at].pending[0].due > 0 {
                    return;
                }
                let work = to.workers[at].pending.remove(0);
                to.workers[at].current = Some(Box::new(work));
                continue;
            };
            let target = work.row.target();
            let situation = Situation {
                target: &target,
                account: worker.account,
                has_evidence: work.evidence.is_some(),
                grace: self.setting.grace(),
                now: stamp(0),
            };
            match step::next(&situation) {
                Step::Nothing => return self.stuck(at, to),
                Step::Block(until) | Step::Wait(until)
                    if relative(until) <= AHEAD && !self.setting.is(Wrong::GivesBackAhead) =>
                {
                    return;
                }
                Step::Block(until) => {
                    to.workers[at].blocks(relative(until));
                    let what = format_args!("worker {} waits until the request must have ended", name(at));
                    return self.add(By::Course, what, to);
                }
                Step::Wait(until) => {
                    worker.due_again(relative(until));
                    worker.current = None;
                }
                Step::Interrupted(part) => {
                    return self.plan(at, to, &Event::Interrupted { part }, format_args!("finds an interrupted send"));
                }
                Step::Evidence(part) => {
                    let outcome = work.evidence.map_or(rejected(), network::certain);
                    return self.plan(at, to, &Event::Sent { part, outcome }, format_args!("finds a late answer"));
                }
                Step::Probe(part) => return self.probe(at, &to, part),
                Step::Follow(part) => return self.follow(at, &to, part),
                Step::Expire => {
                    let event = Event::Expired { held_by: None };
                    return self.plan(at, to, &event, format_args!("finds it too late"));
                }
                Step::Hold => {
                    return self.plan(at, to, &Event::AccountHeld(error()), format_args!("finds the account held"));
                }
                Step::Refuse => {
                    let event = Event::Unprepared(refusal());
                    return self.plan(at, to, &event, format_args!("finds the account disconnected"));
                }
                Step::Send(part) => {
                    let attempt = work.row.attempt + 1;
                    self.unprepared(at, &to);
                    let key = if self.setting.class == Class::A { attempt } else { 0 };
                    return self.start(at, to, part, (key, 0));
                }
            }
        }
    }

    fn lets_go(&mut self, at: usize, mut to: World, by: By) {
        let worker = &mut to.workers[at];
        worker.next = worker.next_due();
        worker.pending.clear();
        worker.at = At::Releasing;
        self.add(by, format_args!("worker {} is done with the lane for now", name(at)), to);
    }

    /// Preparing may fail; nothing was sent then.
    fn unprepared(&mut self, at: usize, to: &World) {
        let not_now = Refusal::NotNow { message: String::new(), http_status: None, after: None };
        self.plan_by(By::Fault, at, to.clone(), &Event::Unprepared(not_now), format_args!("cannot prepare it now"));
        self.plan_by(
            By::Fault,
            at,
            to.clone(),
            &Event::Unprepared(refusal()),
            format_args!("cannot prepare it at all"),
        );
    }

    /// Decides, and is about to record it.
    pub(crate) fn plan(&mut self, at: usize, to: World, event: &Event, what: Arguments<'_>) {
        self.plan_by(By::Course, at, to, event, what);
    }

    pub(crate) fn plan_by(&mut self, by: By, at: usize, mut to: World, event: &Event, what: Arguments<'_>) {
        let work = to.workers[at].work();
        let Some(decision) = self.decide(work, event) else {
            return self.add_unless(by, format_args!("worker {} {what}", name(at)), to, Some(REFUSES));
        };
        let evidence = match event {
            Event::Sent { outcome: Outcome::Published(live), .. } => Some(Said::Live(live.id.parse().unwrap())),
            Event::Sent { outcome: Outcome::Accepted { .. }, .. } => Some(Said::Accepted),
            Event::Sent { outcome: Outcome::Refused(Refusal::Rejected { .. }), .. } => Some(Said::Rejected),
            _ => None,
        };
        let plan = Plan::of(&work.row, &decision, evidence);
        to.workers[at].at = At::Finishing(Box::new(plan));
        self.add(by, format_args!("worker {} {what}", name(at)), to);
    }

    pub(crate) fn decide(&self, work: &Work, event: &Event) -> Option<Decision> {
        transition::decide(&work.row.target(), event, &self.setting.rules(), stamp(0)).ok()
    }

    fn stuck(&mut self, at: usize, to: World) {
        self.add_unless(By::Course, format_args!("worker {} is stuck", name(at)), to, Some(REFUSES));
    }

    fn probe(&mut self, at: usize, to: &World, part: usize) {
        for (by, probe) in self.answers(to.workers[at].work(), part) {
            let event = Event::Probed { part, probe: probe.clone() };
            let decision = self.decide(to.workers[at].work(), &event);
            let composed = to.workers[at].work().row.parts[part].composed;
            match (decision, composed) {
                (Some(decision), Some(composed))
                    if probe == Probe::Repeat && matches!(decision.next, transition::Next::At(_)) =>
                {
                    self.start(at, to.clone(), part, composed);
                }
                _ => self.plan_by(by, at, to.clone(), &event, format_args!("asks and is told: {}", word(&probe))),
            }
        }
    }

    fn follow(&mut self, at: usize, to: &World, part: usize) {
        if to.workers[at].account != AccountStatus::Active {
            let what = format_args!("can no longer ask how it goes on");
            return self.plan(at, to.clone(), &Event::Interrupted { part }, what);
        }
        for (by, progress) in self.progress(to.workers[at].work(), part) {
            let what = format_args!("asks how it goes on: {progress:?}");
            self.plan_by(by, at, to.clone(), &Event::Followed { part, progress: progress.clone() }, what);
        }
    }
}

fn relative(at: jiff::Timestamp) -> Time {
    match Then::of(transition::Next::At(at)) {
        Then::At(at) => at,
        Then::Settled | Then::Now => 0,
    }
}

fn word(probe: &Probe) -> &'static str {
    match probe {
        Probe::Live(_) => "it is live",
        Probe::NotLive => "it is not live",
        Probe::Repeat => "repeat it",
        Probe::Unknown { .. } => "not known yet",
        Probe::Impossible => "nobody can know",
    }
}

pub(crate) fn rejected() -> Outcome {
    Outcome::Refused(refusal())
}

pub(crate) fn refusal() -> Refusal {
    Refusal::Rejected { code: ErrorCode::ContentRejected, message: String::new(), http_status: None }
}

fn error() -> Error {
    Error { code: ErrorCode::TokenExpired, message: String::new() }
}
