//! Budgets of accounts: learned, kept to, and told.

use std::time::Duration;

use domain::platform::Platform;
use e2e::{
    Fleet, House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    eventually,
    fleet::{Formation, Program},
    instant::Memory,
    ration::Ration,
    waiting::within,
};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

over_both!(a_small_limit_is_learned_before_it_is_reached_and_slows_nobody);

const WINDOW: SignedDuration = SignedDuration::from_secs(4);
const LIMIT: usize = 10;
const PATIENCE: Duration = Duration::from_secs(90);

fn limit() -> i32 {
    i32::try_from(LIMIT).expect("a small number")
}

/// So many people on X, in the tenant's project.
async fn gather(house: &House, tenant: &Tenant, count: usize) -> Vec<Somebody> {
    crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::X, count).await
}

/// Posts of one account that become due at once: scheduled through the API, and then their time has come.
async fn fill(house: &House, tenant: &Tenant, account: &Somebody, count: usize) -> Vec<Value> {
    let far = SystemClock.now() + SignedDuration::from_hours(1);
    let far = Timestamp::from_second(far.as_second()).expect("a time").to_string();
    let post = |number| json!({"content": format!("number {number}"), "accounts": [&account.id], "scheduled_at": far});
    let posts: Vec<_> = (0..count).map(post).collect();
    let mut accepted = Vec::new();
    for some in posts.chunks(100) {
        let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": some})).await.expect(207);
        accepted.extend(answer["data"].as_array().expect("answers").iter().map(|one| one["post"].clone()));
    }
    house
        .db
        .execute(
            "UPDATE publish_queue SET due_at = now(), first_due_at = now(); \
             UPDATE post_targets SET state = 'queued' WHERE state = 'scheduled'; \
             UPDATE jobs SET wake_at = now() WHERE kind = 1 AND wake_at < 'infinity'",
        )
        .await;
    accepted
}

/// The numbers that an account has sent, in order, with when.
fn sent(memory: &Memory, account: &Somebody) -> Vec<(usize, Timestamp)> {
    let mine = memory.sent().into_iter().filter(|sent| sent.account == account.account);
    mine.filter_map(|sent| Some((sent.text.strip_prefix("number ")?.parse().ok()?, sent.wall))).collect()
}

/// All went out once, in their order, and never more than the limit in a window.
fn kept_to_it(sent: &[(usize, Timestamp)], count: usize) {
    let order: Vec<_> = sent.iter().map(|(number, _)| *number).collect();
    assert_eq!(order, (0..count).collect::<Vec<_>>());
    for some in sent.windows(LIMIT + 1) {
        let apart = some[LIMIT].1.duration_since(some[0].1);
        assert!(apart > WINDOW / 2, "{} in {apart}", LIMIT + 1);
    }
}

async fn attempts_once(house: &House) {
    let more = "SELECT count(*) FROM post_targets WHERE attempt <> 1 OR failures <> 0";
    assert_eq!(house.db.count(more).await, 0, "waiting costs no attempt");
}

