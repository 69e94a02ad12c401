//! What a thousand targets cost, in counts, which have no noise: at most 20 commits and 250 AMQP frames from claim to
//! release, and 9 statements a flush.

use std::time::Duration;

use e2e::{House, Options, Transport, full_lanes::FullLanes, instant::Memory, wiretap::Heard};

/// On each network.
const LANES: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_targets_cost_few_commits_statements_and_frames() {
    // given: lanes that are full before they are due
    let memory = Memory::new(Duration::ZERO);
    let house = House::up(Options::over(Transport::RabbitMq).tapped().networks(memory.networks())).await;
    let lanes = FullLanes::of(&house, LANES).await;
    lanes.fill(Duration::from_secs(20)).await;
    house.tap().take();
    let before = house.bus.stats();

    // when
    lanes.empty(&house, &memory).await;

    // then
    let heard = house.tap().take();
    let after = house.bus.stats();
    let thousands = lanes.targets() as f64 / 1_000.0;
    let commits = heard.commits() as f64 / thousands;
    let frames = (after.frames_sent + after.frames_received) - (before.frames_sent + before.frames_received);
    let frames = frames as f64 / thousands;
    let (statements, longest) = heard.longest();
    let figures = format!(
        "for 1,000 targets: {commits:.1} commits (at most 20), {frames:.0} AMQP frames (at most 250); at most {statements} \
         statements a flush (9)\n{}",
        told(&heard)
    );
    tracing::info!("{figures}");
    assert_eq!(memory.count(), lanes.targets());
    assert_eq!(memory.overlaps(), 0);
    assert!(commits <= 20.0, "{figures}");
    assert!(frames <= 250.0, "{figures}");
    assert!(statements <= 9, "{figures}\n{longest:#?}");
    house.down().await.expect("an orderly end");
}

fn told(heard: &Heard) -> String {
    let kinds = heard.kinds().into_iter();
    let mut lines: Vec<_> =
        kinds.map(|(name, (count, most))| format!("{count:5} x {most} statements: {name}")).collect();
    lines.extend(heard.alone.iter().map(|(sql, count)| format!("{count:5} x alone: {sql}")));
    lines.join("\n")
}
