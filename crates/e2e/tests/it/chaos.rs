//! The proving ground in short, over services that other tests use at the same time; `make chaos` is all of it.
//!
//! `SEED=n` draws other schedules.

use e2e::chaos::scenarios;

async fn holds(name: &str) {
    let scenario = scenarios::named(name).expect("a scenario");
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let verdict = scenario.run(seed).await;
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.accepted > 100, "too little happened to prove anything: {verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_every_fail_point_breaks_no_promise() {
    holds("failpoints-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_break_no_promise() {
    holds("kills-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_with_everything_killed_breaks_no_promise() {
    holds("kills-together-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_whose_answers_are_lost_break_no_promise() {
    holds("commits-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_breaks_no_promise() {
    holds("frozen-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_loses_its_disk_breaks_no_promise() {
    holds("broker-wiped").await;
}
