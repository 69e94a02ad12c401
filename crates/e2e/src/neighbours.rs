//! One account with thousands of due posts beside two hundred with one each.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use domain::platform::Platform;
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    instant::Memory,
};

const PATIENCE: Duration = Duration::from_secs(120);

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How long the others took when nobody else had anything to send.
    pub alone: Duration,
    /// How long they took beside the backlog.
    pub beside: Duration,
    /// The backlog's numbers in the order they were sent.
    pub order: Vec<usize>,
    /// How much of the backlog was out by the time the others were done.
    pub gone: usize,
    /// Sends that began while another of the same account was under way.
    pub overlaps: usize,
}

/// Posts once to each of `others` accounts, alone and then beside an account with `backlog` due posts.
///
/// # Panics
/// When something does not work at all.
pub async fn measure(transport: Transport, backlog: usize, others: usize) -> Outcome {
    let memory = Memory::new(Duration::from_millis(1));
    let house = House::up(Options::over(transport).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let gather = async |count| crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::X, count).await;
    let busy = gather(1).await.remove(0);
    let others = gather(others).await;
    let alone = post_to_each(&tenant, &memory, &others).await;
    memory.forget();
    fill(&house, &tenant, &busy, backlog).await;
    memory.wait_for(1, PATIENCE).await;
    let beside = post_to_each(&tenant, &memory, &others).await;
    let gone = memory.count() - others.len();
    memory.wait_for(backlog + others.len(), PATIENCE).await;
    let of_busy = memory.sent().into_iter().filter(|sent| sent.account == busy.account);
    let order = of_busy.filter_map(|sent| sent.text.strip_prefix("number ")?.parse().ok()).collect();
    let overlaps = memory.overlaps();
    house.down().await.expect("an orderly end");
    Outcome { alone, beside, order, gone, overlaps }
}

/// How long it takes until each has sent what is posted to each.
async fn post_to_each(tenant: &Tenant, memory: &Memory, people: &[Somebody]) -> Duration {
    let began = Instant::now();
    for some in people.chunks(50) {
        let accounts: Vec<_> = some.iter().map(|person| &person.id).collect();
        tenant.post_body(json!({"content": "just one", "accounts": accounts})).await;
    }
    let mut waiting: HashSet<_> = people.iter().map(|person| person.account.clone()).collect();
    let all = async {
        while !waiting.is_empty() {
            for sent in memory.sent() {
                waiting.remove(&sent.account);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("each has sent its one");
    began.elapsed()
}

/// Posts of one account that become due at once: scheduled through the API, and then their time has come.
async fn fill(house: &House, tenant: &Tenant, account: &Somebody, backlog: usize) {
    let far = SystemClock.now() + SignedDuration::from_hours(1);
    let far = Timestamp::from_second(far.as_second()).expect("a time").to_string();
    let posts: Vec<_> = (0..backlog)
        .map(|number| json!({"content": format!("number {number}"), "accounts": [&account.id], "scheduled_at": far}))
        .collect();
    for some in posts.chunks(100) {
        let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": some})).await.expect(207);
        let refused = answer["data"].as_array().expect("answers").iter().find(|one| one["status"] != 201);
        assert!(refused.is_none(), "{refused:?}");
    }
    house
        .db
        .execute(
            "UPDATE publish_queue SET due_at = now(), first_due_at = now(); \
             UPDATE post_targets SET state = 'queued' WHERE state = 'scheduled'; \
             UPDATE jobs SET wake_at = now() WHERE kind = 1 AND wake_at < 'infinity'",
        )
        .await;
}
