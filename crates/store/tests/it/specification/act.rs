//! One step, both by the database and by the rules. Says what happened, or how the two differ.

use std::time::Duration;

use domain::{
    lane::{self, Intent},
    policy::{OnAuthFailure, OnUnconfirmed},
    target::{ErrorCode, Live, Outcome as Said, PartStatus, Probe, Refusal, Status},
    transition::{self, Event, Next, Resolution, Rules},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{
    lanes::Lanes,
    posts::{Change, Changed, Verdict},
    targets::{Finish, Finished, Give, Start, Started},
};

use super::{
    HOLD, QUEUE,
    line::{Call, Line, Op, Outcome, Read, pick},
};
use crate::house::House;

const TIMEOUT: Duration = Duration::from_secs(30);

fn rules() -> Rules {
    Rules {
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        can_refresh: false,
        grace: SignedDuration::from_secs(30),
        jitter: 0.0,
    }
}

/// What the caller's changes are decided by.
fn callers() -> Rules {
    Rules { grace: SignedDuration::ZERO, ..rules() }
}

type Step = Result<&'static str, String>;

/// Nothing there to do it with.
const NOTHING: Step = Ok("nothing");

fn agree<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, rule: &T) -> Result<(), String> {
    if found == rule { Ok(()) } else { Err(format!("{what}: the database says {found:?}, the rule {rule:?}")) }
}

impl Line {
    pub(super) async fn act(&mut self, house: &House, lanes: &Lanes, op: &Op) -> Step {
        self.log.push(format!("{op:?}"));
        match *op {
            Op::Take(which) => self.take(lanes, which).await,
            Op::Renew(which) => self.renew(lanes, which).await,
            Op::Read(which) => self.read(house, which).await,
            Op::Start(which) => self.start(house, which).await,
            Op::Finish(which, event, back) => self.finish(house, which, event, back).await,
            Op::Release(which, next) => self.release(lanes, which, next).await,
            Op::Post => self.post(house).await,
            Op::Cancel => self.change(house, Change::CancelTarget(self.target), &Event::Cancel, "canceled").await,
            Op::Resolve => {
                let event = Event::Resolve(Resolution::Retry { expire_at: self.now + SignedDuration::from_hours(6) });
                self.change(house, Change::Resolve(self.target, Verdict::Retry), &event, "resolved").await
            }
            Op::Retry => {
                use domain::target::Status::{Failed, Partial};
                if ![Failed, Partial].contains(&self.row.target.status) {
                    return NOTHING;
                }
                let event = Event::Send { expire_at: self.now + SignedDuration::from_hours(6) };
                self.change(house, Change::Retry(self.target), &event, "sent again").await
            }
            Op::Hold => self.hold(house).await,
            Op::Tokens => self.tokens(house).await,
            Op::Pass(_) => Ok("time passed"),
        }
    }

    async fn take(&mut self, lanes: &Lanes, which: u8) -> Step {
        let Some(message) = pick(&self.messages, which).cloned() else { return NOTHING };
        let rule = self.lane.take(message.fence, self.now, long(HOLD));
        let held = lanes.take(vec![message]).await.unwrap().pop();
        agree("take", &held.as_ref().map(|held| held.fence), &rule)?;
        let Some(held) = held else { return Ok("not taken") };
        self.holders.push(held);
        Ok("taken")
    }

    async fn renew(&mut self, lanes: &Lanes, which: u8) -> Step {
        let Some(held) = pick(&self.holders, which).cloned() else { return NOTHING };
        let rule = self.lane.renew(held.fence, self.now, long(HOLD));
        agree("renew", &lanes.renew(&held).await.unwrap(), &rule)?;
        Ok(if rule { "renewed" } else { "not renewed" })
    }

    async fn read(&mut self, house: &House, which: u8) -> Step {
        let Some(held) = pick(&self.holders, which).cloned() else { return NOTHING };
        let Some(lane) = house.targets.work(vec![held]).await.unwrap().pop() else { return NOTHING };
        agree("tokens read", &lane.account.token_version, &self.usable.token_version)?;
        let Some(work) = lane.items.iter().find(|work| work.target_id == self.target).cloned() else {
            return Ok("nothing to read");
        };
        self.reads.push(Read { held: lane.held, token_version: lane.account.token_version, work });
        Ok("read")
    }

