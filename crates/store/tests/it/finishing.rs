//! Outcomes that are not the end: tokens refused that were replaced meanwhile, and what a network has not finished.

use domain::{
    policy::OnAuthFailure,
    post::PostStatus,
    target::{ErrorCode, Live, Outcome, PartStatus, Progress, Refusal, Status},
    transition::{Event, Next, Rules, Target, decide},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    posts::{Change, Changed},
    targets::{Finish, Finished, Give, LaneWork, Started},
};

use crate::{
    house::House,
    sending::{QUEUE, intent, publish, rules, work},
};

/// Commits the intent for the lane's first item and returns the target as that leaves it.
async fn begin(house: &House, lane: &LaneWork) -> (Target, Timestamp) {
    let item = &lane.items[0];
    let Started::Go { send_deadline, now, .. } = house.targets.start(intent(lane, item)).await.unwrap() else {
        panic!("not started");
    };
    (decide(&item.state, &Event::Start { part: 0, send_deadline }, &rules(), now).unwrap().target, now)
}

fn finish(lane: &LaneWork, before: Target, event: &Event, rules: &Rules, now: Timestamp) -> Finish {
    let item = &lane.items[0];
    Finish {
        held: lane.held.clone(),
        queue: QUEUE,
        post_id: item.post_id,
        target_id: item.target_id,
        rev: item.rev,
        decision: decide(&before, event, rules, now).unwrap(),
        before,
        attempt: None,
        evidence: None,
        token_version: 1,
        because_inactive: false,
        give: Give::Back(None),
        now,
        heard: Vec::new(),
        keeps_place: false,
    }
}

#[tokio::test]
async fn tokens_replaced_while_they_were_refused_neither_hold_nor_fail_a_target() {
    for on_auth_failure in [OnAuthFailure::Hold, OnAuthFailure::Fail] {
        // given
        let house = House::new().await;
        let account = house.account().await;
        let post = house.accepted(house.post(&[account]).await).await;
        let lane = work(&house).await.remove(0);
        let (started, now) = begin(&house, &lane).await;
        house.server.execute("UPDATE account_tokens SET version = 2").await;

        // when
        let message = "expired".to_owned();
        let refused = Refusal::Auth { code: ErrorCode::TokenExpired, message, http_status: Some(401) };
        let event = Event::Sent { part: 0, outcome: Outcome::Refused(refused) };
        let finish = finish(&lane, started, &event, &Rules { on_auth_failure, ..rules() }, now);
        assert_eq!(house.targets.finish(finish).await.unwrap(), Finished::Recorded);

        // then: nobody is told of anything, and it goes again at once
        let read = house.read(post.id).await;
        assert_eq!((read.status, read.targets[0].status), (PostStatus::Queued, Status::Queued), "{on_auth_failure}");
        assert_eq!(house.events().await, ["post.created"]);
        assert_eq!(house.server.texts("SELECT status FROM social_accounts").await, ["active"]);
        house.server.execute("UPDATE jobs SET wake_at = now()").await;
        let again = work(&house).await.remove(0);
        assert_eq!((again.account.token_version, again.items[0].state.attempt), (2, 1));
        assert!(again.items[0].due_at <= house.now().await);
        let mut start = intent(&again, &again.items[0]);
        start.token_version = 2;
        assert!(matches!(house.targets.start(start).await.unwrap(), Started::Go { .. }));
    }
}

#[tokio::test]
async fn tokens_that_are_still_the_same_fail_a_target_where_that_was_asked_for() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let lane = work(&house).await.remove(0);
    let (started, now) = begin(&house, &lane).await;
    let refused = Refusal::Auth { code: ErrorCode::TokenRevoked, message: String::new(), http_status: Some(401) };
    let event = Event::Sent { part: 0, outcome: Outcome::Refused(refused) };
    let rules = Rules { on_auth_failure: OnAuthFailure::Fail, ..rules() };
    house.targets.finish(finish(&lane, started, &event, &rules, now)).await.unwrap();
    assert_eq!(house.read(post.id).await.status, PostStatus::Failed);
    assert_eq!(house.server.texts("SELECT status FROM social_accounts").await, ["needs_reconnect"]);
}

#[tokio::test]
async fn what_the_network_has_not_finished_is_open_and_kept_with_its_handle() {
    // given
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let lane = work(&house).await.remove(0);
    let (started, now) = begin(&house, &lane).await;

    // when
    let check_at = now + SignedDuration::from_mins(1);
    let outcome = Outcome::Accepted { handle: json!({"container": "17"}), check_at };
    let accepted = finish(&lane, started, &Event::Sent { part: 0, outcome }, &rules(), now);
    assert_eq!(accepted.decision.next, Next::At(check_at));
    assert_eq!(house.targets.finish(accepted).await.unwrap(), Finished::Recorded);

    // then
    let read = house.read(post.id).await;
    assert_eq!((read.status, read.targets[0].status), (PostStatus::Publishing, Status::Publishing));
    assert_eq!(read.targets[0].parts[0].status, PartStatus::Processing);
    assert_eq!(house.server.count("SELECT n_open::bigint FROM post_progress").await, 1);
    let cancel = house.posts.change(house.project, post.id, Change::Cancel).await.unwrap();
    assert!(matches!(cancel, Changed::AlreadyPublishing), "{cancel:?}");
    assert_eq!(house.events().await, ["post.created"]);

    // when: the next holder asks with what was kept, and it is live
    let waiting = "SELECT count(*) FROM publish_queue WHERE due_at > now() + interval '50 s'";
    assert_eq!(house.server.count(waiting).await, 1, "not before the network said");
    house.server.execute("UPDATE publish_queue SET due_at = now(); UPDATE jobs SET wake_at = now()").await;
    let lane = work(&house).await.remove(0);
    let item = &lane.items[0];
    assert_eq!((item.state.following(), &item.state.parts[0].handle), (Some(0), &Some(json!({"container": "17"}))));
    assert!(item.parts[0].composed.is_some(), "kept for a probe, should it come to that");
    let live = Live { id: "9".to_owned(), url: None, reference: json!(null) };
    let event = Event::Followed { part: 0, progress: Progress::Live(live) };
    house.targets.finish(finish(&lane, item.state.clone(), &event, &rules(), check_at)).await.unwrap();

    // then
    assert_eq!(house.read(post.id).await.status, PostStatus::Published);
    assert_eq!(house.server.count("SELECT count(*) FROM target_parts WHERE handle IS NOT NULL").await, 0);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 0);
}

#[tokio::test]
async fn what_is_known_to_be_live_is_listed_for_its_account_and_time() {
    let house = House::new().await;
    let (ours, other) = (house.account().await, house.account().await);
    house.accepted(house.post(&[ours, other]).await).await;
    for lane in work(&house).await {
        let id = if lane.held.key == ours.0 { "1" } else { "2" };
        publish(&house, &lane, id).await;
    }
    let now = house.now().await;
    let minute = SignedDuration::from_mins(1);
    assert_eq!(house.targets.list_live(ours, now - minute).await.unwrap(), ["1"]);
    assert_eq!(house.targets.list_live(ours, now + minute).await.unwrap(), Vec::<String>::new());
}
