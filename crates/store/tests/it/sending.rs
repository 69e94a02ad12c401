//! Intents and outcomes.

use std::time::Duration;

use domain::{
    job::Queue,
    platform::Platform,
    policy::{OnAuthFailure, OnUnconfirmed},
    post::PostStatus,
    target::{Live, Outcome, Status},
    transition::{Event, Rules, decide},
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    posts::{Change, Changed},
    targets::{AttemptRecord, Finish, Finished, Give, LaneWork, Start, Started, Work},
};

use crate::house::House;

pub(crate) const QUEUE: Queue = Queue::Publish(Platform::X);

pub(crate) fn rules() -> Rules {
    Rules {
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        can_refresh: false,
        grace: SignedDuration::from_secs(30),
        jitter: 0.0,
    }
}

pub(crate) async fn work(house: &House) -> Vec<LaneWork> {
    let lanes = house.lanes.claim(QUEUE, 100).await.unwrap();
    let held = house.lanes.take(lanes).await.unwrap();
    house.targets.work(held).await.unwrap()
}

pub(crate) fn intent(lane: &LaneWork, work: &Work) -> Start {
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
        budgets: Vec::new(),
    }
}

/// Starts a target and records that it is live.
pub(crate) async fn publish(house: &House, lane: &LaneWork, id: &str) -> Finished {
    let work = &lane.items[0];
    let Started::Go { send_deadline, now, .. } = house.targets.start(intent(lane, work)).await.unwrap() else {
        panic!("not started");
    };
    house.targets.finish(live(lane, work, id, send_deadline, now)).await.unwrap()
}

pub(crate) fn live(
    lane: &LaneWork,
    work: &Work,
    id: &str,
    send_deadline: jiff::Timestamp,
    now: jiff::Timestamp,
) -> Finish {
    let started = decide(&work.state, &Event::Start { part: 0, send_deadline }, &rules(), now).unwrap().target;
    let outcome = Outcome::Published(Live { id: id.to_owned(), url: None, reference: json!(null) });
    let decision = decide(&started, &Event::Sent { part: 0, outcome }, &rules(), now).unwrap();
    Finish {
        held: lane.held.clone(),
        queue: QUEUE,
        post_id: work.post_id,
        target_id: work.target_id,
        rev: work.rev,
        before: started,
        decision,
        attempt: Some(AttemptRecord {
            number: 1,
            part: 0,
            step: "send",
            started_at: now,
            ended_at: now,
            outcome: "published",
            http_status: Some(201),
            error_code: None,
            message: None,
            next_attempt_at: None,
        }),
        evidence: Some(json!({"live": {"id": id, "url": null, "reference": null}})),
        token_version: 1,
        because_inactive: false,
        give: Give::Back(None),
        now,
        heard: Vec::new(),
        keeps_place: false,
    }
}

#[tokio::test]
async fn a_target_goes_out_and_its_post_settles_once() {
    let house = House::new().await;
    let (first, second) = (house.account().await, house.account().await);
    let post = house.accepted(house.post(&[first, second]).await).await;
    let lanes = work(&house).await;
    assert_eq!(lanes.len(), 2);

    // Both at once: neither may miss that it was the last.
    let done = futures::future::join(publish(&house, &lanes[0], "1"), publish(&house, &lanes[1], "2")).await;

    assert_eq!(done, (Finished::Recorded, Finished::Recorded));
    let read = house.read(post.id).await;
    assert_eq!(read.status, PostStatus::Published);
    let mut ids: Vec<_> = read.targets.iter().map(|target| target.platform_post_id.clone().unwrap()).collect();
    ids.sort();
    assert_eq!(ids, ["1", "2"]);
    let mut events = house.events().await;
    events.sort();
    assert_eq!(events, ["post.created", "post.published", "post.target.published", "post.target.published"]);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 0);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_attempts").await, 2);
    assert_eq!(house.server.count("SELECT count(*) FROM jobs WHERE lease_until IS NOT NULL").await, 0);
    let progress = "SELECT (n_open * 100 + n_published)::bigint FROM post_progress";
    assert_eq!(house.server.count(progress).await, 2);
}

