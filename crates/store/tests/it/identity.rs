//! A database that is not the one it says it is, or that the operator holds, sends nothing; and how it goes on.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    ids::{AccountId, PostId},
    job::Queue,
    platform::Platform,
    target::Status,
};
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use store::{
    events::{self, Place},
    identity::{self, Holding, Release, Released},
    targets::{LaneWork, Started},
};

use crate::{house::House, sending::intent};

const QUEUE: Queue = Queue::Publish(Platform::X);

async fn work(house: &House) -> Vec<LaneWork> {
    let lanes = house.lanes.claim(QUEUE, 100).await.unwrap();
    let held = house.lanes.take(lanes).await.unwrap();
    house.targets.work(held).await.unwrap()
}

/// The first item of a lane, about to be sent.
async fn start(house: &House, lane: &LaneWork) -> Started {
    house.targets.start(intent(lane, &lane.items[0])).await.unwrap()
}

async fn due(house: &House, account: AccountId) -> PostId {
    house.accepted(house.post(&[account]).await).await.id
}

async fn due_at(house: &House, account: AccountId, at: Timestamp) -> PostId {
    let mut post = house.post(&[account]).await;
    post.due = Some(at);
    post.scheduled_at = post.due;
    house.accepted(post).await.id
}

/// As a copy is: it says that it is its original.
async fn become_a_copy(house: &House) {
    house.server.execute("UPDATE instance_identity SET table_oid = 1").await;
}

