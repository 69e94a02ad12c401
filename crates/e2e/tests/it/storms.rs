//! 429 for everybody, and tokens that end in mid-flight: nothing is lost, nothing is spent, and who has to be told is
//! told once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{platform::Platform, policy::OnAuthFailure};
use e2e::{
    Connected, House, Options, Tenant, Transport, eventually,
    hooks::Hook,
    tally::{Public, Tally},
    tenant::{Policies, id, ids},
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

/// One of them, each time an account has to be connected again.
const LOST: [&str; 2] = ["account.reauth_required", "account.token_expired"];

async fn connect(tenant: &Tenant, platforms: impl Iterator<Item = Platform>, each: usize) -> Vec<Connected> {
    let mut accounts = Vec::new();
    for platform in platforms {
        for _ in 0..each {
            accounts.push(tenant.connect(platform).await);
        }
    }
    accounts
}

/// So many posts to all of them, each saying something of its own.
async fn posted(tenant: &Tenant, accounts: &[Connected], words: &str, count: usize) -> Vec<Value> {
    let mut posts = Vec::new();
    for number in 0..count {
        posts.push(tenant.post(&format!("{words} {number}"), accounts).await);
    }
    posts
}

async fn settled(tenant: &Tenant, posts: &[Value]) -> Vec<Value> {
    join_all(posts.iter().map(|post| tenant.settled(post))).await
}

async fn tally(tenant: &Tenant, posts: &[Value], accounts: &[Connected]) -> Tally {
    let names: HashMap<_, _> =
        accounts.iter().map(|account| (account.id.clone(), account.resident.account.clone())).collect();
    let public: Vec<_> = Public::in_ledger(&tenant.world.ledger().await)
        .into_iter()
        .filter(|public| names.values().any(|name| *name == public.account))
        .collect();
    Tally::of(posts, &names, &public)
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Attempts of each target, in the order they began.
async fn attempts(tenant: &Tenant, posts: &[Value]) -> HashMap<String, Vec<Value>> {
    let mut of_targets: HashMap<String, Vec<Value>> = HashMap::new();
    for attempt in join_all(posts.iter().map(|post| tenant.attempts(post))).await.into_iter().flatten() {
        of_targets.entry(attempt["target_id"].to_string()).or_default().push(attempt);
    }
    of_targets.values_mut().for_each(|attempts| attempts.sort_by_key(|attempt| time(&attempt["started_at"])));
    of_targets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_throttled_waits_for_the_reset_and_pays_nothing() {
    // given: every account but one that is not, on networks that name a reset as near as this
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let accounts = connect(&tenant, [Platform::X, Platform::Bluesky, Platform::Mastodon].into_iter(), 4).await;
    let neighbour = tenant.connect(Platform::Mastodon).await;
    for account in &accounts {
        let storm = json!({
            "account": account.resident.account, "operation": "publish", "fault": "throttle", "times": null,
            "params": {"reset_s": 2},
        });
        tenant.world.fault(storm).await;
    }

    // when
    let begun = Instant::now();
    let posts = posted(&tenant, &accounts, "in the storm", 4).await;
    let hopeless = json!({"content": "only if at once", "accounts": [accounts[0].id], "max_lateness": "PT3S"});
    let hopeless = tenant.post_body(hopeless).await;
    let beside = tenant.settled(&tenant.post("beside the storm", std::slice::from_ref(&neighbour)).await).await;
    assert_eq!(beside["status"], "published", "{beside:#}");
    let hopeless = tenant.settled(&hopeless).await;
    eventually("each was turned away, and once more after its reset", async || {
        let turned_away = turned_away(&tenant, &posts).await;
        accounts.iter().all(|account| turned_away.get(&account.id).is_some_and(|times| *times >= 2)).then_some(())
    })
    .await;
    let lasted = begun.elapsed();
    assert_eq!(tenant.world.ledger().await.len(), 1, "nobody in the storm is out");
    let spent = "SELECT coalesce(sum(failures), 0)::bigint FROM post_targets";
    assert_eq!(house.db.count(spent).await, 0, "a 429 costs no try");
    tenant.world.no_faults().await;
    let posts = settled(&tenant, &posts).await;

    // then: all are out, once, and what was too late says what it waited for
    let found = tally(&tenant, &posts, &accounts).await;
    let expected = Tally { targets: 48, published: 48, live: 48, attempts: found.attempts, ..Tally::default() };
    assert_eq!(found, expected, "{posts:#?}");
    let late = &hopeless["targets"][0];
    assert_eq!((&late["status"], &late["error_code"]), (&json!("failed"), &json!("quota_exhausted")), "{late:#}");

    // and: asked once a reset rather than once a post
    let most = lasted.as_secs() / 2 + 2;
    let times = turned_away(&tenant, &posts).await;
    assert!(times.values().all(|times| *times <= most), "{times:?} in {lasted:?}");
    for attempts in attempts(&tenant, &posts).await.values() {
        let (last, before) = attempts.split_last().expect("attempts");
        assert_eq!(last["outcome"], "published", "{attempts:#?}");
        assert!(before.iter().all(|attempt| attempt["outcome"] == "throttled"), "{attempts:#?}");
        for pair in attempts.windows(2) {
            let (reset, next) = (time(&pair[0]["next_attempt_at"]), time(&pair[1]["started_at"]));
            assert!(reset.is_some() && reset <= next, "{pair:#?}");
        }
    }
    tracing::info!("{times:?} times turned away in {lasted:?}, {} sends begun, 48 published", found.attempts);
    house.down().await.expect("an orderly end");
}

/// How often each account was turned away.
async fn turned_away(tenant: &Tenant, posts: &[Value]) -> HashMap<String, u64> {
    let mut times = HashMap::new();
    let attempts = attempts(tenant, posts).await;
    for target in posts.iter().flat_map(|post| post["targets"].as_array().expect("targets")) {
        let of_target = attempts.get(&target["id"].to_string()).map_or(&[][..], Vec::as_slice);
        let throttled = of_target.iter().filter(|attempt| attempt["outcome"] == "throttled").count();
        *times.entry(target["account_id"].as_str().unwrap_or_default().to_owned()).or_default() += throttled as u64;
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_between_posts_is_renewed_once_and_nobody_hears_of_it() {
    const EPISODES: usize = 3;
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &["*"]).await;
    let accounts = connect(&tenant, std::iter::once(Platform::Bluesky), 4).await;
    let ends = async || {
        for account in &accounts {
            let ends = json!({"account": account.resident.account, "operation": "publish", "fault": "expire_token"});
            tenant.world.fault(ends).await;
        }
    };
    let versions = async || house.db.count("SELECT sum(version)::bigint FROM account_tokens").await;
    let refusals = async |posts: &[Value]| {
        let attempts = attempts(&tenant, posts).await;
        attempts.values().flatten().filter(|attempt| attempt["outcome"] == "auth").count()
    };
    let before = versions().await;

    // when: one goes out, it ends, and four more wait in the same lane
    let mut posts = Vec::new();
    for episode in 0..EPISODES {
        let first = posted(&tenant, &accounts, &format!("before {episode}"), 1).await;
        posts.extend(settled(&tenant, &first).await);
        ends().await;
        let due = (SystemClock.now() + SignedDuration::from_millis(1_500)).to_string();
        let batch: Vec<_> = (0..4)
            .map(|number| {
                let content = format!("after {episode}, {number}");
                json!({"content": content, "accounts": ids(&accounts), "scheduled_at": due})
            })
            .collect();
        let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": batch})).await.expect(207);
        let rest: Vec<_> =
            answer["data"].as_array().expect("answers").iter().map(|answer| answer["post"].clone()).collect();
        posts.extend(settled(&tenant, &rest).await);
    }

    // then: one refusal and one renewal each time
    let episodes = EPISODES * accounts.len();
    let targets = 5 * episodes;
    let expected =
        Tally { targets, published: targets, live: targets, attempts: (targets + episodes) as u64, ..Tally::default() };
    assert_eq!(tally(&tenant, &posts, &accounts).await, expected, "{posts:#?}");
    assert_eq!(refusals(&posts).await, episodes);
    assert_eq!(versions().await - before, i64::try_from(episodes).expect("few"));

    // when: it ends while they pour in, which wakes the lane again and again
    ends().await;
    let poured = settled(&tenant, &posted(&tenant, &accounts, "poured", 8).await).await;

    // then: some more may be refused, and each goes out once all the same
    let refused = refusals(&poured).await;
    assert!(refused >= accounts.len(), "it did not end: {refused}");
    posts.extend(poured);
    let all = targets + 8 * accounts.len();
    let expected = Tally {
        targets: all,
        published: all,
        live: all,
        attempts: (all + episodes + refused) as u64,
        ..Tally::default()
    };
    assert_eq!(tally(&tenant, &posts, &accounts).await, expected, "{posts:#?}");
    hook.wait_for("post.published", id(posts.last().expect("posts"))).await;
    let told: Vec<_> =
        hook.events().into_iter().filter(|event| LOST.iter().any(|kind| event["type"] == *kind)).collect();
    assert!(told.is_empty(), "{told:#?}");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_for_a_revoked_token_goes_out_after_it_and_each_time_is_told_once() {
    const EPISODES: usize = 2;
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &LOST).await;
    let accounts = tenant.connect_everywhere().await;

    // when
    let mut posts = Vec::new();
    for episode in 0..EPISODES {
        for account in &accounts {
            let ends = json!({"account": account.resident.account, "operation": "publish", "fault": "revoke_token"});
            tenant.world.fault(ends).await;
        }
        let held = posted(&tenant, &accounts, &format!("held {episode}"), 3).await;
        eventually("all are held", async || {
            let now = join_all(held.iter().map(|post| tenant.read(post))).await;
            let mut targets = now.iter().flat_map(|post| post["targets"].as_array().expect("targets"));
            targets.all(|target| target["status"] == "needs_reconnect").then_some(())
        })
        .await;
        assert_eq!(tally(&tenant, &posts, &accounts).await.live, posts.len() * accounts.len(), "nothing new is out");
        for account in &accounts {
            let resident = tenant.world.settle_again(account.platform(), &account.resident.username).await;
            assert_eq!(tenant.connect_as(resident).await.id, account.id);
        }
        posts.extend(settled(&tenant, &held).await);
    }

    // then: in the order they were asked for
    let targets = EPISODES * 3 * accounts.len();
    let found = tally(&tenant, &posts, &accounts).await;
    let expected = Tally { targets, published: targets, live: targets, attempts: found.attempts, ..Tally::default() };
    assert_eq!(found, expected, "{posts:#?}");
    for account in &accounts {
        let texts: Vec<_> = posts.iter().filter_map(|post| post["content"].as_str()).collect();
        assert_eq!(tenant.world.texts_of(&account.resident.account).await, texts);
    }
    // One word an account and episode; a second would come before this one's receiver is done with the first.
    eventually("all is told", async || (hook.events().len() >= EPISODES * accounts.len()).then_some(())).await;
    eventually("nothing is left to tell", async || {
        (house.db.count("SELECT count(*) FROM delivery_queue").await == 0).then_some(())
    })
    .await;
    assert_eq!(hook.events().len(), EPISODES * accounts.len());
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_would_rather_fail_fails_at_once_and_is_not_sent_behind_their_back() {
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let policies = Policies { on_auth_failure: OnAuthFailure::Fail, ..Policies::default() };
    let tenant = house.tenant_with(policies).await;
    let accounts = tenant.connect_everywhere().await;
    for account in &accounts {
        let ends = json!({"account": account.resident.account, "operation": "publish", "fault": "revoke_token"});
        tenant.world.fault(ends).await;
    }

    // when
    let posts = posted(&tenant, &accounts, "now or never", 3).await;
    let begun = Instant::now();
    let posts = settled(&tenant, &posts).await;

    // then: at once, also those that waited for a renewal that was not to be had
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let found = tally(&tenant, &posts, &accounts).await;
    let targets = 3 * accounts.len();
    let expected = Tally { targets, failed: targets, attempts: found.attempts, ..Tally::default() };
    assert_eq!(found, expected, "{posts:#?}");
    for target in posts.iter().flat_map(|post| post["targets"].as_array().expect("targets")) {
        let code = target["error_code"].as_str().unwrap_or_default();
        assert!(["token_revoked", "token_expired"].contains(&code), "{target:#}");
    }

    // when: connected again
    for account in &accounts {
        let resident = tenant.world.settle_again(account.platform(), &account.resident.username).await;
        tenant.connect_as(resident).await;
    }
    let fresh = tenant.settled(&tenant.post("and now", &accounts).await).await;
    assert_eq!(fresh["status"], "published", "{fresh:#}");

    // then: only what was asked for since, and what is asked for again
    assert_eq!(tenant.world.ledger().await.len(), accounts.len());
    for target in posts[0]["targets"].as_array().expect("targets") {
        tenant.caller.poke(&format!("/v1/posts/{}/targets/{}/retry", id(&posts[0]), id(target))).await.expect(200);
    }
    let again = tenant.settled_within(Duration::from_secs(30), &posts[0]).await;
    assert_eq!(again["status"], "published", "{again:#}");
    assert_eq!(tenant.world.ledger().await.len(), 2 * ids(&accounts).len());
    house.down().await.expect("an orderly end");
}