#[tokio::test]
async fn a_canceled_target_does_not_start_from_an_old_message() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let lanes = work(&house).await;

    let canceled = house.posts.change(house.project, post.id, Change::Cancel).await.unwrap();
    assert!(matches!(&canceled, Changed::Done(post) if post.status == PostStatus::Canceled), "{canceled:?}");

    let started = house.targets.start(intent(&lanes[0], &lanes[0].items[0])).await.unwrap();
    assert_eq!(started, Started::Changed);
    assert_eq!(house.events().await, ["post.created", "post.canceled"]);
}

#[tokio::test]
async fn an_intent_is_the_point_of_no_return() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let lanes = work(&house).await;
    let start = intent(&lanes[0], &lanes[0].items[0]);
    assert!(matches!(house.targets.start(start.clone()).await.unwrap(), Started::Go { .. }));

    assert!(matches!(
        house.posts.change(house.project, post.id, Change::Cancel).await.unwrap(),
        Changed::AlreadyPublishing
    ));
    // The same intent twice: the second finds another attempt.
    assert_eq!(house.targets.start(start).await.unwrap(), Started::Changed);
}

#[tokio::test]
async fn who_lost_the_lane_neither_starts_nor_records_but_leaves_evidence() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let old = work(&house).await.remove(0);
    let Started::Go { send_deadline, now, .. } = house.targets.start(intent(&old, &old.items[0])).await.unwrap() else {
        panic!("not started");
    };
    house.server.execute("UPDATE jobs SET lease_until = now() - interval '1 s'").await;
    let new = work(&house).await.remove(0);

    let finish = live(&old, &old.items[0], "77", send_deadline, now);
    assert_eq!(house.targets.finish(finish).await.unwrap(), Finished::Lost);
    assert_eq!(house.targets.start(intent(&old, &old.items[0])).await.unwrap(), Started::Lost);

    assert_eq!(house.read(post.id).await.targets[0].status, Status::Publishing);
    let evidence = house.server.texts("SELECT step || ' ' || (value->'live'->>'id') FROM target_checkpoints").await;
    assert_eq!(evidence, ["evidence:1 77"]);
    assert_eq!(house.server.texts("SELECT outcome FROM publish_attempts").await, ["late_answer"]);
    // The lane was woken for it, behind the new holder's back.
    house.lanes.release(new.held, None).await.unwrap();
    assert_eq!(house.lanes.claim(QUEUE, 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_starts_before_its_time_or_after_it() {
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let lane = work(&house).await.remove(0);

    let mut early = intent(&lane, &lane.items[0]);
    early.due_at = house.now().await + SignedDuration::from_secs(1);
    assert_eq!(house.targets.start(early).await.unwrap(), Started::Changed);

    house.server.execute("UPDATE post_targets SET expire_at = now() - interval '1 ms'").await;
    assert_eq!(house.targets.start(intent(&lane, &lane.items[0])).await.unwrap(), Started::Changed);
}

#[tokio::test]
async fn a_disconnected_account_and_replaced_tokens_send_nothing() {
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let lane = work(&house).await.remove(0);

    house.server.execute("UPDATE account_tokens SET version = version + 1").await;
    assert_eq!(house.targets.start(intent(&lane, &lane.items[0])).await.unwrap(), Started::Changed);
    house.server.execute("UPDATE account_tokens SET version = 1").await;
    house.server.execute("UPDATE social_accounts SET status = 'disconnected'").await;
    assert_eq!(house.targets.start(intent(&lane, &lane.items[0])).await.unwrap(), Started::Changed);
    house.server.execute("UPDATE social_accounts SET status = 'active'").await;
    assert!(matches!(house.targets.start(intent(&lane, &lane.items[0])).await.unwrap(), Started::Go { .. }));
}
