//! How much at once, how fast, and who waits for whom.

use std::time::{Duration, Instant};

use testkit::receiver::{Answer, Receiver};
use uuid::Uuid;

use crate::kit::{House, Wish, distinct};

fn slow(status: u16) -> Answer {
    Answer::After(Duration::from_millis(25), Box::new(Answer::status(status)))
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_at_once_as_the_endpoint_takes_and_no_more() {
    // Given twelve events for an endpoint that takes three at once
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [slow(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { max_in_flight: 3, ..Wish::default() }).await;
    house.events(endpoint, 12).await;
    // When they are delivered
    let running = house.dispatch();
    house.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'", 12).await;
    // Then there were three at once
    assert_eq!(receiver.most_open("/hook"), 3);
    assert_eq!(distinct(&receiver.received()).len(), 12);
    assert_eq!(receiver.received().len(), 12);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_endpoint_gets_one_at_a_time_until_it_recovers() {
    // Given an endpoint that is known to fail and still does
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [slow(500)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { status: "degraded", ..Wish::default() }).await;
    house.test.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '1 h'").await;
    house.events(endpoint, 8).await;
    let running = house.dispatch();
    house.until_attempts(8).await;
    // Then its eight events were tried one by one
    assert_eq!(receiver.most_open("/hook"), 1);
    // When it answers again
    receiver.answer("/hook", [slow(200)]);
    house.until_idle().await;
    house.make_due(endpoint).await;
    house.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'", 8).await;
    // Then it is trusted again, in the database too
    assert!(receiver.most_open("/hook") > 1);
    let healthy = "SELECT count(*) FROM webhook_endpoints WHERE status = 'active' AND failing_since IS NULL";
    assert_eq!(house.test.count(healthy).await, 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_is_remembered_with_its_time() {
    // Given a healthy endpoint
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::status(500)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let running = house.dispatch();
    // When two deliveries fail one after the other
    house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    house.until_attempts(1).await;
    let since = house.test.texts("SELECT failing_since::text FROM webhook_endpoints").await;
    house.event(&[endpoint], Uuid::now_v7(), 1, "{}").await;
    house.until_attempts(2).await;
    // Then it is degraded since the first
    assert_eq!(house.endpoint_status(endpoint).await, "degraded");
    assert_eq!(house.test.texts("SELECT failing_since::text FROM webhook_endpoints").await, since);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_goes_out_at_the_endpoints_rate() {
    // Given ten events for an endpoint that takes twenty a second
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { rate: Some(20), ..Wish::default() }).await;
    house.events(endpoint, 10).await;
    // When they are delivered
    let running = house.dispatch();
    let received = receiver.wait_for("/hook", 10).await;
    // Then nine gaps of 50 ms lie between them, less what the network may move one of them
    let took = received[9].at - received[0].at;
    assert!(took >= Duration::from_millis(430), "{took:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_outlives_the_hold_of_a_lane() {
    // Given an endpoint that takes five a second
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish { rate: Some(5), ..Wish::default() }).await;
    let running = house.dispatch();
    // When each event comes only once the lane of the one before was given back
    for nth in 1..=3 {
        let sent = house.events(endpoint, 1).await.remove(0);
        receiver.wait_for("/hook", nth).await;
        house.until_status(&sent, "delivered").await;
        house.until_idle().await;
    }
    // Then they are 200 ms apart all the same
    let received = receiver.received();
    let took = received[2].at - received[0].at;
    assert!(took >= Duration::from_millis(380), "{took:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_holds_up_no_other() {
    // Given an endpoint that never answers and has ten deliveries under way
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hangs", [Answer::Hang]);
    let hangs = house.endpoint(&receiver.url("/hangs"), Wish::default()).await;
    let answers = house.endpoint(&receiver.url("/answers"), Wish::default()).await;
    house.events(hangs, 12).await;
    let running = house.dispatch();
    receiver.wait_for("/hangs", 10).await;
    // When events come for another one
    let began = Instant::now();
    house.events(answers, 20).await;
    receiver.wait_for("/answers", 20).await;
    // Then they arrive long before the first exchange is given up
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(house.test.count("SELECT count(*) FROM webhook_attempts WHERE status_code IS NULL").await, 0);
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_while_a_delivery_is_under_way_does_not_wait_for_it() {
    // Given an endpoint with a slow delivery under way
    let house = House::new().await;
    let receiver = Receiver::start().await;
    receiver.answer("/hook", [Answer::Held(Box::new(Answer::status(200))), Answer::status(200)]);
    let endpoint = house.endpoint(&receiver.url("/hook"), Wish::default()).await;
    let running = house.dispatch();
    let held = house.events(endpoint, 1).await.remove(0);
    receiver.wait_for("/hook", 1).await;
    // When another event comes
    let second = house.events(endpoint, 1).await.remove(0);
    // Then it is delivered first
    house.until_status(&second, "delivered").await;
    house.until_status(&held, "pending").await;
    receiver.let_go();
    house.until_status(&held, "delivered").await;
    // And the lane was claimed and taken once: what its holder has read does not wake it again
    house.until_idle().await;
    assert_eq!(house.test.count("SELECT fence FROM jobs WHERE wake_at = 'infinity'").await, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_gives_way_when_others_wait_for_a_place() {
    // Given places for sixteen, all taken by endpoints with a backlog that lasts for minutes
    let house = House::new().await;
    let receiver = Receiver::start().await;
    for nth in 0..16 {
        let path = format!("/busy{nth}");
        let endpoint = house.endpoint(&receiver.url(&path), Wish { rate: Some(4), ..Wish::default() }).await;
        house
            .test
            .execute(&format!(
                "WITH e AS (\
                   INSERT INTO events (id, project_id, type, resource_id, resource_seq, owners, body, created_at) \
                   SELECT gen_random_uuid(), '{}', 'post.published', gen_random_uuid(), 1, '{{}}', '{{}}', now() \
                   FROM generate_series(1, 600) RETURNING id, resource_id) \
                 INSERT INTO delivery_queue (endpoint_id, due_at, event_id, delivery_id, project_id, resource_id, \
                   resource_seq) SELECT '{endpoint}', now(), id, gen_random_uuid(), '{}', resource_id, 1 FROM e",
                house.project, house.project
            ))
            .await;
        house.make_due(endpoint).await;
    }
    let running = house.dispatch_with(16);
    receiver.wait_for("/busy15", 1).await;
    // When one more has something due
    let late = house.endpoint(&receiver.url("/late"), Wish::default()).await;
    house.events(late, 1).await;
    // Then it does not wait for the end of a backlog, and the backlogs go on
    receiver.wait_for("/late", 1).await;
    let so_far = receiver.received_at("/busy0").len();
    receiver.wait_for("/busy0", so_far + 2).await;
    running.stop().await;
    assert!(house.test.count("SELECT count(*) FROM delivery_queue").await > 0);
}
