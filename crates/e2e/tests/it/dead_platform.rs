//! One server of a network does not answer: nobody else's posts are late, nothing is spent on it, and it goes on.

use std::time::{Duration, Instant};

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    crowd::{self, Papers, Somebody},
    eventually,
    instance::Instance,
    waiting::within,
};
use serde_json::json;

over_both!(a_server_that_hangs_makes_nobody_else_wait);

/// Lanes at a time; with one server that takes them all nothing else would go out.
const LANES: u32 = 32;
const WAITING: usize = 200;
const OTHERS: usize = 20;
const LONG: Duration = Duration::from_secs(90);
const SHORT: Duration = Duration::from_secs(3);
/// For all others to have posted meanwhile.
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// A house whose live projects reach servers on this machine.
struct Town {
    house: House,
    tenant: Tenant,
}

impl Town {
    /// A call takes this long before it is given up.
    async fn over(transport: Transport, timeout: Duration) -> Self {
        let mut options = Options::over(transport);
        options.publisher.lanes = LANES;
        options.publisher.send_timeout_ms = u64::try_from(timeout.as_millis()).expect("a short time");
        // What is in doubt is asked for when all that were sent with it are in doubt too.
        options.publisher.grace_ms = 3_000;
        let house = House::up(options).await;
        let tenant = house.tenant().await;
        // A project in test mode reaches the sandbox alone.
        house.db.execute("UPDATE projects SET mode = 'live'").await;
        Self { house, tenant }
    }

    async fn crowd(&self, papers: &Papers, count: usize) -> Vec<Somebody> {
        let ring = self.house.ring.public();
        crowd::gather_with(&self.house.db, &ring, self.tenant.project, papers, count).await
    }

    async fn post(&self, people: &[Somebody], says: &str) {
        for some in people.chunks(50) {
            let accounts: Vec<_> = some.iter().map(|person| &person.id).collect();
            self.tenant.post_body(json!({"content": says, "accounts": accounts})).await;
        }
    }

    /// Targets of an instance of which that is so.
    async fn count(&self, instance: &Papers, what: &str) -> usize {
        usize::try_from(self.sum(instance, &format!("count(*) FILTER (WHERE {what})")).await).expect("a count")
    }

    async fn sum(&self, instance: &Papers, what: &str) -> i64 {
        let base = instance.facts["base"].as_str().expect("an address");
        let sql = format!(
            "SELECT coalesce({what}, 0)::bigint FROM post_targets t JOIN social_accounts a ON a.id = t.account_id \
             WHERE a.facts ->> 'base' = '{base}'"
        );
        self.house.db.count(&sql).await
    }

    /// How long it takes until each has posted once.
    async fn time(&self, instance: &Instance, people: &[Somebody]) -> Duration {
        let before = instance.ledger().await.len();
        let began = Instant::now();
        self.post(people, "just one").await;
        eventually("each has sent its one", async || {
            (instance.ledger().await.len() == before + people.len()).then_some(())
        })
        .await;
        began.elapsed()
    }

    fn open_breakers(&self) -> bool {
        let text = self.house.metrics.encode().expect("text");
        let name = format!("fanfare_breaker_open{{platform=\"{}\"", Platform::Mastodon);
        let line = text.lines().find(|line| line.starts_with(&name)).expect("the metric");
        !line.ends_with(" 0")
    }

    async fn is_shut(&self) {
        eventually("the server is left alone", async || self.open_breakers().then_some(())).await;
    }
}

