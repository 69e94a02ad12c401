//! What a worker does: the program of `services/publisher`, one write or call at a time. What it decides, it decides with
//! production's own functions; what it writes, it writes by the rules of `domain::lane`.

use std::fmt::Arguments;

use domain::{
    account::AccountStatus,
    lane::{self, Intent},
    retry,
    step::{self, Situation, Step},
    target::{ErrorCode, Outcome, PartStatus, Probe, Refusal, Status},
    transition::{self, Decision, Error, Event, Target},
};

use crate::{
    laws,
    moves::{By, Moves, Place, name},
    network,
    setting::{AHEAD, Class, HOLD, SEND, Wrong, callers_rules, seconds},
    world::{At, Gives, Plan, Row, Said, Then, Time, Work, World, stamp},
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
                (is_ours && step::is_news(&part.part(), &network::certain(said))).then_some(said)
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
                Step::Block(until) | Step::Wait(until) if relative(until) <= AHEAD => return,
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

    /// Commits the intent.
    pub(crate) fn start(&mut self, at: usize, mut to: World, part: usize, composed: (u8, Time)) {
        let send_deadline = stamp(SEND);
        let worker = &mut to.workers[at];
        if self.decide(worker.work(), &Event::Start { part, send_deadline }).is_none() {
            worker.blocks(0);
            return self.add(By::Course, format_args!("worker {} may not send it", name(at)), to);
        }
        worker.work_mut().row.parts[part].composed = Some(composed);
        let fence = self.fence_of(at);
        if self.setting.is(Wrong::StartWithoutLock) {
            let holds = to.lane.with(|lane| lane.is_held_by(fence));
            to.workers[at].at = if holds { At::Checked } else { At::Idle };
            return self.add(By::Course, format_args!("worker {} looks at the fence", name(at)), to);
        }
        if !to.lane.with(|lane| lane.hold(fence, stamp(0), seconds(HOLD))) {
            to.workers[at].at = At::Idle;
            return self.add(By::Course, format_args!("worker {} has lost the lane and stops", name(at)), to);
        }
        self.start_target(at, to, part, composed);
    }

    fn start_checked(&mut self, at: usize) {
        let row = &self.world.workers[at].work().row;
        let part = row.current().expect("it was about to be sent");
        let composed = row.parts[part].composed.expect("it was composed");
        self.start_target(at, self.world.clone(), part, composed);
    }

    /// The second statement of the start.
    fn start_target(&mut self, at: usize, mut to: World, part: usize, composed: (u8, Time)) {
        let work = to.workers[at].work().clone();
        let row = &mut to.posts[work.post];
        let mut state = row.state();
        let mut intent = Intent {
            rev: i32::from(work.rev),
            attempt: i32::from(work.row.attempt),
            status: work.row.status,
            due_at: stamp(work.due),
            token_version: i64::from(to.workers[at].version),
            part,
        };
        if self.setting.is(Wrong::NoRevision) {
            intent.rev = state.rev;
        }
        let rules = self.setting.rules();
        let started = lane::start(&mut state, to.account.usable(), &intent, stamp(SEND), &rules, stamp(0));
        let send = format_args!("worker {} commits the intent to send {}", name(at), Place(work.post, part));
        match started {
            Err(_) => self.add_unless(By::Course, send, to, Some(REFUSES)),
            Ok(false) => {
                to.workers[at].blocks(0);
                self.add(By::Course, format_args!("worker {} finds the target changed", name(at)), to);
            }
            Ok(true) => {
                let broken = laws::at_start(self.world, &work);
                let row = &mut to.posts[work.post];
                if row.row.status == Status::Unconfirmed {
                    // A repeat takes its old place in the line again.
                    row.item = row.item.map(|due| due.min(row.due));
                }
                row.row = row.row.becomes(&state.target);
                row.row.parts[part].composed = Some(composed);
                // Nobody knows then whether the intent stands; the next holder reads it.
                let mut unknown = to.clone();
                unknown.workers[at].blocks(0);
                self.add(By::Fault, format_args!("{send} and does not hear that it stands"), unknown);
                to.workers[at].work_mut().row = to.posts[work.post].row.clone();
                to.workers[at].at = At::Calling(SEND);
                self.add_unless(By::Course, send, to, broken);
            }
        }
    }

    /// The fence that a worker's writes name.
    fn fence_of(&self, at: usize) -> i64 {
        let fence = if self.setting.is(Wrong::NoFence) { self.world.lane.fence } else { self.world.workers[at].fence };
        i64::from(fence)
    }

    /// `step::finish_with` of the publisher and `Targets::finish`.
    fn finish(&mut self, at: usize, plan: &Plan) {
        let mut to = self.world.clone();
        let worker = &mut to.workers[at];
        if let Then::At(again) = plan.next {
            worker.due_again(again);
        }
        let near = worker.pending.first().is_some_and(|work| work.due <= AHEAD);
        let next = worker.next_due();
        let back = match plan.give {
            Gives::Keep => vec![None],
            Gives::Back(at) => vec![Some(Some(at))],
            // With more to do it is kept, unless its time is over.
            Gives::Either if near => vec![None, Some(next)],
            Gives::Either => vec![Some(next)],
        };
        for back in back {
            self.record(at, to.clone(), plan, back);
        }
    }

    fn record(&mut self, at: usize, mut to: World, plan: &Plan, back: Option<Option<Time>>) {
        let worker = to.workers[at].clone();
        let work = worker.work();
        let mut decision = plan.decision();
        if plan.holds_account && to.account.status == AccountStatus::Active {
            if to.account.version == worker.version {
                to.account.status = AccountStatus::NeedsReconnect;
            } else {
                let rules = callers_rules(self.setting);
                let again = transition::decide(&work.row.target(), &Event::Renewed, &rules, stamp(0));
                decision = again.unwrap_or(decision);
            }
        }
        let fence = self.fence_of(at);
        if !to.lane.with(|lane| lane.is_held_by(fence)) {
            let row = &mut to.posts[work.post];
            row.evidence = plan.evidence.map(|said| (work.row.attempt, said)).or(row.evidence);
            to.lane.with(|lane| lane.wake(stamp(0)));
            to.workers[at].at = At::Idle;
            return self.add(By::Course, format_args!("worker {} has lost the lane and leaves evidence", name(at)), to);
        }
        if let Some(next) = back {
            self.give_back(&mut to, fence, next);
        }
        let before = work.row.target();
        let inactive = worker.account != AccountStatus::Active
            && (before.following().is_some() || !decision.target.is_ambiguous() && !before.is_ambiguous());
        let row = &mut to.posts[work.post];
        let mut state = row.state();
        let rev = i32::from(work.rev);
        let recorded = if self.setting.is(Wrong::FinishUnguarded) {
            state.target = decision.target.clone();
            true
        } else {
            lane::finish(&mut state, to.account.usable(), rev, &before, inactive, &decision)
        };
        if recorded {
            if let Some(part) = work.row.current().filter(|_| accepts_double(&work.row, &state.target)) {
                row.licences[part] += 1;
            }
            row.row = work.row.becomes(&state.target);
            match Then::of(decision.next) {
                Then::Settled => row.item = None,
                Then::At(due) => row.item = Some(due),
                Then::Now => {}
            }
            to.account.refreshing |= plan.wakes_refresh;
        }
        let worker = &mut to.workers[at];
        if back.is_some() {
            worker.at = At::Idle;
        } else if !recorded {
            worker.blocks(0);
        } else {
            worker.at = At::Working;
            let after: Row = work.row.becomes(&decision.target);
            if step::goes_on(plan.next.next(), stamp(0)) {
                worker.work_mut().row = after;
            } else {
                worker.current = None;
            }
        }
        self.add(By::Course, format_args!("worker {} records {}", name(at), decision.target.status), to);
    }

    fn release(&mut self, at: usize) {
        let mut to = self.world.clone();
        let next = to.workers[at].next;
        self.give_back(&mut to, self.fence_of(at), next);
        to.workers[at].at = At::Idle;
        self.add(By::Course, format_args!("worker {} gives the lane back", name(at)), to);
    }

    fn give_back(&self, to: &mut World, fence: i64, next: Option<Time>) {
        let next = next.filter(|_| !self.setting.is(Wrong::ForgetsNext));
        let given = to.lane.with(|lane| lane.release(fence, next.map(stamp)));
        if given && self.setting.is(Wrong::ReleaseOverwrites) {
            to.lane.wake = next;
        }
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
}

impl Moves<'_> {
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

/// Whether a project's `on_unconfirmed: retry` has a part sent again that may be live.
fn accepts_double(before: &Row, after: &Target) -> bool {
    let sent_again = |probes: i32| probes > retry::PROBE_LIMIT;
    after.status == Status::Queued && sent_again(after.probes) && !sent_again(i32::from(before.probes))
}
