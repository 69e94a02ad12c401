//! Classes A and C, over the networks' own protocols: a key makes repeating harmless, or the account's posts are looked
//! through.

use std::collections::HashMap;

use domain::platform::Platform;
use e2e::{
    Connected, House, Options, Tenant, Transport, eventually,
    tally::{Public, Tally},
    tenant::{id, ids},
    waits,
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::outcomes;

/// A key of ours, a key that is remembered for a while, a list that may lag.
const ASKED: [Platform; 3] = [Platform::X, Platform::Bluesky, Platform::Mastodon];
const DONE: [&str; 3] = ["drop_reply_after_accept", "error_after_accept", "garbage_after_accept"];
const NOT_DONE: [&str; 3] = ["error_before_accept", "hang", "drop_connection"];

/// Everything there is of one network.
struct Case {
    account: Connected,
    fault: &'static str,
}

impl Case {
    fn platform(&self) -> Platform {
        self.account.platform()
    }

    fn is_done(&self) -> bool {
        DONE.contains(&self.fault)
    }
}

async fn cases(tenant: &Tenant, faults: &[&'static str]) -> Vec<Case> {
    let mut cases = Vec::new();
    for platform in ASKED {
        for fault in faults {
            let account = tenant.connect(platform).await;
            let struck = json!({"account": account.resident.account, "operation": "publish", "fault": fault});
            tenant.world.fault(struck).await;
            cases.push(Case { account, fault });
        }
    }
    cases
}

async fn posted(tenant: &Tenant, cases: &[Case], content: &str) -> Vec<Value> {
    join_all(cases.iter().map(|case| tenant.post(content, std::slice::from_ref(&case.account)))).await
}

async fn settled(tenant: &Tenant, posts: &[Value]) -> Vec<Value> {
    join_all(posts.iter().map(|post| tenant.settled(post))).await
}

async fn tally(tenant: &Tenant, posts: &[Value], cases: &[Case]) -> Tally {
    let names: HashMap<_, _> =
        cases.iter().map(|case| (case.account.id.clone(), case.account.resident.account.clone())).collect();
    Tally::of(posts, &names, &Public::in_ledger(&tenant.world.ledger().await))
}

async fn resolve(tenant: &Tenant, post: &Value, word: Value) {
    let way = format!("/v1/posts/{}/targets/{}/resolve", id(post), id(&post["targets"][0]));
    tenant.caller.post(&way, word).await.expect(200);
}

/// X is asked in vain: once, and then as if for the last time.
async fn asked_in_vain(house: &House, tenant: &Tenant, posts: &[&Value]) {
    eventually("it was asked", async || {
        let asked = join_all(posts.iter().map(|post| outcomes(tenant, post, "probe"))).await;
        asked.iter().all(|asked| !asked.is_empty()).then_some(())
    })
    .await;
    waits::are_all_but_over(&house.db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_found_or_repeated_or_left_to_the_caller() {
    // given
    let house = House::up(Options::over(Transport::Local).impatient()).await;
    let tenant = house.tenant().await;
    let faults: Vec<_> = DONE.into_iter().chain(NOT_DONE).collect();
    let cases = cases(&tenant, &faults).await;

    // when
    let posts = posted(&tenant, &cases, "is it there?").await;
    let unknowable = |case: &Case| case.platform() == Platform::X && !case.is_done();
    let in_vain: Vec<_> = cases.iter().zip(&posts).filter(|(case, _)| unknowable(case)).map(|(_, post)| post).collect();
    asked_in_vain(&house, &tenant, &in_vain).await;
    let posts = settled(&tenant, &posts).await;

    // then: Bluesky has the record or has not, Mastodon recognises the repeat, X's list proves presence only
    for (case, post) in cases.iter().zip(&posts) {
        let sends = outcomes(&tenant, post, "send").await;
        let (status, expected): (_, &[&str]) = match (case.platform(), case.is_done()) {
            (Platform::Mastodon, _) | (_, false) if case.platform() != Platform::X => {
                ("published", &["ambiguous", "published"])
            }
            (_, true) => ("published", &["ambiguous"]),
            (_, false) => ("unconfirmed", &["ambiguous"]),
        };
        assert_eq!(post["status"], status, "{} on {}: {post:#}", case.fault, case.platform());
        assert_eq!(sends, expected, "{} on {}: {post:#}", case.fault, case.platform());
    }
    let mut expected = Tally {
        targets: 18,
        published: 15,
        unconfirmed: 3,
        // Bluesky 3 found and 3 again, Mastodon 6 repeated, X 6 sent once.
        attempts: 3 + 6 + 12 + 6,
        live: 15,
        ..Tally::default()
    };
    assert_eq!(tally(&tenant, &posts, &cases).await, expected, "{posts:#?}");

    // when: the caller looked, and it is not there
    let left: Vec<_> = posts.iter().filter(|post| post["status"] == "unconfirmed").collect();
    resolve(&tenant, left[0], json!({"as": "retry"})).await;
    resolve(&tenant, left[1], json!({"as": "retry"})).await;
    resolve(&tenant, left[2], json!({"as": "failed"})).await;

    // then
    let posts = settled(&tenant, &posts).await;
    (expected.unconfirmed, expected.published, expected.failed) = (0, 17, 1);
    (expected.attempts, expected.live) = (29, 17);
    assert_eq!(tally(&tenant, &posts, &cases).await, expected, "{posts:#?}");
    house.down().await.expect("an orderly end");
}

/// The network takes posts and tells nobody of them: what the account has cannot be asked for either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_look_says_so_and_takes_the_callers_word() {
    // given
    let house = House::up(Options::over(Transport::Local).impatient()).await;
    let tenant = house.tenant().await;
    let cases: Vec<_> = cases(&tenant, &["drop_reply_after_accept", "drop_connection"])
        .await
        .into_iter()
        .filter(|case| case.platform() != Platform::Mastodon)
        .collect();
    tenant.world.fault(json!({"operation": "probe", "fault": "error_before_accept", "times": null})).await;

    // when: a network that does not answer is waited for as long as a send would be
    let posts = join_all(cases.iter().map(async |case| {
        let body = json!({"content": "nobody says", "accounts": [case.account.id], "max_lateness": "PT3S"});
        tenant.post_body(body).await
    }))
    .await;
    asked_in_vain(&house, &tenant, &posts.iter().collect::<Vec<_>>()).await;
    let posts = settled(&tenant, &posts).await;

    // then
    let mut expected = Tally { targets: 4, unconfirmed: 4, attempts: 4, live: 2, ..Tally::default() };
    assert_eq!(tally(&tenant, &posts, &cases).await, expected, "{posts:#?}");

    // when
    for (case, post) in cases.iter().zip(&posts) {
        let ledger = tenant.world.ledger_of(&case.account.resident.account).await;
        let word = match ledger.first() {
            Some(live) => json!({"as": "published", "platform_post_id": live["platform_post_id"]}),
            None => json!({"as": "failed"}),
        };
        resolve(&tenant, post, word).await;
    }

    // then
    let posts = settled(&tenant, &posts).await;
    (expected.unconfirmed, expected.published, expected.failed) = (0, 2, 2);
    assert_eq!(tally(&tenant, &posts, &cases).await, expected, "{posts:#?}");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_whose_second_part_is_lost_goes_on_once_that_is_known() {
    // given: each fault on the second of three, by a mark in its text
    let house = House::up(Options::over(Transport::Local).impatient()).await;
    let tenant = house.tenant().await;
    let mut accounts = Vec::new();
    for platform in ASKED {
        accounts.push(tenant.connect(platform).await);
    }
    let names: HashMap<_, _> =
        accounts.iter().map(|account| (account.id.clone(), account.resident.account.clone())).collect();
    let faults: Vec<_> = DONE.into_iter().chain(NOT_DONE).collect();
    let posted = join_all(faults.iter().map(async |fault| {
        let texts = [format!("{fault} begins"), format!("the middle [sandbox:{fault}:1]"), format!("{fault} ends")];
        let containers: Vec<_> = texts.iter().map(|text| json!({"content": text})).collect();
        tenant.post_body(json!({"containers": containers, "accounts": ids(&accounts)})).await
    }))
    .await;

    // when: the caller sends again what X does not show
    let of_x = |post: &Value| {
        let targets = post["targets"].as_array().expect("targets").clone();
        targets.into_iter().find(|target| target["platform"] == "x").expect("one of X")
    };
    let look = async |post: &Value| {
        eventually("X was asked, or had no need to be", async || {
            waits::are_all_but_over(&house.db).await;
            let post = tenant.read(post).await;
            let target = of_x(&post);
            let is_left = target["status"] == "unconfirmed" && target["next_attempt_at"].is_null();
            (is_left || target["status"] == "published").then_some((post, is_left))
        })
        .await
    };
    let mut left = 0;
    for post in &posted {
        let (post, is_left) = look(post).await;
        if is_left {
            left += 1;
            let way = format!("/v1/posts/{}/targets/{}/resolve", id(&post), id(&of_x(&post)));
            tenant.caller.post(&way, json!({"as": "retry"})).await.expect(200);
        }
    }
    let posts = settled(&tenant, &posted).await;

    // then
    let tally = Tally::of(&posts, &names, &Public::in_ledger(&tenant.world.ledger().await));
    let again = 3 + 6 + 3;
    let expected = Tally { targets: 18, published: 18, attempts: 18 * 3 + again, live: 18 * 3, ..Tally::default() };
    assert_eq!(left, NOT_DONE.len());
    assert_eq!(tally, expected, "{posts:#?}");
    house.down().await.expect("an orderly end");
}
