//! Cancel, edit, reschedule and "now" against the send, thousands of times, each as near to the moment of sending as it
//! can be aimed: what was acknowledged is so, and what was refused goes out once.

mod change;
mod judge;

use std::{collections::HashMap, time::Duration};

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    instant::Memory,
    tenant::id,
    waiting::within,
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use change::{Aim, Answer, Change};
use judge::Judged;

/// `SEED=n` repeats a schedule; where it meets the sends is the machine's own.
const SEED: u64 = 20_261_123;
const ROUNDS: usize = 6;
const POSTS: usize = 300;
const PEOPLE: usize = 60;
/// Over this the due times of a round are spread.
const SPREAD_MS: i64 = 1_800;
/// Between beginning to write the first round and its first due time; later ones take what the one before showed.
const AHEAD: SignedDuration = SignedDuration::from_millis(3_000);
const LEAST_AHEAD: SignedDuration = SignedDuration::from_millis(1_000);

/// One post, what was asked of it when it was about to go out, and what was answered.
struct Case {
    number: usize,
    post: Value,
    due: Timestamp,
    asked: Vec<(Change, Answer)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_so_and_what_was_refused_goes_out_once() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut random = StdRng::seed_from_u64(seed);
    let memory = Memory::new(Duration::from_millis(3));
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let people = crowd::gather(&house.db, &house.ring.public(), tenant.project, Platform::Mastodon, PEOPLE).await;

    let mut aim = Aim::default();
    let mut ahead = AHEAD;
    let mut cases = Vec::new();
    for round in 0..ROUNDS {
        let (round, written_in) = run(&tenant, &people, &mut random, &aim, round * POSTS, ahead).await;
        ahead = (written_in * 2).max(LEAST_AHEAD);
        aim.correct(round.iter().flat_map(|case| &case.asked));
        cases.extend(round);
    }
    within(Duration::from_secs(60), "all are settled", async || {
        (house.db.count("SELECT count(*) FROM publish_queue").await == 0).then_some(())
    })
    .await;

    let mut stand: HashMap<_, _> =
        tenant.list("/v1/posts").await.into_iter().map(|post| (id(&post).to_owned(), post)).collect();
    let mut live: HashMap<usize, Vec<_>> = HashMap::new();
    for sent in memory.sent() {
        let number = sent.text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
        live.entry(number).or_default().push(sent);
    }
    let mut judged = Judged::default();
    for case in &cases {
        let stands = stand.remove(id(&case.post));
        judged.judge(case, stands.as_ref(), live.get(&case.number).map_or(&[][..], Vec::as_slice));
    }
    tracing::info!("seed {seed}: {judged:#?}");
    assert_eq!(memory.overlaps(), 0);
    assert_eq!(judged.posts, ROUNDS * POSTS);
    assert!(judged.interleavings >= 2_000, "{judged:#?}");
    assert!(judged.wrong.is_empty(), "seed {seed}: {judged:#?}");
    // Both ends of the race were met, or nothing was shown.
    for (change, (done, refused)) in &judged.answers {
        assert!(*done >= 20 && *refused >= 20, "{change}: {done} done, {refused} refused; {judged:#?}");
    }
    house.down().await.expect("an orderly end");
}

/// Writes posts that are due in a moment, changes each about when it is, and tells how long the writing took.
async fn run(
    tenant: &Tenant,
    people: &[Somebody],
    random: &mut StdRng,
    aim: &Aim,
    first: usize,
    ahead: SignedDuration,
) -> (Vec<Case>, SignedDuration) {
    let begun = SystemClock.now();
    let mut planned = Vec::new();
    for number in first..first + POSTS {
        let due = begun + ahead + SignedDuration::from_millis(random.random_range(0..SPREAD_MS));
        let due = Timestamp::from_millisecond(due.as_millisecond()).expect("a time");
        let changes: Vec<_> = Change::some(random, number, due)
            .into_iter()
            .map(|change| (aim.at(&change, due, random), change))
            .collect();
        let who = &people[random.random_range(0..people.len())].id;
        let content = format!("{number} as written");
        let body = json!({"content": content, "accounts": [who], "scheduled_at": due.to_string()});
        planned.push((number, due, changes, body));
    }
    let mut posts = Vec::new();
    for planned in planned.chunks(100) {
        let bodies: Vec<_> = planned.iter().map(|(.., body)| body).collect();
        let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": bodies})).await.expect(207);
        posts.extend(answer["data"].as_array().expect("answers").iter().map(|answer| answer["post"].clone()));
    }
    let written_in = SystemClock.now().duration_since(begun);
    let racing = planned.into_iter().zip(posts).map(async |((number, due, changes, _), post)| {
        let asking = changes.into_iter().map(async |(at, change)| {
            let wait = at.duration_since(SystemClock.now());
            tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
            let answer = change.ask(tenant, &post).await;
            (change, answer)
        });
        let asked = join_all(asking).await;
        Case { number, post, due, asked }
    });
    (join_all(racing).await, written_in)
}
