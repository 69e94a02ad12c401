//! Messages nobody can read, messages of a time to come, and a queue that nothing leads to any more: a message is a
//! hint, so whatever becomes of it, what is due goes out once.

use std::time::Duration;

use domain::{
    job::{Call, Kind, Queue},
    platform::Platform,
};
use e2e::{
    Connected, House, Options, Tenant, Transport, eventually,
    hooks::Hook,
    tenant::{id, ids},
    waiting::within,
};
use serde_json::{Value, json};

const HANDOVER: &str = "fanfare.jobs.v1.Handover";
const QUESTION: &str = "fanfare.jobs.v1.Question";
const DEAD: &str = "fanfare.dead";
const EXCHANGE: &str = "fanfare.work";

/// A lane as the contract writes it, by hand: whoever sends poison does not use our code.
fn lane(kind: u8, key: &[u8], fence: u8) -> Vec<u8> {
    let length = u8::try_from(key.len()).expect("a short key");
    [&[0x08, kind, 0x12, length], key, &[0x18, fence, 0x20, 1]].concat()
}

fn handover(lanes: &[Vec<u8>]) -> Vec<u8> {
    let field = |lane: &Vec<u8>| [&[0x0a, u8::try_from(lane.len()).expect("a short lane")][..], lane].concat();
    lanes.iter().flat_map(field).collect()
}

/// A field that this version does not know, as later ones of the same contract may have.
const LATER: [u8; 4] = [0xaa, 0x06, 1, b'x'];

/// What no service can make anything of.
fn poison(queue: Queue) -> Vec<(Option<&'static str>, Vec<u8>)> {
    let (own, other) = kinds(queue);
    let good = handover(&[lane(own, &[7; 16], 1)]);
    vec![
        (Some(HANDOVER), vec![0xff; 40]),
        (Some(HANDOVER), Vec::new()),
        (Some(HANDOVER), vec![0x0a; 1 << 20]),
        (Some(HANDOVER), handover(&[lane(99, &[7; 16], 1)])),
        (Some(HANDOVER), handover(&[lane(other, &[7; 16], 1)])),
        (Some(HANDOVER), handover(&[lane(own, &[7; 15], 1)])),
        (Some(HANDOVER), handover(&vec![lane(own, &[7; 16], 1); 17])),
        (Some("fanfare.jobs.v2.Handover"), good.clone()),
        (Some(QUESTION), good.clone()),
        (None, good),
    ]
}

/// What can be read and means nothing: lanes of nobody, fences of another time, fields of a later version.
fn stale(queue: Queue, key: &[u8]) -> Vec<Vec<u8>> {
    let (own, _) = kinds(queue);
    let good = handover(&[lane(own, &[7; 16], 1)]);
    vec![good.clone(), handover(&[lane(own, key, 0), lane(own, key, 127)]), [&good[..], &LATER].concat()]
}

/// The queue's own kind of lane, and another's.
fn kinds(queue: Queue) -> (u8, u8) {
    let (own, other) = match queue {
        Queue::Publish(_) => (Kind::Publish, Kind::Deliver),
        Queue::Refresh => (Kind::Refresh, Kind::Publish),
        Queue::Deliver => (Kind::Deliver, Kind::Publish),
    };
    let number = |kind: Kind| u8::try_from(kind.number()).expect("a small number");
    (number(own), number(other))
}

/// The sixteen bytes behind `acc_...`
fn key_of(account: &Connected) -> Vec<u8> {
    let digits = account.id.trim_start_matches("acc_");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("a digit");
    (0..digits.len()).step_by(2).map(byte).collect()
}

async fn posts(tenant: &Tenant, accounts: &[Connected], words: &str) -> Vec<Value> {
    let mut posts = Vec::new();
    for number in 0..5 {
        posts.push(tenant.post(&format!("{words} {number}"), accounts).await);
    }
    posts
}

