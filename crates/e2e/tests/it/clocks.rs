//! Clocks that jump and clocks that people change twice a year: the database's time is the only one that counts.

use std::{collections::HashMap, time::Duration};

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    instant::Memory,
    jumping::JumpingClock,
    tenant::id,
};
use futures::future::join_all;
use jiff::{
    SignedDuration, Timestamp,
    tz::{Offset, TimeZone},
};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// On however busy a machine; an hour is far beyond it.
const LATE: SignedDuration = SignedDuration::from_secs(10);
const PEOPLE: usize = 8;

/// One post to each a quarter of a second, from `first` on, none of which may be more than ten minutes late.
async fn schedule(tenant: &Tenant, people: &[Somebody], first: Timestamp, count: usize) -> Vec<(Value, Timestamp)> {
    join_all((0..count).map(async |number| {
        let due = first + SignedDuration::from_millis(250 * i64::try_from(number).unwrap_or_default());
        let who: Vec<_> = people.iter().map(|who| who.id.as_str()).collect();
        let body = json!({
            "content": format!("number {number}"), "accounts": who, "scheduled_at": due.to_string(), "max_lateness": "PT10M",
        });
        (tenant.post_body(body).await, due)
    }))
    .await
}

/// All are out once, none early and none late.
async fn all_in_time(tenant: &Tenant, memory: &Memory, posts: &[(Value, Timestamp)]) {
    let due: HashMap<_, _> =
        posts.iter().map(|(post, due)| (post["content"].as_str().unwrap_or_default(), *due)).collect();
    memory.wait_for(posts.len() * PEOPLE, Duration::from_secs(30)).await;
    for (post, _) in posts {
        let post = tenant.settled(post).await;
        assert_eq!(post["status"], "published", "{post:#}");
        for target in post["targets"].as_array().expect("targets") {
            assert_eq!(target["attempts"], 1, "{target:#}");
        }
    }
    let sent = memory.sent();
    assert_eq!(sent.len(), posts.len() * PEOPLE, "once each");
    let late: Vec<_> = sent.iter().map(|sent| sent.wall.duration_since(due[sent.text.as_str()])).collect();
    let (early, latest) = (late.iter().filter(|late| late.is_negative()).count(), late.iter().max());
    tracing::info!("{} sends, {early} early, at most {latest:?} late", sent.len());
    assert_eq!(early, 0, "{late:?}");
    assert!(latest.is_some_and(|latest| *latest < LATE), "{late:?}");
}

fn soon() -> Timestamp {
    let now = SystemClock.now() + SignedDuration::from_secs(2);
    Timestamp::from_millisecond(now.as_millisecond()).expect("a time")
}

async fn goes_by_the_database(clock: JumpingClock, jumps: &[SignedDuration]) {
    let memory = Memory::new(Duration::ZERO);
    let options = Options::over(Transport::Local).networks(memory.networks()).clock(clock.clone());
    let house = House::up(options).await;
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, PEOPLE).await;
    let posts = schedule(&tenant, &people, soon(), 4 * (jumps.len() + 1)).await;
    for (number, jump) in jumps.iter().enumerate() {
        // Between two that are due, so that one is waited for while it jumps.
        memory.wait_for((4 * number + 2) * PEOPLE, Duration::from_secs(30)).await;
        clock.set(*jump);
    }
    all_in_time(&tenant, &memory, &posts).await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_ahead_and_back_moves_nothing() {
    goes_by_the_database(JumpingClock::default(), &[HOUR, SignedDuration::ZERO, -HOUR, HOUR, -HOUR]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_from_the_start_moves_nothing() {
    for wrong in [HOUR, -HOUR] {
        let clock = JumpingClock::default();
        clock.set(wrong);
        goes_by_the_database(clock, &[]).await;
    }
}

/// Where clocks change, by an hour or by half of one.
const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

/// The database's sessions live where clocks change, as an operator may have it.
async fn sessions_live_in(house: &House, zone: &str) {
    let name = house.db.texts("SELECT current_database()::text").await.remove(0);
    house.db.execute(&format!("ALTER DATABASE {name} SET timezone = '{zone}'")).await;
    let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(house.db.count(others).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_comes_twice_or_never_is_the_hour_that_was_asked_for() {
    // given
    let memory = Memory::new(Duration::ZERO);
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, 1).await;
    let post = async |content: &str, at: &str| {
        let body = json!({"content": content, "accounts": [people[0].id], "scheduled_at": at});
        // The pool may still hold a connection that was just cut.
        let send = async || {
            let reply = tenant.caller.post("/v1/posts", body.clone()).await;
            (reply.status < 500).then_some(reply)
        };
        e2e::eventually("the database is there again", send).await
    };
    for zone in ZONES {
        sessions_live_in(&house, zone).await;
        let rules = TimeZone::get(zone).expect("a zone that everybody knows");
        for change in rules.following(soon()).take(2) {
            // when: each half hour around the change, as somebody there writes it
            let offsets = [rules.to_offset(change.timestamp() - HOUR), change.offset()];
            for half in -3..=3 {
                for offset in offsets {
                    let at = change.timestamp() + SignedDuration::from_mins(30 * half);
                    let written = format!("{}{}", offset.to_datetime(at), spelled(offset));
                    let posted = post(&format!("{zone} {written}"), &written).await.expect(201);

                    // then
                    assert_eq!(posted["status"], "scheduled", "{posted:#}");
                    assert_eq!(posted["scheduled_at"], at.to_string(), "{written}");
                    assert_eq!(tenant.read(&posted).await["scheduled_at"], at.to_string(), "{written}");
                    let due = format!(
                        "SELECT extract(epoch FROM q.due_at)::bigint FROM publish_queue q JOIN post_targets t \
                         ON t.id = q.subject_id WHERE t.post_id = '{}'",
                        id(&posted).trim_start_matches("post_")
                    );
                    assert_eq!(house.db.count(&due).await, at.as_second(), "{written}");
                }
            }
        }
    }
    // and: a time that does not say where it is meant is nobody's guess
    let refused = post("whose half past two?", "2027-10-31T02:30:00").await.expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/scheduled_at", "{refused:#}");
    assert_eq!(memory.count(), 0);
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_moment_written_in_many_places_is_one_moment() {
    let memory = Memory::new(Duration::ZERO);
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, PEOPLE).await;
    sessions_live_in(&house, ZONES[0]).await;
    let due = soon() + SignedDuration::from_secs(1);
    let who: Vec<_> = people.iter().map(|who| who.id.as_str()).collect();
    let mut posts = Vec::new();
    for minutes in [0, 60, 120, -210, 345, 840, -720] {
        let offset = Offset::from_seconds(minutes * 60).expect("an offset");
        let at = format!("{}{}", offset.to_datetime(due), spelled(offset));
        let body = json!({"content": format!("at {at}"), "accounts": who, "scheduled_at": at});
        let post = e2e::eventually("the database is there again", async || {
            let reply = tenant.caller.post("/v1/posts", body.clone()).await;
            (reply.status == 201).then_some(reply.body)
        })
        .await;
        posts.push((post, due));
    }
    all_in_time(&tenant, &memory, &posts).await;
    house.down().await.expect("an orderly end");
}

/// `+02:00`
fn spelled(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3_600, seconds.abs() / 60 % 60)
}
