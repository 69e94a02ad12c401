//! What is granted, to whom, and what networks say of it.

use std::time::Duration;

use domain::{
    budget::{BudgetRule, Scope},
    ids::ProjectId,
    target::Refusal,
    transition::{Event, decide},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    budgets::{Budget, Heard, Planned, forecast, forget},
    targets::{Finish, Give, LaneWork, Start, Started, Targets, Work},
};
use uuid::Uuid;

use crate::{
    house::House,
    sending::{QUEUE, rules, work},
};

fn rule(scope: Scope, name: &'static str, limit: i32, window: SignedDuration) -> BudgetRule {
    BudgetRule { scope, name, limit, window, cost: 1 }
}

fn of(subject: Uuid, rule: BudgetRule) -> Budget {
    Budget { rule, subject, limit: rule.limit, is_shared: false }
}

fn account(lane: &LaneWork, limit: i32) -> Budget {
    of(lane.account.id.0, rule(Scope::Account, "posts_15m", limit, SignedDuration::from_mins(15)))
}

fn app(lane: &LaneWork, limit: i32) -> Budget {
    of(lane.account.app, rule(Scope::App, "posts_24h", limit, SignedDuration::from_hours(24)))
}

fn intent(lane: &LaneWork, work: &Work, budgets: Vec<Budget>) -> Start {
    Start {
        held: lane.held.clone(),
        target_id: work.target_id,
        rev: work.rev,
        attempt: work.state.attempt,
        status: work.state.status,
        due_at: work.due_at,
        position: 0,
        token_version: 1,
        composed: json!({"text": "Hello"}),
        timeout: Duration::from_secs(30),
        lease: Duration::from_secs(60),
        budgets,
    }
}

async fn start(targets: &Targets, lane: &LaneWork, item: usize, budgets: Vec<Budget>) -> Started {
    targets.start(intent(lane, &lane.items[item], budgets)).await.unwrap()
}

fn goes(started: &Started) -> bool {
    match started {
        Started::Go { .. } => true,
        Started::Throttled(_) => false,
        other => panic!("{other:?}"),
    }
}

/// Lanes of accounts that have one post each.
async fn lanes(house: &House, count: usize) -> Vec<LaneWork> {
    let mut accounts = Vec::new();
    for _ in 0..count {
        accounts.push(house.account().await);
    }
    for some in accounts.chunks(50) {
        house.accepted(house.post(some).await).await;
    }
    work(house).await
}

/// One lane with so many posts.
async fn lane(house: &House, posts: usize) -> LaneWork {
    let account = house.account().await;
    for _ in 0..posts {
        house.accepted(house.post(&[account]).await).await;
    }
    work(house).await.remove(0)
}

/// Records of a target that it waits, with what was heard.
async fn heard(house: &House, lane: &LaneWork, heard: Vec<Heard>) {
    let now = house.now().await;
    let work = &lane.items[0];
    let refusal = Refusal::Throttled { until: now + SignedDuration::from_mins(1), message: "Too much".to_owned() };
    let decision = decide(&work.state, &Event::Unprepared(refusal), &rules(), now).unwrap();
    let finish = Finish {
        held: lane.held.clone(),
        queue: QUEUE,
        post_id: work.post_id,
        target_id: work.target_id,
        rev: work.rev,
        before: work.state.clone(),
        decision,
        attempt: None,
        evidence: None,
        token_version: 1,
        because_inactive: false,
        give: Give::Keep,
        now,
        heard,
        keeps_place: true,
    };
    house.targets.finish(finish).await.unwrap();
}

async fn row(house: &House) -> (i64, i64) {
    let of = async |column: &str| house.server.count(&format!("SELECT {column}::bigint FROM rate_budgets")).await;
    (of("used").await, of("limit_").await)
}

/// Every window ends now, as if its time had passed.
async fn pass(house: &House) {
    house
        .server
        .execute("UPDATE rate_budgets SET window_end = now(), blocked_until = least(blocked_until, now())")
        .await;
}