async fn a_small_limit_is_learned_before_it_is_reached_and_slows_nobody(transport: Transport) {
    // given: a network whose documents promise a hundred times what it lets through, and whose answers say so
    let memory = Memory::new(Duration::ZERO).rationed(Ration::of(limit(), WINDOW));
    let house = House::up(Options::over(transport).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let (busy, others) = (gather(&house, &tenant, 1).await.remove(0), gather(&house, &tenant, 5).await);

    // when
    let posts = fill(&house, &tenant, &busy, 35).await;
    memory.wait_for(LIMIT, PATIENCE).await;

    // then: neighbours are not delayed
    let began = SystemClock.now();
    for other in &others {
        let post = tenant.post_body(json!({"content": "just one", "accounts": [&other.id]})).await;
        tenant.settled(&post).await;
    }
    let took = SystemClock.now().duration_since(began);
    assert!(took < SignedDuration::from_secs(3), "{took}");

    // and: who looks is told until when it waits, and who posts more is told when there is room
    let waiting = &posts[LIMIT + 20];
    let told = eventually("it is said when it goes on", async || {
        let post = tenant.read(waiting).await;
        post["targets"][0]["next_attempt_at"].is_string().then_some(post)
    })
    .await;
    assert_eq!((&told["status"], &told["targets"][0]["attempts"]), (&json!("queued"), &json!(0)), "{told:#}");
    let body = json!({"content": "number 35", "accounts": [&busy.id]});
    let checked = tenant.caller.post("/v1/posts/validate", body.clone()).await.expect(200);
    assert_eq!(checked["targets"][0]["warnings"][0]["code"], "quota", "{checked:#}");
    let more = tenant.post_body(body).await;
    assert_eq!(more["warnings"][0]["code"], "quota", "{more:#}");
    assert_eq!(more["warnings"][0]["account_id"], busy.id, "{more:#}");
    let detail = more["warnings"][0]["detail"].as_str().expect("a text");
    let (_, slot) = detail.split_once("next slot at ").expect("a slot");
    assert!(slot.parse::<Timestamp>().expect("a time") > began, "{detail}");

    // and: all of it goes out in order, and the network never had to say no
    memory.wait_for(36 + others.len(), PATIENCE).await;
    tenant.settled_within(PATIENCE, &more).await;
    kept_to_it(&sent(&memory, &busy), 36);
    assert_eq!(memory.thrown_back(), 0, "a limit that is told need not be run into");
    assert_eq!(memory.overlaps(), 0);
    attempts_once(&house).await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_only_told_by_a_no_is_run_into_once_a_window() {
    let memory = Memory::new(Duration::ZERO).rationed(Ration::of(limit(), WINDOW).silent());
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let busy = gather(&house, &tenant, 1).await.remove(0);

    fill(&house, &tenant, &busy, 25).await;
    memory.wait_for(25, PATIENCE).await;
    kept_to_it(&sent(&memory, &busy), 25);
    assert_eq!(memory.thrown_back(), 2, "one in each window that was used up");
    eventually("all is recorded", async || {
        (house.db.count("SELECT count(*) FROM post_targets WHERE state <> 'published'").await == 0).then_some(())
    })
    .await;
    // What was thrown back is tried again, and the 23 behind it wait without a call.
    let twice = "SELECT count(*) FROM post_targets WHERE attempt = 2 AND failures = 0";
    assert_eq!(house.db.count(twice).await, 2);
    assert_eq!(house.db.count("SELECT count(*) FROM post_targets WHERE attempt = 1").await, 23);
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_network_documents_is_kept_to_in_live_mode() {
    // given: a network that says nothing at all, and a project in live mode
    let ration = Ration::of(limit(), WINDOW).well_documented().silent();
    let memory = Memory::new(Duration::ZERO).rationed(ration);
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let busy = gather(&house, &tenant, 1).await.remove(0);
    // Its key stays as good as it was for as long as the gateway remembers it, and none of it goes to a real network.
    house.db.execute("UPDATE projects SET mode = 'live'").await;

    // when
    fill(&house, &tenant, &busy, 25).await;

    // then
    memory.wait_for(25, PATIENCE).await;
    kept_to_it(&sent(&memory, &busy), 25);
    assert_eq!(memory.thrown_back(), 0);
    attempts_once(&house).await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_late_behind_a_limit_says_so() {
    // given: an account that may send ten an hour, and posts that may be a few seconds late
    let memory = Memory::new(Duration::ZERO).rationed(Ration::of(limit(), SignedDuration::from_hours(1)));
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let busy = gather(&house, &tenant, 1).await.remove(0);

    // when
    let mut posts = Vec::new();
    for number in 0..LIMIT + 4 {
        let content = format!("number {number}");
        posts.push(tenant.post_body(json!({"content": content, "accounts": [&busy.id], "max_lateness": "PT6S"})).await);
    }

    // then
    for post in &posts[LIMIT..] {
        let post = tenant.settled(post).await;
        assert_eq!(post["status"], "failed", "{post:#}");
        let target = &post["targets"][0];
        assert_eq!((&target["error_code"], &target["attempts"]), (&json!("quota_exhausted"), &json!(0)), "{target:#}");
        assert!(target["error_message"].as_str().is_some_and(|said| said.contains("too late")), "{target:#}");
    }
    assert_eq!(memory.count(), LIMIT);
    house.down().await.expect("an orderly end");
}

/// Hundreds of posts to one account of the box's X, which lets a hundred through in a quarter of an hour; the publisher
/// ends and comes back in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_hold_across_restarts() {
    // given
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    tenant.world.caller().post("/_sandbox/quotas", json!({"enforce": true})).await.expect(200);
    let account = tenant.connect(Platform::X).await;
    let posts: Vec<_> =
        (0..130).map(|number| json!({"content": format!("number {number}"), "accounts": [&account.id]})).collect();
    let mut accepted = Vec::new();
    for some in posts.chunks(100) {
        let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": some})).await.expect(207);
        accepted.extend(answer["data"].as_array().expect("answers").iter().map(|one| one["post"].clone()));
    }
    let live = async || tenant.world.ledger_of(&account.resident.account).await.len();

    // when
    within(PATIENCE, "some of it is out", async || (live().await > 60).then_some(())).await;
    assert!(fleet.stop(Program::Publisher).await.success());
    let before = live().await;
    assert!(before < 100, "it was over before it was told to stop");
    fleet.start(Program::Publisher);

    // then: the hundred are out, and the network never had to say no
    let last = accepted.last().expect("posts").clone();
    within(PATIENCE, "the limit is reached and known", async || {
        let post = tenant.read(&last).await;
        (live().await == 100 && post["targets"][0]["next_attempt_at"].is_string()).then_some(())
    })
    .await;
    let thrown_back = "SELECT count(*) FROM publish_attempts WHERE outcome <> 'published'";
    assert_eq!(fleet.db.count(thrown_back).await, 0);

    // when: the quarter of an hour is over
    tenant.world.caller().post("/_sandbox/clock", json!({"advance": "PT15M1S"})).await.expect(200);
    fleet
        .db
        .execute(
            "UPDATE rate_budgets SET window_end = now(), blocked_until = now(); \
             UPDATE jobs SET wake_at = now() WHERE kind = 1 AND wake_at < 'infinity'",
        )
        .await;

    // then: the rest follows, in order
    tenant.settled_within(PATIENCE, &last).await;
    let texts = tenant.world.texts_of(&account.resident.account).await;
    assert_eq!(texts, (0..130).map(|number| format!("number {number}")).collect::<Vec<_>>());
    assert_eq!(fleet.db.count(thrown_back).await, 0);
}
