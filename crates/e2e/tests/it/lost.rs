//! Answers that get lost: what became of a post is found out, and never guessed.

use domain::platform::Platform;
use e2e::{
    Connected, House, Options, Tenant, Transport, eventually,
    tenant::{id, target_of, wordy},
};
use futures::future::join_all;
use platforms::ProbeClass;
use serde_json::{Value, json};

over_both!(what_went_out_and_was_not_answered_is_found, what_never_arrived_is_sent_or_left_to_the_caller);

const ACCEPTED: [&str; 3] = ["drop_reply_after_accept", "error_after_accept", "garbage_after_accept"];

/// Each fault, on an account of its own.
async fn struck(tenant: &Tenant, platform: Platform, fault: &str) -> Connected {
    let account = tenant.connect(platform).await;
    let times =
        json!({"platform": platform, "account": account.resident.account, "operation": "publish", "fault": fault});
    tenant.world.fault(times).await;
    account
}

/// Whether a network is asked by a list that may lag.
fn may_lag(account: &Connected) -> bool {
    platforms::network(account.platform()).spec().probe == ProbeClass::Listing
}

/// Networks that say what an account has posted: LinkedIn does not tell its members.
fn listed() -> impl Iterator<Item = Platform> {
    wordy().filter(|platform| *platform != Platform::Linkedin)
}

/// Lets the twenty minutes pass in which networks whose list may lag are asked again.
async fn no_more_probes(house: &House) {
    let lagging: Vec<String> = Platform::all()
        .filter(|platform| platforms::network(*platform).spec().probe == ProbeClass::Listing)
        .map(|platform| format!("'{platform}'"))
        .collect();
    let of_x = format!("t.platform IN ({}) AND t.state = 'unconfirmed'", lagging.join(", "));
    let sql = format!(
        "UPDATE post_targets t SET probes = 5, next_at = now() WHERE {of_x}; \
         UPDATE publish_queue q SET due_at = now() FROM post_targets t WHERE t.id = q.subject_id AND {of_x}; \
         UPDATE jobs j SET wake_at = now() FROM post_targets t WHERE j.key = t.account_id AND j.kind = 1 AND {of_x}"
    );
    house.db.execute(&sql).await;
}

fn outcomes(attempts: &[Value]) -> Vec<&str> {
    attempts.iter().filter_map(|attempt| attempt["outcome"].as_str()).collect()
}

async fn what_went_out_and_was_not_answered_is_found(transport: Transport) {
    // given
    let house = House::up(Options::over(transport).impatient()).await;
    let tenant = house.tenant().await;
    let mut accounts = Vec::new();
    for platform in listed() {
        for fault in ACCEPTED {
            accounts.push((fault, struck(&tenant, platform, fault).await));
        }
    }

    // when
    let posts = join_all(accounts.iter().map(async |(fault, account)| {
        let posted = tenant.post(&format!("{fault} & <what> then?"), std::slice::from_ref(account)).await;
        tenant.settled(&posted).await
    }))
    .await;

    // then
    for ((fault, account), post) in accounts.iter().zip(&posts) {
        let attempts = tenant.attempts(post).await;
        assert_eq!(post["status"], "published", "{fault} on {}: {post:#}\n{attempts:#?}", account.platform());
        assert!(
            outcomes(&attempts).contains(&"ambiguous"),
            "{fault} did not strike on {}: {attempts:#?}",
            account.platform()
        );
        tenant.is_in_ledger_once(post, std::slice::from_ref(account)).await;
        assert_eq!(tenant.world.ledger_of(&account.resident.account).await.len(), 1);
    }
    house.down().await.expect("an orderly end");
}

async fn what_never_arrived_is_sent_or_left_to_the_caller(transport: Transport) {
    // given: nothing public, and no answer either
    let house = House::up(Options::over(transport).impatient()).await;
    let tenant = house.tenant().await;
    let mut accounts = Vec::new();
    for platform in listed() {
        accounts.push(struck(&tenant, platform, "hang").await);
        accounts.push(struck(&tenant, platform, "drop_connection").await);
    }

    // when
    let posts =
        join_all(accounts.iter().map(|account| tenant.post("anybody there?", std::slice::from_ref(account)))).await;

    // then: where the network's list may lag, "not there" is asked for again and again
    let of_x = || accounts.iter().zip(&posts).filter(|(account, _)| may_lag(account));
    for (_, posted) in of_x() {
        let post = tenant.becomes(posted, "unconfirmed").await;
        assert_eq!(post["status"], "publishing", "a probe is still to come: {post:#}");
        eventually("it was asked for once", async || {
            tenant.attempts(&post).await.iter().any(|attempt| attempt["step"] == "probe").then_some(())
        })
        .await;
    }
    no_more_probes(&house).await;

    // and: where a key of ours makes repeating harmless it is repeated, and else the caller decides
    for (account, posted) in accounts.iter().zip(&posts) {
        let only = std::slice::from_ref(account);
        if may_lag(account) {
            let post = tenant.settled(posted).await;
            let target = target_of(&post, account);
            assert_eq!(post["status"], "unconfirmed", "{post:#}");
            assert_eq!(target["error_code"], "outcome_unknown", "{target:#}");
            assert!(tenant.world.ledger_of(&account.resident.account).await.is_empty());
            let way = format!("/v1/posts/{}/targets/{}/resolve", id(&post), id(target));
            tenant.caller.post(&way, json!({"as": "retry"})).await.expect(200);
        }
        let post = tenant.settled(posted).await;
        assert_eq!(post["status"], "published", "on {}: {post:#}", account.platform());
        tenant.is_in_ledger_once(&post, only).await;
    }
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_for_is_left_to_the_caller_at_once() {
    // given: a member of LinkedIn, whose posts nobody but an organisation's administrator may list
    let house = House::up(Options::over(Transport::Local).impatient()).await;
    let tenant = house.tenant().await;
    let mut accounts = Vec::new();
    for fault in ACCEPTED.into_iter().chain(["drop_connection"]) {
        accounts.push(struck(&tenant, Platform::Linkedin, fault).await);
    }

    // when
    let posts = join_all(accounts.iter().map(async |account| {
        let posted = tenant.post("is it there?", std::slice::from_ref(account)).await;
        tenant.settled(&posted).await
    }))
    .await;

    // then: what is there and what is not are told alike, and the caller's word settles it
    for (account, post) in accounts.iter().zip(&posts) {
        let attempts = tenant.attempts(post).await;
        assert_eq!(post["status"], "unconfirmed", "{post:#}\n{attempts:#?}");
        let live = tenant.world.ledger_of(&account.resident.account).await;
        let word = match live.first() {
            Some(entry) => json!({"as": "published", "platform_post_id": entry["platform_post_id"]}),
            None => json!({"as": "retry"}),
        };
        let way = format!("/v1/posts/{}/targets/{}/resolve", id(post), id(target_of(post, account)));
        tenant.caller.post(&way, word).await.expect(200);
        let post = tenant.settled(post).await;
        assert_eq!(post["status"], "published", "{post:#}");
        tenant.is_in_ledger_once(&post, std::slice::from_ref(account)).await;
    }
    house.down().await.expect("an orderly end");
}
