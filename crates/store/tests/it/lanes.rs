//! Lanes: claimed once, taken once, never lost.

use domain::job::{Kind, Lane, Queue};
use domain::platform::Platform;
use jiff::SignedDuration;

use crate::house::House;

const QUEUE: Queue = Queue::Publish(Platform::X);

async fn claimed(house: &House) -> Vec<Lane> {
    house.lanes.claim(QUEUE, 100).await.unwrap()
}

#[tokio::test]
async fn what_is_due_is_named_claimed_once_and_taken_once() {
    let house = House::new().await;
    assert_eq!(house.lanes.due().await.unwrap().queues, []);
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;

    assert_eq!(house.lanes.due().await.unwrap().queues, [QUEUE]);
    let lanes = claimed(&house).await;
    assert_eq!(lanes.iter().map(|lane| (lane.kind, lane.key)).collect::<Vec<_>>(), [(Kind::Publish, account.0)]);
    assert_eq!(claimed(&house).await, []);
    assert_eq!(house.lanes.due().await.unwrap().queues, []);

    let both = [lanes.clone(), lanes].concat();
    assert_eq!(house.lanes.take(both.clone()).await.unwrap().len(), 1);
    assert_eq!(house.lanes.take(both).await.unwrap(), []);
}

#[tokio::test]
async fn a_lane_comes_back_when_its_lease_ends() {
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let first = claimed(&house).await;
    let held = house.lanes.take(first).await.unwrap().remove(0);

    house.server.execute("UPDATE jobs SET lease_until = now() - interval '1 s'").await;
    let again = claimed(&house).await;

    assert_eq!(again.len(), 1);
    assert!(again[0].fence > held.fence);
    assert!(!house.lanes.renew(&held).await.unwrap());
    house.lanes.release(held, None).await.unwrap();
    assert_eq!(house.server.count("SELECT count(*) FROM jobs WHERE lease_until IS NOT NULL").await, 1);
}

#[tokio::test]
async fn what_arrives_while_a_lane_is_held_wakes_it_when_it_is_given_back() {
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let lanes = claimed(&house).await;
    let held = house.lanes.take(lanes).await.unwrap().remove(0);

    house.accepted(house.post(&[account]).await).await;
    let later = house.now().await + SignedDuration::from_hours(1);
    house.lanes.release(held, Some(later)).await.unwrap();

    assert_eq!(claimed(&house).await.len(), 1);
}

#[tokio::test]
async fn a_window_bounds_what_is_leased() {
    let house = House::new().await;
    for _ in 0..5 {
        let account = house.account().await;
        house.accepted(house.post(&[account]).await).await;
    }
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(house.lanes.claim(QUEUE, 2).await.unwrap().len());
    }
    assert_eq!(taken, [2, 0, 0]);
}

#[tokio::test]
async fn a_lane_is_handed_over_a_second_ahead_and_no_sooner() {
    let house = House::new().await;
    for ahead in [SignedDuration::from_millis(700), SignedDuration::from_secs(30)] {
        let account = house.account().await;
        let mut post = house.post(&[account]).await;
        post.due = Some(house.now().await + ahead);
        post.scheduled_at = post.due;
        house.accepted(post).await;
    }
    assert_eq!(claimed(&house).await.len(), 1);
}
