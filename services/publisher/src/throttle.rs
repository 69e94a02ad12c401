//! Waiting for a budget: what sending draws on, what networks say of it, and what a lane does meanwhile.

use domain::{
    budget::{BudgetRule, Reading, Scope, UNLIMITED},
    policy::Mode,
    target::{ErrorCode, Outcome, Refusal, Status},
    transition::{Decision, Error, Event},
};
use jiff::Timestamp;
use store::{
    budgets::{Balance, Budget, Heard, Throttle},
    targets::Work,
};
use tokio::sync::Semaphore;

use crate::{
    lane::{Ended, Lane},
    server::Worker,
    step::{self, Flow},
};

/// What one send of the lane's account draws on.
pub(crate) fn budgets(worker: &Worker, lane: &Lane) -> Vec<Budget> {
    let of = |rule: &BudgetRule| Budget {
        rule: *rule,
        subject: match rule.scope {
            Scope::Account => lane.account.id.0,
            Scope::App => lane.account.app,
        },
        // The sandbox says itself what it lets an account do, which is everything until it is told otherwise.
        limit: if lane.account.mode == Mode::Live { rule.limit } else { UNLIMITED },
        is_shared: rule.scope == Scope::App && lane.account.app_is_shared,
    };
    worker.network(lane.platform()).spec().budgets.iter().map(of).collect()
}

/// A target that may not be begun yet. It keeps its place, and so do all behind it: the lane sends nothing until then.
/// What that costs is a row for the first of them, and nothing for the rest.
pub(crate) async fn wait(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    throttle: Throttle,
) -> Flow {
    let until = throttle.until.min(work.state.expire_at);
    lane.throttle(throttle.clone());
    // A repeat that is to find something out does not become a probe that failed.
    if work.state.is_ambiguous() || std::mem::replace(&mut lane.told, true) || knows(work, until) {
        lane.due_again(until);
        return Flow::End(Ended::Goes);
    }
    let refusal = Refusal::Throttled { until: throttle.until, message: throttle.because };
    let Some(decision) = step::decide(worker, lane, work, &Event::Unprepared(refusal)) else {
        return step::stuck(worker);
    };
    worker.metrics.throttled(lane.platform(), throttle.scope);
    lane.keeps_place = true;
    step::finish(worker, permits, lane, work, decision, None).await
}

/// Whether the target says already that it waits until then.
fn knows(work: &Work, until: Timestamp) -> bool {
    let state = &work.state;
    state.status == Status::Queued
        && state.next_at == Some(until)
        && state.error.as_ref().is_some_and(|error| error.code == ErrorCode::QuotaExhausted)
}

/// Why a target whose time ran out behind others that wait did not go out.
pub(crate) fn held_by(lane: &Lane, now: Timestamp) -> Option<Error> {
    let throttle = lane.throttled(now)?;
    Some(Error { code: ErrorCode::QuotaExhausted, message: throttle.because.clone() })
}

/// Keeps in the lane what the answer to a send said of budgets, to be written with its outcome.
pub(crate) fn hear(lane: &mut Lane, balances: &[Balance], readings: &[Reading], outcome: &Outcome) {
    let of = |reading: &Reading| {
        let fits =
            |balance: &&Balance| balance.budget.rule.scope == reading.scope && balance.budget.rule.name == reading.name;
        balances.iter().find(fits).map(|balance| (*reading, *balance))
    };
    let known: Vec<_> = readings.iter().filter_map(of).collect();
    let heard = |reading: &Reading, budget, blocked| Heard {
        budget,
        limit: reading.limit,
        remaining: Some(reading.remaining),
        reset: reading.reset,
        blocked,
    };
    let Outcome::Refused(Refusal::Throttled { until, message }) = outcome else {
        let telling = known.iter().filter(|(reading, balance)| reading.tells(&balance.budget.rule, balance.left));
        lane.heard.extend(telling.map(|(reading, balance)| heard(reading, balance.budget, None)));
        return;
    };
    let spent: Vec<_> =
        known.iter().filter(|(reading, balance)| reading.remaining < balance.budget.rule.cost).collect();
    let scope = if spent.iter().any(|(reading, _)| reading.scope == Scope::App) { Scope::App } else { Scope::Account };
    for (reading, balance) in &spent {
        let blocked = (reading.reset.unwrap_or(*until), message.clone());
        lane.heard.push(heard(reading, balance.budget, Some(blocked)));
    }
    if spent.is_empty() {
        // It does not say of what there was too much: then it is the account that waits.
        let account = balances.iter().find(|balance| balance.budget.rule.scope == Scope::Account);
        let blocked = Some((*until, message.clone()));
        lane.heard.extend(account.map(|balance| Heard {
            budget: balance.budget,
            limit: None,
            remaining: None,
            reset: None,
            blocked,
        }));
    }
    lane.throttle(Throttle { until: *until, scope, because: message.clone() });
    lane.told = true;
}

/// Whether a target that the network threw back keeps its place: it is to go out before what is behind it.
pub(crate) fn keeps_place(outcome: &Outcome, decision: &Decision) -> bool {
    matches!(outcome, Outcome::Refused(Refusal::Throttled { .. })) && decision.target.status == Status::Queued
}
