//! What a thousand targets cost, in counts, which have no noise: at most 20 commits and 250 AMQP frames from claim to
//! release, and 9 statements a flush.

use std::time::Duration;

use domain::platform::Platform;
use e2e::{House, Options, Transport, crowd, eventually, instant::Memory, wiretap::Heard};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

/// As many as a holder reads at once.
const TARGETS_PER_LANE: usize = 16;
/// On each network.
const LANES: usize = 150;
const PER_CALL: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_targets_cost_few_commits_statements_and_frames() {
    // given: lanes that are full before they are due
    let memory = Memory::new(Duration::ZERO);
    let options = Options::over(Transport::RabbitMq).tapped().networks(memory.networks());
    let house = House::up(options).await;
    let tenant = house.tenant().await;
    let mut people = Vec::new();
    for platform in Platform::all() {
        people.extend(crowd::gather(&house.db, &house.ring.public(), tenant.project, platform, LANES).await);
    }
    let due = soon(Duration::from_secs(20));
    for number in 0..TARGETS_PER_LANE {
        for some in people.chunks(PER_CALL) {
            let accounts: Vec<_> = some.iter().map(|person| &person.id).collect();
            let body =
                json!({"content": format!("number {number}"), "accounts": accounts, "scheduled_at": due.to_string()});
            tenant.post_body(body).await;
        }
    }
    let until_claim = due.duration_since(SystemClock.now()) - SignedDuration::from_millis(1_500);
    assert!(until_claim.is_positive(), "filling the lanes took too long");
    tokio::time::sleep(until_claim.unsigned_abs()).await;
    house.tap().take();
    let before = house.bus.stats();

    // when
    let targets = people.len() * TARGETS_PER_LANE;
    memory.wait_for(targets, Duration::from_secs(60)).await;
    eventually("all lanes are given back", async || {
        let open = house.db.count("SELECT (SELECT count(*) FROM publish_queue) + (SELECT count(*) FROM jobs WHERE lease_until IS NOT NULL)").await;
        (open == 0).then_some(())
    })
    .await;

    // then
    let heard = house.tap().take();
    let after = house.bus.stats();
    let frames = (after.frames_sent + after.frames_received) - (before.frames_sent + before.frames_received);
    let thousands = targets as f64 / 1_000.0;
    let commits = heard.commits() as f64 / thousands;
    let frames = frames as f64 / thousands;
    let (statements, longest) = heard.longest();
    let figures = format!(
        "for 1,000 targets: {commits:.1} commits (at most 20), {frames:.0} AMQP frames (at most 250); at most {statements} \
         statements a flush (9)\n{}",
        told(&heard)
    );
    tracing::info!("{figures}");
    assert_eq!(memory.count(), targets);
    assert_eq!(memory.overlaps(), 0);
    assert!(commits <= 20.0, "{figures}");
    assert!(frames <= 250.0, "{figures}");
    assert!(statements <= 9, "{figures}\n{longest:#?}");
    house.down().await.expect("an orderly end");
}

fn soon(after: Duration) -> Timestamp {
    let now = SystemClock.now();
    Timestamp::from_second(now.as_second()).expect("a time") + SignedDuration::try_from(after).expect("a short time")
}

fn told(heard: &Heard) -> String {
    let mut lines: Vec<_> = heard
        .kinds()
        .into_iter()
        .map(|(name, (count, most))| format!("{count:5} x {most} statements: {name}"))
        .collect();
    lines.extend(heard.alone.iter().map(|(sql, count)| format!("{count:5} x alone: {sql}")));
    lines.join("\n")
}