#[tokio::test]
async fn no_more_is_granted_than_the_limit_however_many_ask_at_once() {
    // given: four processes, each with its own writer, and an app that lets 25 of 60 through
    let house = House::new().await;
    let lanes = lanes(&house, 60).await;
    let processes: Vec<_> = (0..4).map(|_| Targets::new(house.server.open())).collect();

    // when
    let asked = lanes.iter().enumerate().map(|(at, lane)| {
        let budgets = vec![account(lane, 100), app(lane, 25)];
        start(&processes[at % 4], lane, 0, budgets)
    });
    let started = futures::future::join_all(asked).await;

    // then
    assert_eq!(started.iter().filter(|started| goes(started)).count(), 25);
    assert_eq!(house.server.count("SELECT used::bigint FROM rate_budgets WHERE scope = 'app'").await, 25);
    let spent = "SELECT sum(used) FROM rate_budgets WHERE scope = 'account'";
    assert_eq!(house.server.count(spent).await, 25, "who lacks the app's takes nothing of its own");
    let begun = "SELECT count(*) FROM post_targets WHERE state = 'publishing' AND attempt = 1";
    assert_eq!(house.server.count(begun).await, 25);
    assert_eq!(house.server.count("SELECT count(*) FROM target_parts WHERE status = 'sending'").await, 25);
}

#[tokio::test]
async fn a_window_that_has_ended_begins_anew_and_a_restart_changes_nothing() {
    let house = House::new().await;
    let lane = lane(&house, 5).await;
    let budget = account(&lane, 2);
    assert!(goes(&start(&house.targets, &lane, 0, vec![budget]).await));
    assert!(goes(&start(&house.targets, &lane, 1, vec![budget]).await));
    let Started::Throttled(throttle) = start(&house.targets, &lane, 2, vec![budget]).await else { panic!("granted") };
    let left = throttle.until.duration_since(house.now().await);
    assert!(left > SignedDuration::from_mins(14) && left <= SignedDuration::from_mins(15), "{left}");
    assert!(throttle.because.contains("posts_15m"), "{}", throttle.because);

    // Another process, or this one after its end.
    let restarted = Targets::new(house.server.open());
    assert!(!goes(&start(&restarted, &lane, 2, vec![budget]).await));
    let seen = restarted.work(vec![lane.held.clone()]).await.unwrap().remove(0);
    assert_eq!(seen.account.throttle, Some(throttle), "who reads the lane knows without asking");

    pass(&house).await;
    assert!(goes(&start(&restarted, &lane, 2, vec![budget]).await));
    assert_eq!(row(&house).await, (1, 2));
    let seen = restarted.work(vec![lane.held.clone()]).await.unwrap().remove(0);
    assert_eq!(seen.account.throttle, None);
}

#[tokio::test]
async fn what_is_rolled_back_was_not_spent() {
    let house = House::new().await;
    let lanes = lanes(&house, 2).await;
    // A row that PostgreSQL cannot store: the flush is rolled back, and each of its halves is tried again.
    let mut bad = intent(&lanes[0], &lanes[0].items[0], vec![app(&lanes[0], 10)]);
    bad.composed = json!("\u{0}");
    let good = start(&house.targets, &lanes[1], 0, vec![app(&lanes[1], 10)]);
    let (refused, good) = futures::future::join(house.targets.start(bad), good).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(goes(&good));
    assert_eq!(row(&house).await, (1, 10));
}

#[tokio::test]
async fn what_does_not_fit_spends_nothing() {
    let house = House::new().await;
    let lane = lane(&house, 1).await;
    let mut stale = intent(&lane, &lane.items[0], vec![account(&lane, 10)]);
    stale.rev += 1;
    assert_eq!(house.targets.start(stale).await.unwrap(), Started::Changed);
    assert_eq!(house.server.count("SELECT count(*) FROM rate_budgets").await, 0);
}