async fn released(house: &House, lost_since: Option<Timestamp>) -> Released {
    match identity::release(&house.database, lost_since).await.unwrap() {
        Release::Released(released) => released,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_sign_of_being_another_database_stops_what_is_under_way() {
    for sign in ["system_identifier = 1", "timeline = 99", "database_oid = 1", "table_oid = 1"] {
        // given: a lane that was taken before
        let house = House::new().await;
        let account = house.account().await;
        due(&house, account).await;
        let lanes = work(&house).await;
        due(&house, house.account().await).await;

        // when
        house.server.execute(&format!("UPDATE instance_identity SET {sign}")).await;

        // then: neither it nor another one goes out
        assert_eq!(start(&house, &lanes[0]).await, Started::Held, "{sign}");
        let looked = house.lanes.due().await.unwrap();
        assert!(looked.is_held && looked.queues.is_empty(), "{sign}: {looked:?}");
        assert_eq!(house.server.count("SELECT sum(attempt) FROM post_targets").await, 0);
        let noticed = identity::notice(&house.database).await.unwrap().unwrap();
        assert!(noticed.since.is_some(), "{sign}");
        assert_eq!(identity::notice(&house.database).await.unwrap().unwrap(), noticed, "it is noticed once");

        // and goes on as if nothing had been, once it is said to be this one
        assert_eq!(released(&house, None).await.hold, noticed);
        assert!(matches!(start(&house, &lanes[0]).await, Started::Go { .. }), "{sign}");
        assert_eq!(house.lanes.due().await.unwrap().queues, [QUEUE]);
        assert_eq!(identity::find_hold(&house.database).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_operator_holds_once_and_webhooks_go_on() {
    let house = House::new().await;
    let account = house.account().await;
    due(&house, account).await;
    let lanes = work(&house).await;

    assert_eq!(identity::hold(&house.database, "a snapshot is made").await.unwrap(), Holding::Held);

    assert_eq!(start(&house, &lanes[0]).await, Started::Held);
    let Holding::Was(hold) = identity::hold(&house.database, "again").await.unwrap() else { panic!("held twice") };
    assert_eq!(hold.because, "a snapshot is made");
    due(&house, house.account().await).await;
    house
        .server
        .execute(
            "UPDATE jobs SET queue = 101, kind = 3 WHERE lease_until IS NULL; \
             INSERT INTO jobs SELECT 2, key, project_id, 100, now() FROM jobs WHERE kind = 3",
        )
        .await;
    assert_eq!(house.lanes.due().await.unwrap().queues, [Queue::Deliver], "refreshes would use up tokens");
    assert_eq!(released(&house, None).await.hold, hold);
    assert!(matches!(start(&house, &lanes[0]).await, Started::Go { .. }));
    assert_eq!(house.lanes.due().await.unwrap().queues, [Queue::Refresh, Queue::Deliver]);
}

#[tokio::test]
async fn nothing_begins_once_a_hold_has_returned() {
    // given: an intent under way that has read that nothing is held, and waits for its lane
    let house = House::new().await;
    let account = house.account().await;
    due(&house, account).await;
    let lanes = work(&house).await;
    house.server.execute(&format!("BEGIN; SELECT 1 FROM jobs WHERE key = '{}' FOR UPDATE", account.0)).await;
    let waiting = async |kinds: &str| {
        let waits = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ({kinds})");
        while house.server.count(&waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };

    // when: it is held meanwhile, and whichever has to wait for the other has its turn
    let holding = async {
        waiting("'transactionid', 'tuple'").await;
        let mut hold = Box::pin(identity::hold(&house.database, "now"));
        let held = tokio::select! {
            held = &mut hold => Some(held),
            () = waiting("'advisory'") => None,
        };
        let begun = "SELECT count(*) FROM target_parts WHERE status = 'sending'";
        let seen = if held.is_some() { Some(house.server.count(begun).await) } else { None };
        house.server.execute("COMMIT").await;
        held.map_or_else(|| hold.left_future(), |held| std::future::ready(held).right_future()).await.unwrap();
        match seen {
            Some(seen) => seen,
            None => house.server.count(begun).await,
        }
    };
    let (started, seen) = futures::join!(start(&house, &lanes[0]), holding);

    // then
    let begun = matches!(started, Started::Go { .. });
    assert_eq!(i64::from(begun), seen, "{started:?}");
}

#[tokio::test]
async fn a_database_that_does_not_say_which_it_is_is_held() {
    let house = House::new().await;
    due(&house, house.account().await).await;
    let lanes = work(&house).await;
    house.server.execute("DELETE FROM instance_identity").await;

    assert_eq!(start(&house, &lanes[0]).await, Started::Held);
    assert!(house.lanes.due().await.unwrap().is_held);
    due(&house, house.account().await).await;

    released(&house, None).await;
    assert!(matches!(start(&house, &lanes[0]).await, Started::Go { .. }));
}

#[tokio::test]
async fn what_was_due_is_doubted_and_what_lies_ahead_is_not() {
    // given
    let house = House::new().await;
    let now = house.now().await;
    let (account, held_account) = (house.account().await, house.account().await);
    let lost_since = now - SignedDuration::from_mins(10);
    let sending = due(&house, account).await;
    let lanes = work(&house).await;
    assert!(matches!(start(&house, &lanes[0]).await, Started::Go { .. }));
    let ahead = due_at(&house, account, now + SignedDuration::from_hours(1)).await;
    let overdue = due_at(&house, account, now - SignedDuration::from_mins(5)).await;
    let waiting = due(&house, held_account).await;
    let of = |post: PostId| format!("(SELECT id FROM post_targets WHERE post_id = '{}')", post.0);
    house
        .server
        .execute(&format!(
            "UPDATE post_targets SET state = 'needs_reconnect' WHERE id = {0}; \
             UPDATE publish_queue SET due_at = now() + interval '1 hour' WHERE subject_id = {0}",
            of(waiting)
        ))
        .await;
    become_a_copy(&house).await;

    // when
    let done = released(&house, Some(lost_since)).await;

    // then
    assert_eq!(done.doubted, BTreeMap::from([(Platform::X, 2)]));
    let status = async |post| house.read(post).await.targets[0].status;
    assert_eq!(status(sending).await, Status::Publishing, "its intent is known and found out about as always");
    assert_eq!(status(ahead).await, Status::Scheduled);
    for post in [overdue, waiting] {
        assert_eq!(status(post).await, Status::Unconfirmed);
        assert!(house.read(post).await.targets[0].next_attempt_at.is_some(), "it is asked for");
    }
    assert_eq!(house.server.count("SELECT sum(n_open) FROM post_progress").await, 4, "nobody is told of anything yet");
    assert_eq!(house.lanes.due().await.unwrap().queues, [QUEUE], "at once");
    let again = identity::release(&house.database, None).await.unwrap();
    assert_eq!(again, Release::NotHeld);
}

#[tokio::test]
async fn a_release_that_was_cut_off_goes_on() {
    // given: one that fails at its very end
    let house = House::new().await;
    let post = due(&house, house.account().await).await;
    let lost_since = house.now().await - SignedDuration::from_mins(1);
    become_a_copy(&house).await;
    house
        .server
        .execute(
            "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$; \
             CREATE TRIGGER break_off BEFORE UPDATE OF released_at ON instance_identity \
               FOR EACH ROW WHEN (NEW.released_at IS NOT NULL) EXECUTE FUNCTION break_off()",
        )
        .await;
    identity::release(&house.database, Some(lost_since)).await.unwrap_err();
    assert!(house.lanes.due().await.unwrap().is_held, "held until all of it is done");
    let hold = identity::find_hold(&house.database).await.unwrap().unwrap();
    assert_eq!(hold.releasing, Some(lost_since));
    let later = due(&house, house.account().await).await;
    house.server.execute("DROP TRIGGER break_off ON instance_identity").await;

    // when: it is repeated without its argument
    let done = released(&house, None).await;

    // then
    assert_eq!(done.lost_since, Some(lost_since));
    assert_eq!(done.doubted, BTreeMap::from([(Platform::X, 1)]), "what is marked is not marked again");
    for post in [post, later] {
        assert_eq!(house.read(post).await.targets[0].status, Status::Unconfirmed);
    }
}

#[tokio::test]
async fn more_than_one_chunk_is_doubted() {
    let house = House::new().await;
    let mut accounts = Vec::new();
    for _ in 0..70 {
        accounts.push(house.account().await);
    }
    for _ in 0..5 {
        house.accepted(house.post(&accounts).await).await;
    }
    become_a_copy(&house).await;

    let done = released(&house, Some(house.now().await)).await;

    assert_eq!(done.doubted, BTreeMap::from([(Platform::X, 350)]));
    let open = "SELECT count(*) FROM post_targets WHERE state = 'unconfirmed' AND next_at IS NOT NULL";
    assert_eq!(house.server.count(open).await, 350);
}

#[tokio::test]
async fn what_this_database_accepted_itself_is_not_doubted() {
    let house = House::new().await;
    let brought = due(&house, house.account().await).await;
    become_a_copy(&house).await;
    identity::notice(&house.database).await.unwrap();
    house.server.execute("UPDATE posts SET created_at = created_at - interval '1 hour'").await;
    house.server.execute("UPDATE instance_identity SET noticed_at = noticed_at - interval '2 minutes'").await;
    let own = due(&house, house.account().await).await;

    let done = released(&house, Some(house.now().await)).await;

    assert_eq!(done.doubted, BTreeMap::from([(Platform::X, 1)]));
    assert_eq!(house.read(brought).await.targets[0].status, Status::Unconfirmed);
    assert_eq!(house.read(own).await.targets[0].status, Status::Queued);
}

#[tokio::test]
async fn a_copy_of_a_copy_spares_nothing_that_the_first_one_accepted() {
    let house = House::new().await;
    become_a_copy(&house).await;
    identity::notice(&house.database).await.unwrap();
    house.server.execute("UPDATE instance_identity SET noticed_at = noticed_at - interval '2 minutes'").await;
    let of_the_first = due(&house, house.account().await).await;
    house.server.execute("UPDATE instance_identity SET noticed = 'what the first copy was'").await;

    released(&house, Some(house.now().await)).await;

    assert_eq!(house.read(of_the_first).await.targets[0].status, Status::Unconfirmed);
}

#[tokio::test]
async fn a_release_that_makes_no_sense_changes_nothing() {
    let house = House::new().await;
    let now = house.now().await;
    let release = async |since| identity::release(&house.database, since).await.unwrap();
    assert_eq!(release(None).await, Release::NotHeld);
    assert_eq!(release(Some(now)).await, Release::NotHeld);
    become_a_copy(&house).await;
    let hold = identity::notice(&house.database).await.unwrap();

    let ahead = release(Some(now + SignedDuration::from_hours(1))).await;
    house.server.execute("SELECT pg_advisory_lock(7310022911238)").await;
    let beside = release(None).await;

    assert!(matches!(ahead, Release::InFuture { .. }), "{ahead:?}");
    assert_eq!(beside, Release::UnderWay);
    assert_eq!(identity::find_hold(&house.database).await.unwrap(), hold);
    house.server.execute("SELECT pg_advisory_unlock(7310022911238)").await;
    assert!(matches!(release(None).await, Release::Released(_)));
}

/// Reads page by page from a place on until that many events were seen, and returns where the reader stands then. Others
/// on this server whose transactions are open hold back what was just committed.
async fn read_on(house: &House, mut place: Place, wanted: usize) -> Place {
    let mut seen = 0;
    while seen < wanted {
        let limit = i64::try_from(wanted - seen).unwrap().min(2);
        let page = events::list(&house.database, house.project, None, None, place, limit).await.unwrap();
        place = page.next;
        seen += page.bodies.len();
        if page.bodies.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(seen, wanted);
    place
}

#[tokio::test]
async fn events_that_a_dump_brought_from_higher_numbers_are_read_and_nobody_misses_the_next() {
    // given: two events with numbers that this cluster will not reach in years, and a reader who has seen the first
    let house = House::new().await;
    let account = house.account().await;
    due(&house, account).await;
    due(&house, account).await;
    house
        .server
        .execute(
            "UPDATE events SET xid = (900000000000 + o.row)::text::xid8 \
             FROM (SELECT id, row_number() OVER (ORDER BY id) AS row FROM events) o WHERE events.id = o.id",
        )
        .await;
    let brought = house.server.texts("SELECT id::text FROM events ORDER BY xid").await;
    let first = Place { xid: 900_000_000_001, id: brought[0].parse().unwrap() };
    become_a_copy(&house).await;
    // and one that was written here before anybody noticed
    due(&house, account).await;
    let page = events::list(&house.database, house.project, None, None, first, 9).await.unwrap();
    assert_eq!(page.bodies, Vec::<String>::new(), "none of them can be seen");

    // when
    assert!(released(&house, None).await.renumbered);

    // then
    let place = read_on(&house, first, 2).await;
    assert_eq!(read_on(&house, Place::START, 3).await, place);
    due(&house, account).await;
    let place = read_on(&house, place, 1).await;
    assert_eq!(
        house.server.texts("SELECT id::text FROM events ORDER BY id").await,
        house.server.texts("SELECT id::text FROM events ORDER BY xid, id").await
    );

    // and again, in a copy of this one
    become_a_copy(&house).await;
    released(&house, None).await;
    due(&house, account).await;
    let mut last = place;
    while last.id.to_string() != house.server.texts("SELECT max(id::text) FROM events").await[0] {
        last = read_on(&house, last, 1).await;
    }
}