async fn a_server_that_hangs_makes_nobody_else_wait(transport: Transport) {
    // given
    let town = Town::over(transport, LONG_ENOUGH).await;
    let (well, mut ill) = (Instance::up().await, Instance::up().await);
    let others = town.crowd(&well.papers(true), OTHERS).await;
    let waiting = town.crowd(&ill.papers(true), WAITING).await;
    let alone = town.time(&well, &others).await;
    ill.hang().await;

    // when
    town.post(&waiting, "anybody there?").await;
    eventually("it is asked", async || (ill.unanswered().0 >= 8).then_some(())).await;
    let beside = town.time(&well, &others).await;
    let (hanging, most) = ill.unanswered();
    assert!(hanging > 0, "it has not hung all the time");
    assert_eq!(most, 8, "its share");
    town.is_shut().await;
    let afterwards = town.time(&well, &others).await;

    // then
    tracing::info!("{OTHERS} others: {alone:?} alone, {beside:?} beside {WAITING} that hang, {afterwards:?} once shut");
    assert!(beside < alone + Duration::from_secs(1), "{beside:?} beside, {alone:?} alone");
    assert!(afterwards < alone + Duration::from_secs(1), "{afterwards:?} afterwards, {alone:?} alone");
    // While the first of eight ran out of time others may have taken their place.
    let begun = town.sum(&ill.papers(true), "sum(t.attempt)").await;
    assert!((8..=16).contains(&begun), "{begun} attempts");
    town.house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_a_server_spends_nothing_and_ends_when_it_is_back() {
    // given
    let town = Town::over(Transport::Local, SHORT).await;
    let mut ill = Instance::up().await;
    let papers = ill.papers(true);
    let waiting = town.crowd(&papers, WAITING).await;
    ill.leave().await;

    // when
    town.post(&waiting, "anybody there?").await;
    town.is_shut().await;
    let first = town.sum(&papers, "sum(t.attempt)").await;
    eventually("it is tried", async || (town.sum(&papers, "sum(t.attempt)").await > first).then_some(())).await;

    // then: eight at a time until five had failed, and some that had begun by then
    let begun = town.sum(&papers, "sum(t.attempt)").await;
    assert!(begun <= 16, "{begun} attempts");
    eventually("all wait", async || (town.count(&papers, "t.state = 'queued'").await == WAITING).then_some(())).await;

    // and
    ill.come_back().await;
    within(LONG, "all are published", async || {
        (town.count(&papers, "t.state = 'published'").await == WAITING).then_some(())
    })
    .await;
    assert_eq!(ill.ledger().await.len(), WAITING);
    let spent = town.sum(&papers, "sum(t.attempt)").await - i64::try_from(WAITING).expect("a number");
    assert!(spent <= 16 + 2, "{spent} attempts in vain");
    assert!(!town.open_breakers());
    town.house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_too_late_meanwhile_says_what_held_it() {
    // given: a server that is left alone
    let town = Town::over(Transport::Local, SHORT).await;
    let mut ill = Instance::up().await;
    let papers = ill.papers(true);
    let people = town.crowd(&papers, 16).await;
    ill.leave().await;
    town.post(&people[..8], "anybody there?").await;
    town.is_shut().await;

    // when
    town.post(&people[8..], "is it too late?").await;
    let soon = "UPDATE post_targets SET expire_at = now() + interval '3 s' WHERE attempt = 0; \
                UPDATE jobs SET wake_at = now() WHERE kind = 1 AND lease_until IS NULL";
    town.house.db.execute(soon).await;
    let late = "t.attempt = 0 AND t.state = 'failed'";
    eventually("they fail", async || (town.count(&papers, late).await >= 7).then_some(())).await;

    // then
    let told = format!(
        "{late} AND t.error_code = 'platform_error' AND t.error_message LIKE '%could not be reached%refused%too late%'"
    );
    assert_eq!(town.count(&papers, &told).await, town.count(&papers, late).await);
    assert_eq!(town.count(&papers, "t.attempt = 0 AND t.published_at IS NOT NULL").await, 0);
    town.house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_live_waits_for_the_server_and_loses_no_probe() {
    // given: sends without an answer, some to a server that knows a repeat and some to one that is looked through
    let town = Town::over(Transport::Local, SHORT).await;
    let mut ill = Instance::up().await;
    let papers = ill.papers(true);
    let mut people = town.crowd(&papers, 4).await;
    people.extend(town.crowd(&ill.papers(false), 4).await);
    ill.hang().await;
    town.post(&people, "anybody there?").await;
    within(LONG, "all are in doubt", async || {
        (town.count(&papers, "t.state = 'unconfirmed'").await == people.len()).then_some(())
    })
    .await;

    // when: it refuses to be asked, and after a try in vain all wait for the next one, ten seconds later
    ill.leave().await;
    let far = "SELECT count(*) FROM jobs WHERE kind = 1 AND wake_at > now() + interval '5 s' AND wake_at < 'infinity'";
    within(LONG, "all wait", async || (town.house.db.count(far).await == 8).then_some(())).await;

    // then
    assert_eq!(town.count(&papers, "t.state = 'unconfirmed'").await, people.len());
    let looked = "sum(t.probes) FILTER (WHERE a.facts ->> 'genuine' = 'false')";
    assert_eq!(town.sum(&papers, looked).await, 0);
    // Who tried may have been one whose repeat did not leave: that there was a repeat is remembered, and no more.
    let marked = town.sum(&papers, "sum(t.probes)").await;
    assert!(marked <= 1, "{marked} probes are spent");

    // and: a repeat is how one knows, and another's list may lag
    ill.come_back().await;
    within(LONG, "what can be known is", async || {
        let known = town.count(&papers, "t.state = 'published'").await;
        (known == 4 && town.count(&papers, "t.probes = 1").await == 4).then_some(())
    })
    .await;
    assert_eq!(ill.ledger().await.len(), 4);
    town.house.down().await.expect("an orderly end");
}
