//! What a worker writes: the transactions of `store::targets` and `store::lanes`, by the rules of `domain::lane`.

use domain::{
    account::AccountStatus,
    lane::{self, Intent},
    retry, step,
    target::Status,
    transition::{self, Event, Target},
};

use crate::{
    laws,
    moves::{By, Moves, Place, name},
    setting::{AHEAD, HOLD, SEND, Wrong, callers_rules, seconds},
    worker::REFUSES,
    world::{At, Gives, Plan, Row, Then, Time, World, stamp},
};

impl Moves<'_> {
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

    pub(crate) fn start_checked(&mut self, at: usize) {
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
    pub(crate) fn finish(&mut self, at: usize, plan: &Plan) {
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

    pub(crate) fn release(&mut self, at: usize) {
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
}

/// Whether a project's `on_unconfirmed: retry` has a part sent again that may be live.
fn accepts_double(before: &Row, after: &Target) -> bool {
    let sent_again = |probes: i32| probes > retry::PROBE_LIMIT;
    after.status == Status::Queued && sent_again(after.probes) && !sent_again(i32::from(before.probes))
}
