//! On a machine that does nothing else: how soon a post is on its way, and how punctual.

use std::time::{Duration, Instant};

use domain::platform::Platform;
use e2e::{House, Options, Transport, crowd, instant::Memory};
use jiff::SignedDuration;
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::report::{Report, quantile};

const POSTS: usize = 300;
const BETWEEN: Duration = Duration::from_millis(15);
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(report: &mut Report) {
    for (name, transport) in [("one process", Transport::Local), ("RabbitMQ", Transport::RabbitMq)] {
        let memory = Memory::new(Duration::ZERO);
        let house = House::up(Options::over(transport).networks(memory.networks())).await;
        at_once(report, name, &house, &memory).await;
        memory.forget();
        in_time(report, name, &house, &memory).await;
        house.down().await.expect("an orderly end");
    }
}

async fn at_once(report: &mut Report, name: &str, house: &House, memory: &Memory) {
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, 20).await;
    let mut times = Vec::new();
    for number in 0..POSTS {
        let person = &people[number % people.len()];
        tenant.post_body(json!({"content": format!("number {number}"), "accounts": [&person.id]})).await;
        let accepted = Instant::now();
        memory.wait_for(number + 1, PATIENCE).await;
        let sent = memory.sent().last().map(|sent| sent.at).expect("it was sent");
        times.push(sent.saturating_duration_since(accepted));
        tokio::time::sleep(BETWEEN).await;
    }
    // Connections are made and statements prepared on the first calls.
    let mut times = times.split_off(20);
    let (half, most) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    report.within(&format!("from the 201 to the first call, {name}, p50"), half, Duration::from_millis(10));
    report.within(&format!("from the 201 to the first call, {name}, p99"), most, Duration::from_millis(50));
}

async fn in_time(report: &mut Report, name: &str, house: &House, memory: &Memory) {
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, POSTS).await;
    let first = SystemClock.now() + SignedDuration::from_secs(6);
    let mut due = std::collections::HashMap::new();
    for (number, person) in people.iter().enumerate() {
        let step = SignedDuration::from_millis(i64::try_from(number * 23).expect("a small number"));
        let at = first + step;
        due.insert(person.account.clone(), at);
        let body = json!({"content": "in time", "accounts": [&person.id], "scheduled_at": at.to_string()});
        tenant.post_body(body).await;
    }
    memory.wait_for(POSTS, PATIENCE).await;
    let late: Vec<SignedDuration> =
        memory.sent().iter().map(|sent| sent.wall.duration_since(due[&sent.account])).collect();
    let is_early = late.iter().any(|late| late.is_negative());
    let mut late: Vec<Duration> = late.iter().map(|late| late.unsigned_abs()).collect();
    let (half, most) = (quantile(&mut late, 0.5), quantile(&mut late, 0.99));
    report.note(&format!("scheduled, from its time to the first call, {name}, p50"), crate::report::millis(half));
    report.within(&format!("scheduled, from its time to the first call, {name}, p99"), most, Duration::from_millis(50));
    report.holds(&format!("scheduled, never before its time, {name}"), !is_early);
}