async fn all_are_out_once(tenant: &Tenant, accounts: &[Connected], posts: &[Value]) {
    for post in posts {
        let post = tenant.settled(post).await;
        assert_eq!(post["status"], "published", "{post:#}");
        for target in post["targets"].as_array().expect("targets") {
            assert_eq!(target["attempts"], 1, "{target:#}");
        }
    }
    for account in accounts {
        let mut live = tenant.world.texts_of(&account.resident.account).await;
        let mut said: Vec<_> = posts.iter().filter_map(|post| post["content"].as_str()).collect();
        live.sort();
        said.sort_unstable();
        assert_eq!(live, said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_read_is_put_aside_and_the_queue_goes_on() {
    // given
    let house = House::up(Options::over(Transport::RabbitMq)).await;
    let broker = house.broker().expect("a broker");
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let hook = Hook::of(&tenant, &["post.published"]).await;

    // when: among posts
    let mut all = posts(&tenant, &accounts, "before").await;
    let mut dead = Vec::new();
    for queue in Queue::all() {
        for (kind, bytes) in poison(queue) {
            broker.put(&queue.name(), kind, &bytes).await;
            dead.push(bytes);
        }
        for bytes in stale(queue, &key_of(&accounts[0])) {
            broker.put(&queue.name(), Some(HANDOVER), &bytes).await;
        }
    }
    for call in [Call::Connect] {
        for (kind, bytes) in [(Some(QUESTION), vec![0xff; 40]), (Some(HANDOVER), Vec::new()), (None, Vec::new())] {
            broker.put(call.name(), kind, &bytes).await;
        }
    }
    all.extend(posts(&tenant, &accounts, "after").await);

    // then: nothing is lost, nothing is said twice, and questions are answered
    all_are_out_once(&tenant, &accounts, &all).await;
    tenant.connect(Platform::Bluesky).await;
    for post in &all {
        hook.wait_for("post.published", id(post)).await;
    }

    // and: what could not be read stands aside, each once, and what meant nothing is gone
    let mut aside = Vec::new();
    eventually("all poison stands aside", async || {
        aside = broker.waiting(DEAD).await;
        (aside.len() >= dead.len()).then_some(())
    })
    .await;
    aside.sort();
    dead.sort();
    assert!(aside == dead, "{} aside of {}", aside.len(), dead.len());
    for queue in Queue::all() {
        eventually("the queue is empty", async || broker.waiting(&queue.name()).await.is_empty().then_some(())).await;
    }
    let stats = house.bus.stats();
    assert_eq!(stats.poison, u64::try_from(dead.len() + 3).expect("few"), "{stats:?}");
    assert_eq!((stats.connections, stats.rejected, stats.returned), (1, 0, 0), "{stats:?}");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_queue_takes_comes_back_and_goes_out_once() {
    // given: nothing leads to the queue any more, and nobody was told
    let house = House::up(Options::over(Transport::RabbitMq)).await;
    let broker = house.broker().expect("a broker");
    let tenant = house.tenant().await;
    let accounts = vec![tenant.connect(Platform::Mastodon).await, tenant.connect(Platform::Mastodon).await];
    broker.unbind(EXCHANGE, &Queue::Publish(Platform::Mastodon).name()).await;

    // when
    let post = tenant.post_body(json!({"content": "to whom?", "accounts": ids(&accounts)})).await;
    eventually("it came back", async || (house.bus.stats().returned > 0).then_some(())).await;

    // then: it is found again when its claim has run out, over a connection that has put things right
    let settled = within(Duration::from_secs(60), "it goes out", async || {
        let post = tenant.read(&post).await;
        (post["status"] == "published").then_some(post)
    })
    .await;
    all_are_out_once(&tenant, &accounts, &[settled]).await;
    assert!(house.bus.stats().connections > 1, "{:?}", house.bus.stats());
    house.down().await.expect("an orderly end");
}