#[tokio::test]
async fn what_networks_say_tightens_and_never_loosens() {
    let house = House::new().await;
    let lane = lane(&house, 5).await;
    let budget = account(&lane, 100);
    start(&house.targets, &lane, 0, vec![budget]).await;
    let end =
        async || house.server.count("SELECT extract(epoch FROM window_end - now())::bigint FROM rate_budgets").await;
    let say = |limit: Option<i32>, remaining: i32, reset: Option<Timestamp>| Heard {
        budget,
        limit,
        remaining: Some(remaining),
        reset,
        blocked: None,
    };
    let now = house.now().await;

    heard(&house, &lane, vec![say(Some(100), 40, Some(now + SignedDuration::from_mins(20)))]).await;
    assert_eq!(row(&house).await, (60, 100));
    assert!((1_190..=1_200).contains(&end().await), "{}", end().await);
    // More is left, and sooner: not believed within the window.
    heard(&house, &lane, vec![say(Some(300), 90, Some(now + SignedDuration::from_mins(2)))]).await;
    assert_eq!(row(&house).await, (60, 100));
    assert!((1_190..=1_200).contains(&end().await), "{}", end().await);
    // Two at once: the tighter counts. A lower limit is believed.
    heard(&house, &lane, vec![say(Some(50), 9, None), say(None, 30, None)]).await;
    assert_eq!(row(&house).await, (60, 50));
    assert!(!goes(&start(&house.targets, &lane, 1, vec![budget]).await));

    // And it is still believed in the next window, for a day.
    pass(&house).await;
    assert!(goes(&start(&house.targets, &lane, 1, vec![budget]).await));
    assert_eq!(row(&house).await, (1, 50));
    pass(&house).await;
    house.server.execute("UPDATE rate_budgets SET learned_at = now() - interval '25 hours'").await;
    assert!(goes(&start(&house.targets, &lane, 2, vec![budget]).await));
    assert_eq!(row(&house).await, (1, 100));

    // What was used in a window that is over says nothing of the one that the network names.
    pass(&house).await;
    house.server.execute("UPDATE rate_budgets SET used = 100").await;
    let later = house.now().await + SignedDuration::from_mins(5);
    heard(&house, &lane, vec![say(Some(100), 97, Some(later))]).await;
    assert_eq!(row(&house).await, (3, 100));
}

#[tokio::test]
async fn what_is_blocked_waits_whatever_is_left() {
    let house = House::new().await;
    let lane = lane(&house, 2).await;
    let budget = account(&lane, 100);
    start(&house.targets, &lane, 0, vec![budget]).await;
    let until = house.now().await + SignedDuration::from_mins(3);
    let block = |until| Heard {
        budget,
        limit: None,
        remaining: None,
        reset: None,
        blocked: Some((until, "Too Many Requests".to_owned())),
    };
    heard(&house, &lane, vec![block(until)]).await;
    heard(&house, &lane, vec![block(until - SignedDuration::from_mins(2))]).await;

    let Started::Throttled(throttle) = start(&house.targets, &lane, 1, vec![budget]).await else { panic!("granted") };
    assert_eq!((throttle.until, throttle.because.as_str()), (until, "Too Many Requests"));
    assert_eq!(row(&house).await, (1, 100), "nothing is spent meanwhile");
}

#[tokio::test]
async fn what_waits_keeps_its_place_and_costs_no_attempt() {
    let house = House::new().await;
    let lane = lane(&house, 3).await;
    let place = "SELECT count(*) FROM publish_queue q WHERE q.due_at = q.first_due_at";
    heard(&house, &lane, Vec::new()).await;
    assert_eq!(house.server.count(place).await, 3);
    let again = house.targets.work(vec![lane.held.clone()]).await.unwrap().remove(0);
    let order = |lane: &LaneWork| lane.items.iter().map(|item| item.target_id).collect::<Vec<_>>();
    assert_eq!(order(&again), order(&lane));
    assert_eq!(again.items[0].state.attempt, 0);
    assert!(again.items[0].state.next_at.is_some());
}

