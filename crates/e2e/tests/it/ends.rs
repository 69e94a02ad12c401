//! An orderly end, and what it costs to wait for work.

use std::time::Duration;

use e2e::{
    Fleet, House, Options, Transport, eventually,
    fleet::{Formation, Program},
    process,
    tenant::ids,
    tenant::wordy,
};
use serde_json::json;

over_both!(who_has_nothing_to_do_asks_little);

/// Statements a second of everything together when nothing is due.
const IDLE_STATEMENTS: f64 = 10.0;
/// Bytes of resident memory of all services together when nothing is due.
const IDLE_MEMORY: u64 = 150_000_000;

async fn who_has_nothing_to_do_asks_little(transport: Transport) {
    // given: a house that has worked
    let house = House::up(Options::over(transport).tapped()).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let posted = tenant.post("before the quiet", &accounts).await;
    tenant.settled(&posted).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    // when
    let period = Duration::from_secs(5);
    house.tap().take();
    tokio::time::sleep(period).await;
    let heard = house.tap().take();

    // then
    let rate = heard.statements() as f64 / period.as_secs_f64();
    tracing::info!("{rate:.1} statements a second when idle (under {IDLE_STATEMENTS})");
    assert!(rate < IDLE_STATEMENTS, "{rate}: {heard:#?}");
    assert_eq!(heard.commits(), 0, "who has nothing to do writes nothing: {heard:#?}");
    house.down().await.expect("an orderly end");
}

async fn stops_and_goes_on(mut fleet: Fleet) {
    // given: work under way
    let tenant = fleet.tenant().await;
    let mut accounts = Vec::new();
    for platform in wordy() {
        for _ in 0..4 {
            accounts.push(tenant.connect(platform).await);
        }
    }
    let slow = json!({"operation": "publish", "fault": "slow", "times": null, "params": {"delay_ms": 300}});
    tenant.world.fault(slow).await;
    let mut posts = Vec::new();
    for number in 0..10 {
        posts.push(tenant.post_body(json!({"content": format!("number {number}"), "accounts": ids(&accounts)})).await);
    }
    let total = posts.len() * accounts.len();
    eventually("some of it is out", async || (tenant.world.ledger().await.len() > total / 10).then_some(())).await;

    // when
    let ended = fleet.stop_services().await;

    // then: it ended well, with nothing half-written and no lane kept
    for (program, status) in &ended {
        assert!(status.success(), "{program}: {status}\n{}", fleet.log_of(*program));
    }
    let live = tenant.world.ledger().await.len();
    assert!(live < total, "it was over before it was told to stop");
    let count = async |sql: &str| fleet.db.count(sql).await;
    assert_eq!(
        count("SELECT count(*) FROM target_parts WHERE status = 'sending'").await,
        0,
        "an intent without an outcome"
    );
    assert_eq!(count("SELECT count(*) FROM target_parts WHERE status = 'unconfirmed'").await, 0);
    assert_eq!(
        count("SELECT count(*) FROM target_parts WHERE status IN ('published', 'processing')").await,
        i64::try_from(live).expect("a small number"),
        "what is live is recorded, or that the network works on it"
    );
    let kept = "SELECT count(*) FROM jobs WHERE kind = 1 AND lease_until > now() + interval '16 s'";
    assert_eq!(count(kept).await, 0, "a lane was kept");

    // and: it goes on where it stopped
    fleet.start_services();
    fleet.are_ready().await;
    tenant.world.no_faults().await;
    for posted in &posts {
        let post = tenant.settled(posted).await;
        assert_eq!(post["status"], "published", "{post:#}");
        for target in post["targets"].as_array().expect("targets") {
            assert_eq!(target["attempts"], 1, "{target:#}");
        }
    }
    assert_eq!(tenant.world.ledger().await.len(), total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_apart_finish_what_they_began() {
    stops_and_goes_on(Fleet::up(Formation::Apart, &[]).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_in_one_process_finish_what_they_began() {
    stops_and_goes_on(Fleet::up(Formation::Together, &[]).await).await;
}

async fn is_small(formation: Formation) {
    let fleet = Fleet::up(formation, &[]).await;
    let tenant = fleet.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let posted = tenant.post("before the quiet", &accounts).await;
    tenant.settled(&posted).await;
    let used: Vec<_> = fleet
        .processes()
        .into_iter()
        .filter_map(|(program, process)| Some((program, process::allocated(process)?, process::resident(process)?)))
        .collect();
    let allocated: u64 = used.iter().map(|(_, allocated, _)| allocated).sum();
    let told: Vec<_> = used
        .iter()
        .map(|(program, allocated, resident)| {
            format!("{program} {} of {} MB", allocated / 1_000_000, resident / 1_000_000)
        })
        .collect();
    tracing::info!("{} MB together when idle, besides code: {}", allocated / 1_000_000, told.join(", "));
    // Code that is not optimised is several times as large; with it the benchmark looks, which is.
    assert!(allocated < IDLE_MEMORY, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_apart_are_small() {
    is_small(Formation::Apart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_in_one_process_are_small() {
    is_small(Formation::Together).await;
}

/// With the publisher away work waits in the database, and goes out when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_waits_for_a_publisher() {
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    fleet.stop(Program::Publisher).await;

    let posted = tenant.post("patience", &accounts).await;
    eventually("it was handed over", async || {
        (fleet.db.count("SELECT count(*) FROM jobs WHERE kind = 1 AND fence > 0").await > 0).then_some(())
    })
    .await;
    let waiting = fleet.db.count("SELECT count(*) FROM publish_queue").await;
    assert_eq!(usize::try_from(waiting), Ok(accounts.len()));
    assert!(tenant.world.ledger().await.is_empty());

    fleet.start(Program::Publisher);
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}");
    tenant.is_in_ledger_once(&post, &accounts).await;
}
