//! One account with thousands of due posts beside two hundred with one each.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    instant::Memory,
};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

/// The benchmark does it with 10,000.
const BACKLOG: usize = 2_000;
const OTHERS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(60);

over_both!(a_backlog_is_its_own_accounts_affair);

async fn a_backlog_is_its_own_accounts_affair(transport: Transport) {
    // given
    let memory = Memory::new(Duration::from_millis(1));
    let house = House::up(Options::over(transport).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let busy = gather(&house, &tenant, 1).await;
    let others = gather(&house, &tenant, OTHERS).await;

    // when: the others alone
    let alone = post_to_each(&tenant, &memory, &others).await;

    // and: beside a backlog that is due
    memory.forget();
    fill(&house, &tenant, &busy[0]).await;
    memory.wait_for(1, PATIENCE).await;
    let beside = post_to_each(&tenant, &memory, &others).await;
    assert!(memory.count() < BACKLOG, "the backlog was gone before the others came");
    memory.wait_for(BACKLOG + OTHERS, PATIENCE).await;

    // then
    assert!(beside < alone + Duration::from_secs(2), "{beside:?} beside a backlog, {alone:?} alone");
    let numbers: Vec<usize> = memory
        .sent()
        .into_iter()
        .filter(|sent| sent.account == busy[0].account)
        .filter_map(|sent| sent.text.strip_prefix("number ")?.parse().ok())
        .collect();
    assert_eq!(numbers, (0..BACKLOG).collect::<Vec<_>>(), "in order, each once");
    assert_eq!(memory.overlaps(), 0);
    house.down().await.expect("an orderly end");
}

async fn gather(house: &House, tenant: &Tenant, count: usize) -> Vec<Somebody> {
    crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::X, count).await
}

/// How long it takes until each has sent what is posted to each.
async fn post_to_each(tenant: &Tenant, memory: &Memory, people: &[Somebody]) -> Duration {
    let began = Instant::now();
    for some in people.chunks(50) {
        let accounts: Vec<_> = some.iter().map(|person| &person.id).collect();
        tenant.post_body(json!({"content": "just one", "accounts": accounts})).await;
    }
    let mut waiting: HashMap<_, ()> = people.iter().map(|person| (person.account.clone(), ())).collect();
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

/// Thousands of posts of one account that become due at once.
async fn fill(house: &House, tenant: &Tenant, account: &Somebody) {
    let far = SystemClock.now() + SignedDuration::from_hours(1);
    let far = Timestamp::from_second(far.as_second()).expect("a time");
    let posts: Vec<_> = (0..BACKLOG)
        .map(|number| json!({"content": format!("number {number}"), "accounts": [&account.id], "scheduled_at": far.to_string()}))
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
