//! `kill -9` of everything while much is under way, and what is true afterwards.

use std::{collections::HashMap, time::Duration};

use domain::platform::Platform;
use e2e::{
    Connected, Fleet, Tenant, eventually,
    fleet::{Formation, Program},
    tenant::{id, ids, target_of},
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Accounts on each network, and posts to all of them: 504 targets.
const ACCOUNTS: usize = 8;
const POSTS: usize = 21;

/// What comes between a crash and finding out is half a minute each in production.
const HASTE: [(&str, &str); 3] = [
    ("FANFARE__PUBLISHER__SEND_TIMEOUT_MS", "1500"),
    ("FANFARE__PUBLISHER__GRACE_MS", "200"),
    ("FANFARE__PUBLISHER__LEASE_MS", "4000"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_apart_is_killed() {
    let fleet = Fleet::up(Formation::Apart, &HASTE).await;
    survives(fleet, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_in_one_process_is_killed() {
    let fleet = Fleet::up(Formation::Together, &HASTE).await;
    survives(fleet, &[]).await;
}

/// What it has said is public is public, also when it dies right after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_networks_are_killed_too() {
    let fleet = Fleet::up(Formation::Apart, &HASTE).await;
    survives(fleet, &[Program::Sandbox]).await;
}

async fn survives(mut fleet: Fleet, also: &[Program]) {
    // given: more than five hundred targets on their way, each taking a while
    let tenant = fleet.tenant().await;
    let accounts = crowd(&tenant).await;
    let slow = json!({"operation": "publish", "fault": "slow", "times": null, "params": {"delay_ms": 100}});
    tenant.world.fault(slow).await;
    let posts = flood(&tenant, &accounts).await;

    // when: it dies, twice, in the middle of it
    let total = ACCOUNTS * POSTS * Platform::all().count();
    for done in [total / 8, total / 3] {
        eventually("some of it is out", async || (tenant.world.ledger().await.len() > done).then_some(())).await;
        fleet.kill_services();
        for program in also {
            fleet.kill(*program);
        }
        for program in also {
            fleet.start(*program);
            fleet.is_ready(*program).await;
        }
        assert!(tenant.world.ledger().await.len() < total, "it was over before it was killed");
        fleet.start_services();
        fleet.are_ready().await;
    }

    // then
    all_is_well(&tenant, &accounts, &posts).await;
}

pub(crate) async fn crowd(tenant: &Tenant) -> Vec<Connected> {
    let mut accounts = Vec::new();
    for platform in Platform::all() {
        for _ in 0..ACCOUNTS {
            accounts.push(tenant.connect(platform).await);
        }
    }
    accounts
}

pub(crate) async fn flood(tenant: &Tenant, accounts: &[Connected]) -> Vec<Value> {
    let mut posts = Vec::new();
    for number in 0..POSTS {
        posts.push(tenant.post_body(json!({"content": format!("number {number}"), "accounts": ids(accounts)})).await);
    }
    posts
}

/// All settled, none twice in the ledger, none falsely failed, and each account's in order.
pub(crate) async fn all_is_well(tenant: &Tenant, accounts: &[Connected], posts: &[Value]) {
    let mut last = String::new();
    let look = async || {
        let open = open_targets(tenant, posts).await;
        last = format!("{} targets are open: {open:#?}", open.len());
        open.is_empty().then_some(())
    };
    let patience = Duration::from_secs(90);
    let settled = tokio::time::timeout(patience, e2e::waiting::within(patience * 2, "all settle", look)).await;
    assert!(settled.is_ok(), "{last}");

    let mut live: HashMap<(String, String), usize> = HashMap::new();
    for entry in tenant.world.ledger().await {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        *live.entry((text("account"), text("text"))).or_default() += 1;
    }
    let twice: Vec<_> = live.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "live twice: {twice:#?}");

    let mut unconfirmed = 0;
    for post in posts {
        let post = tenant.read(post).await;
        for target in post["targets"].as_array().expect("targets") {
            let account = accounts.iter().find(|account| target["account_id"] == account.id).expect("its account");
            let content = post["content"].as_str().unwrap_or_default().to_owned();
            let is_live = live.contains_key(&(account.resident.account.clone(), content));
            match target["status"].as_str() {
                Some("published") => assert!(is_live, "published and not live: {target:#}"),
                // X's list may lag, so that "not there" proves nothing; the request never arrived.
                Some("unconfirmed") => {
                    assert_eq!(account.platform(), Platform::X, "{target:#}");
                    assert!(!is_live, "it is live and could be found: {target:#}\n{:#?}", tenant.attempts(&post).await);
                    unconfirmed += 1;
                }
                other => panic!("{other:?}: {target:#}\n{:#?}", tenant.attempts(&post).await),
            }
        }
    }
    // Only what was on its way to X at the very moment can end so: one a lane, each time.
    assert!(unconfirmed <= 2 * ACCOUNTS, "{unconfirmed} are unconfirmed");
    first_attempts_are_in_order(tenant, accounts, posts).await;
}

/// What could not be sent may be overtaken while it waits to be tried again, but it was tried in its turn.
async fn first_attempts_are_in_order(tenant: &Tenant, accounts: &[Connected], posts: &[Value]) {
    let mut begun: HashMap<&str, Vec<Timestamp>> = HashMap::new();
    for post in posts {
        let attempts = tenant.attempts(post).await;
        for account in accounts {
            let target = id(target_of(post, account));
            let first = attempts
                .iter()
                .filter(|attempt| attempt["target_id"] == target && attempt["step"] == "send")
                .filter_map(|attempt| attempt["started_at"].as_str()?.parse().ok())
                .min();
            begun.entry(&account.id).or_default().push(first.unwrap_or_else(|| panic!("never sent: {attempts:#?}")));
        }
    }
    let disordered: Vec<_> = begun.iter().filter(|(_, times)| !times.is_sorted()).collect();
    assert!(disordered.is_empty(), "out of order: {disordered:#?}");
}

/// Targets that something may still happen to, but for those that only wait for X's list.
async fn open_targets(tenant: &Tenant, posts: &[Value]) -> Vec<Value> {
    let mut open = Vec::new();
    for post in posts {
        let post = tenant.read(post).await;
        let targets = post["targets"].as_array().expect("targets").iter();
        let waits = |target: &&Value| {
            !matches!(target["status"].as_str(), Some("published" | "failed" | "partial" | "unconfirmed"))
        };
        open.extend(targets.filter(waits).map(|target| json!({"post": id(&post), "target": target})));
    }
    open
}