    async fn start(&mut self, house: &House, which: u8) -> Step {
        let Some(read) = pick(&self.reads, which).cloned() else { return NOTHING };
        let Some(part) = read.work.state.current() else { return NOTHING };
        let send_deadline = self.now + TIMEOUT;
        let event = Event::Start { part, send_deadline };
        let Ok(decision) = transition::decide(&read.work.state, &event, &rules(), self.now) else {
            return Ok("not to be started");
        };
        let intent = Intent {
            rev: read.work.rev,
            attempt: read.work.state.attempt,
            status: read.work.state.status,
            due_at: read.work.due_at,
            token_version: read.token_version,
            part,
        };
        let started = house.targets.start(request(&read, &intent)).await.unwrap();
        let holds = self.lane.hold(read.held.fence, self.now, long(HOLD));
        let rule = holds.then(|| {
            lane::start(&mut self.row, self.usable, &intent, send_deadline, &rules(), self.now)
                .map_err(|misfit| format!("the rule would not start it: {misfit}"))
        });
        let rule = match rule.transpose()? {
            None => "lost at start",
            Some(false) => "changed at start",
            Some(true) => "go",
        };
        let found = match started {
            Started::Go { .. } => "go",
            Started::Changed => "changed at start",
            Started::Lost => "lost at start",
            Started::Throttled(_) | Started::Held => {
                return Err(format!("nothing holds it back, and yet: {started:?}"));
            }
        };
        agree("start", &found, &rule)?;
        if found == "go" {
            if intent.status == Status::Unconfirmed {
                // A repeat takes its old place in the line again.
                self.item = self.item.min(self.first_due);
            }
            self.calls.push(Call { read, target: decision.target });
        }
        Ok(rule)
    }

    async fn finish(&mut self, house: &House, which: u8, event: u8, back: bool) -> Step {
        let Some(outcome) = self.outcome(which, event) else { return NOTHING };
        let next = outcome.decision.target.next_at;
        let because_inactive = event.is_multiple_of(7);
        let give = if back { Give::Back(next) } else { Give::Keep };
        let finish = Finish {
            held: outcome.read.held.clone(),
            queue: QUEUE,
            post_id: self.post,
            target_id: self.target,
            rev: outcome.read.work.rev,
            before: outcome.before.clone(),
            decision: outcome.decision.clone(),
            attempt: None,
            evidence: None,
            token_version: outcome.read.token_version,
            heard: Vec::new(),
            keeps_place: false,
            because_inactive,
            give,
            now: self.now,
        };
        let found = match house.targets.finish(finish).await.unwrap() {
            Finished::Recorded => "recorded",
            Finished::Changed => "changed at finish",
            Finished::Lost => "lost at finish",
        };
        agree("finish", &found, &self.finish_by_rule(&outcome, because_inactive, give))?;
        Ok(found)
    }