#[tokio::test]
async fn an_app_that_projects_share_keeps_each_its_part() {
    // given: two projects whose accounts are connected through one app of 20; the second has posted once
    let mut house = House::new().await;
    let shared = |lane: &LaneWork| vec![Budget { is_shared: true, ..app(lane, 20) }];
    let many = lanes(&house, 30).await;
    house.project = ProjectId(Uuid::now_v7());
    let insert = format!("INSERT INTO projects (id, name, mode) VALUES ('{}', 'other', 'test')", house.project.0);
    house.server.execute(&insert).await;
    let few = lane(&house, 2).await;
    let held = many.iter().map(|lane| lane.held.clone()).chain([few.held.clone()]).collect();
    house.server.execute("UPDATE social_accounts SET facts = '{\"app\": \"one\"}'").await;
    let mut lanes = house.targets.work(held).await.unwrap();
    let few = lanes.pop().unwrap();
    assert!(lanes.iter().all(|lane| lane.account.app == few.account.app && lane.account.app_is_shared));
    assert!(goes(&start(&house.targets, &few, 0, shared(&few)).await));
    pass(&house).await;

    // when: the first asks for all there is, one after the other
    let mut granted = 0;
    for lane in &lanes {
        granted += i32::from(goes(&start(&house.targets, lane, 0, shared(lane)).await));
    }

    // then: one in ten is kept, half of that for the other
    assert_eq!(granted, 19);
    assert!(goes(&start(&house.targets, &few, 1, shared(&few)).await));
}

#[tokio::test]
async fn who_goes_without_is_told_until_when() {
    let house = House::new().await;
    let lanes = lanes(&house, 6).await;
    let asked = lanes.iter().map(|lane| start(&house.targets, lane, 0, vec![app(lane, 4)]));
    let started = futures::future::join_all(asked).await;
    assert_eq!(started.iter().filter(|started| goes(started)).count(), 4);
    let until: Vec<_> = started
        .iter()
        .filter_map(|started| match started {
            Started::Throttled(throttle) => Some((throttle.scope, throttle.until)),
            _ => None,
        })
        .collect();
    assert!(until.windows(2).all(|pair| pair[0] == pair[1]) && until[0].0 == Scope::App, "{until:?}");
}

#[tokio::test]
async fn what_is_to_come_is_foretold() {
    let house = House::new().await;
    let lane = lane(&house, 5).await;
    let budget = account(&lane, 2);
    let now = house.now().await;
    let at = async |minutes: i64| {
        let due = now + SignedDuration::from_mins(minutes);
        let planned = Planned { account: lane.account.id, due, budgets: vec![budget] };
        let found = forecast(&house.database, &[planned]).await.unwrap();
        found.first().map(|shortage| shortage.next_slot.duration_since(now).as_mins())
    };
    // Five wait already, two go out at once and two in each quarter of an hour after.
    assert_eq!(at(0).await, Some(30));
    assert_eq!(at(20).await, Some(30));
    assert_eq!(at(31).await, None);

    start(&house.targets, &lane, 0, vec![budget]).await;
    start(&house.targets, &lane, 1, vec![budget]).await;
    house.server.execute("DELETE FROM publish_queue").await;
    assert!(matches!(at(0).await, Some(14 | 15)), "the window is used up");
    assert_eq!(at(16).await, None);
}

#[tokio::test]
async fn what_nobody_uses_is_forgotten_and_nothing_else() {
    let house = House::new().await;
    let lane = lane(&house, 2).await;
    start(&house.targets, &lane, 0, vec![account(&lane, 10), app(&lane, 10)]).await;
    pass(&house).await;
    assert_eq!(forget(&house.database, 10).await.unwrap(), 0);
    let old = "UPDATE rate_budgets SET updated_at = now() - interval '9 days'";
    house.server.execute(old).await;
    house.server.execute("UPDATE rate_budgets SET blocked_until = now() + interval '1 hour' WHERE scope = 'app'").await;
    assert_eq!(forget(&house.database, 10).await.unwrap(), 1);
    assert_eq!(house.server.texts("SELECT scope FROM rate_budgets").await, ["app"]);
}
