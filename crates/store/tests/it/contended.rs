//! Two who write at the same moment, each interleaving brought about by holding a row's lock.

use std::time::Duration;

use domain::{job::Queue, platform::Platform, post::PostStatus};
use jiff::SignedDuration;
use store::targets::{Finished, Started, Targets};

use crate::{
    house::House,
    sending::{intent, live, work},
};

const QUEUE: Queue = Queue::Publish(Platform::X);

/// Waits until so many wait for a lock, or somebody is done without.
async fn wait_for_waiters<T>(house: &House, waiters: i64, done: impl Fn() -> Option<T>) -> Option<T> {
    // The first waits for this connection's transaction, and those behind it for the row.
    let look = "SELECT count(*) FROM pg_locks WHERE NOT granted AND (transactionid = pg_current_xact_id()::xid \
        OR locktype = 'tuple' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    for _ in 0..1_000 {
        if let Some(done) = done() {
            return Some(done);
        }
        if house.server.count(look).await >= waiters {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody waits and nobody is done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_whoever_is_taking_the_lane() {
    // given: a holder whose lane somebody else is just taking
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let lane = work(&house).await.remove(0);
    house.server.execute("BEGIN; UPDATE jobs SET fence = fence + 1, lease_until = now() + interval '60 s'").await;

    // when
    let start = intent(&lane, &lane.items[0]);
    let starting = tokio::spawn({
        let targets = house.targets.clone();
        async move { targets.start(start).await.unwrap() }
    });
    let sooner = wait_for_waiters(&house, 1, || starting.is_finished().then_some(())).await;
    house.server.execute("COMMIT").await;

    // then
    assert_eq!(sooner, None, "it did not wait");
    assert_eq!(starting.await.unwrap(), Started::Lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_while_a_lane_is_given_back_wakes_it() {
    // given: a lane with nothing left to do, and a post for it that is being accepted
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let held = house.lanes.take(house.lanes.claim(QUEUE, 100).await.unwrap()).await.unwrap().remove(0);
    house.server.execute("DELETE FROM publish_queue").await;
    let accept = format!(
        "BEGIN; UPDATE jobs SET wake_at = LEAST(wake_at, now()), next_seq = next_seq + 1; \
         INSERT INTO publish_queue (account_id, due_at, seq, first_due_at, subject_id, expire_at) \
         VALUES ('{}', now(), 7, now(), gen_random_uuid(), now() + interval '1 h')",
        account.0
    );
    house.server.execute(&accept).await;

    // when
    let giving = tokio::spawn({
        let lanes = house.lanes.clone();
        async move { lanes.release(held, None).await.unwrap() }
    });
    wait_for_waiters(&house, 1, || giving.is_finished().then_some(())).await;
    house.server.execute("COMMIT").await;
    giving.await.unwrap();

    // then
    assert_eq!(house.lanes.claim(QUEUE, 100).await.unwrap().len(), 1, "nobody is told of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_publishers_finishing_a_post_at_once_settle_it_once() {
    // given: both targets of a post on their way, by two publishers
    let house = House::new().await;
    let (first, second) = (house.account().await, house.account().await);
    let post = house.accepted(house.post(&[first, second]).await).await;
    let other = Targets::new(house.database.clone());
    let mut finishes = Vec::new();
    for (lane, (targets, id)) in work(&house).await.iter().zip([(&house.targets, "1"), (&other, "2")]) {
        let item = &lane.items[0];
        let Started::Go { send_deadline, now, .. } = targets.start(intent(lane, item)).await.unwrap() else {
            panic!("not started");
        };
        finishes.push((targets.clone(), live(lane, item, id, send_deadline, now)));
    }
    house.server.execute("BEGIN; SELECT 1 FROM post_progress FOR UPDATE").await;

    // when
    let finishing: Vec<_> = finishes
        .into_iter()
        .map(|(targets, finish)| tokio::spawn(async move { targets.finish(finish).await.unwrap() }))
        .collect();
    wait_for_waiters(&house, 2, || finishing.iter().all(|one| one.is_finished()).then_some(())).await;
    house.server.execute("COMMIT").await;
    for one in finishing {
        assert_eq!(one.await.unwrap(), Finished::Recorded);
    }

    // then
    assert_eq!(house.read(post.id).await.status, PostStatus::Published);
    assert_eq!(house.server.count("SELECT n_open::bigint FROM post_progress").await, 0);
    let told = house.events().await.iter().filter(|kind| *kind == "post.published").count();
    assert_eq!(told, 1, "{:?}", house.events().await);
}

#[tokio::test]
async fn what_becomes_known_late_is_handed_over_though_later_ones_were() {
    // given: what is due now has been handed over
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    assert_eq!(house.lanes.claim(QUEUE, 100).await.unwrap().len(), 1);

    // when: a slow transaction commits what was due half a minute before
    let late = house.account().await;
    let mut post = house.post(&[late]).await;
    post.due = Some(house.now().await - SignedDuration::from_secs(30));
    house.accepted(post).await;

    // then
    let keys: Vec<_> = house.lanes.claim(QUEUE, 100).await.unwrap().into_iter().map(|lane| lane.key).collect();
    assert_eq!(keys, [late.0]);
}