    fn finish_by_rule(&mut self, outcome: &Outcome, because_inactive: bool, give: Give) -> &'static str {
        let Outcome { read, before, decision } = outcome;
        let fence = read.held.fence;
        if !self.lane.is_held_by(fence) {
            self.lane.wake(self.now);
            return "lost at finish";
        }
        if let Give::Back(next) = give {
            self.lane.release(fence, next);
        }
        if !lane::finish(&mut self.row, self.usable, read.work.rev, before, because_inactive, decision) {
            return "changed at finish";
        }
        match decision.next {
            Next::Settled => self.item = None,
            // Moved, not made: where a caller has taken it away it stays away.
            Next::At(at) => self.item = self.item.map(|_| at),
            Next::Now => {}
        }
        "recorded"
    }

    /// Something that a sender, or whoever has read the target, may have to record.
    fn outcome(&self, which: u8, event: u8) -> Option<Outcome> {
        let (read, before) = match pick(&self.calls, which) {
            Some(call) if event < 170 => (call.read.clone(), call.target.clone()),
            _ => pick(&self.reads, which).map(|read| (read.clone(), read.work.state.clone()))?,
        };
        let part = before.current()?;
        let message = String::new;
        let event = match (before.parts[part].status, event % 5) {
            (PartStatus::Sending, 0) => sent(part, Said::Published(live())),
            (PartStatus::Sending, 1) => sent(part, Said::Refused(rejected())),
            (PartStatus::Sending, 2) => sent(part, Said::Accepted { handle: json!("a"), check_at: self.now }),
            (PartStatus::Sending, 3) => Event::Interrupted { part },
            (PartStatus::Sending, _) => sent(part, Said::Ambiguous { message: message(), http_status: None }),
            (PartStatus::Unconfirmed, 0) => Event::Probed { part, probe: Probe::Live(live()) },
            (PartStatus::Unconfirmed, 1) => Event::Probed { part, probe: Probe::NotLive },
            (PartStatus::Unconfirmed, 2) => Event::Probed { part, probe: Probe::Impossible },
            (PartStatus::Unconfirmed, _) => Event::Probed { part, probe: Probe::Unknown { message: message() } },
            (PartStatus::Processing, _) => Event::Interrupted { part },
            (_, 0) => Event::Unprepared(rejected()),
            (_, 1) => Event::Expired { held_by: None },
            _ => Event::Unprepared(Refusal::NotNow { message: message(), http_status: None, after: None }),
        };
        let decision = transition::decide(&before, &event, &rules(), self.now).ok()?;
        Some(Outcome { read, before, decision })
    }

    async fn release(&mut self, lanes: &Lanes, which: u8, next: Option<i64>) -> Step {
        let Some(held) = pick(&self.holders, which).cloned() else { return NOTHING };
        let next = next.map(|seconds| self.now + SignedDuration::from_secs(seconds));
        self.lane.release(held.fence, next);
        lanes.release(held, next).await.unwrap();
        Ok("released")
    }

    async fn post(&mut self, house: &House) -> Step {
        let post = house.post(&[self.account]).await;
        self.lane.wake(post.due.unwrap());
        house.accepted(post).await;
        Ok("another post")
    }

    async fn change(&mut self, house: &House, change: Change, event: &Event, done: &'static str) -> Step {
        let changed = house.posts.change(house.project, self.post, change).await.unwrap();
        let rule = transition::decide(&self.row.target, event, &callers(), self.now);
        let found = matches!(changed, Changed::Done(_));
        if found != rule.is_ok() {
            return Err(format!("{done}: the database says {changed:?}, the rule {rule:?}"));
        }
        let Ok(decision) = rule else { return Ok(if done == "canceled" { "not canceled" } else { "refused" }) };
        self.row.rev += 1;
        self.row.target = decision.target;
        match decision.next {
            Next::Settled => self.item = None,
            Next::At(at) => {
                self.item = Some(at);
                self.lane.wake(at);
            }
            Next::Now => {}
        }
        Ok(done)
    }

    async fn hold(&mut self, house: &House) -> Step {
        use domain::account::AccountStatus::{Active, NeedsReconnect};
        self.usable.status = if self.usable.status == Active { NeedsReconnect } else { Active };
        let status = self.usable.status.word();
        let id = self.account.0;
        house.server.execute(&format!("UPDATE social_accounts SET status = '{status}' WHERE id = '{id}'")).await;
        Ok("held or not")
    }

    async fn tokens(&mut self, house: &House) -> Step {
        self.usable.token_version += 1;
        let id = self.account.0;
        house
            .server
            .execute(&format!("UPDATE account_tokens SET version = version + 1 WHERE account_id = '{id}'"))
            .await;
        Ok("new tokens")
    }
}

fn request(read: &Read, intent: &Intent) -> Start {
    Start {
        held: read.held.clone(),
        target_id: read.work.target_id,
        rev: intent.rev,
        attempt: intent.attempt,
        status: intent.status,
        due_at: intent.due_at,
        position: i16::try_from(intent.part).unwrap(),
        token_version: intent.token_version,
        budgets: Vec::new(),
        composed: json!({"text": "Hello"}),
        timeout: TIMEOUT,
        lease: HOLD,
    }
}

fn sent(part: usize, outcome: Said) -> Event {
    Event::Sent { part, outcome }
}

fn live() -> Live {
    Live { id: "1".to_owned(), url: None, reference: Value::Null }
}

fn rejected() -> Refusal {
    Refusal::Rejected { code: ErrorCode::ContentRejected, message: String::new(), http_status: None }
}

fn long(lease: Duration) -> SignedDuration {
    SignedDuration::try_from(lease).unwrap()
}
