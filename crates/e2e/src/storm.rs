//! Many targets due within a short time over many accounts of one network, and somebody else's single posts in the midst
//! of them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::platform::Platform;
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    instant::Memory,
    waiting::within,
};

/// Accounts of each post.
const TARGETS_PER_POST: usize = 20;
/// Posts of each call that makes them, the most there may be.
const POSTS_PER_CALL: usize = 100;
/// Such calls at a time.
const CALLS: usize = 2;
/// All accounts are on this network, so that nobody has a queue of their own.
const PLATFORM: Platform = Platform::Mastodon;
/// Accounts of the other project, each posting in its turn.
const OTHERS: usize = 20;
/// How often the other project posts.
const BETWEEN: Duration = Duration::from_millis(500);
/// How long all of it may take once it is due.
const PATIENCE: Duration = Duration::from_secs(300);

/// How big it is.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// How it is handed over.
    pub transport: Transport,
    /// Posts to an account of the storm, a multiple of 20.
    pub targets: usize,
    /// A multiple of 20.
    pub accounts: usize,
    /// From the first due time to the last; the others lie evenly between them.
    pub over: Duration,
    /// From the first call that makes them to the first due time.
    pub ahead: Duration,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// From each target's time to the first call for it; none of those that were early.
    pub lags: Vec<Duration>,
    /// Targets whose first call was before their time.
    pub early: usize,
    /// Calls for a target besides its first.
    pub twice: usize,
    /// Targets that were never sent, or are not on record as published.
    pub lost: usize,
    /// Calls that began while another of the same account was under way.
    pub overlaps: usize,
    /// From the moment the other project asks to the call for it, accepting included.
    pub others: Vec<Duration>,
}

impl Storm {
    /// Has it happen.
    ///
    /// # Panics
    /// When making the posts takes longer than there is time ahead, or when something does not work at all.
    pub async fn happen(self) -> Outcome {
        let memory = Memory::new(Duration::ZERO);
        let house = House::up(Options::over(self.transport).networks(memory.networks())).await;
        let ring = house.ring.public();
        let (tenant, other) = (house.tenant().await, house.tenant().await);
        let people = crowd::gather(&house.db, &ring, tenant.project, PLATFORM, self.accounts).await;
        let others = crowd::gather(&house.db, &ring, other.project, PLATFORM, OTHERS).await;

        let first = SystemClock.now() + SignedDuration::try_from(self.ahead).expect("a short time");
        self.make(&tenant, &people, first).await;
        let left = first.duration_since(SystemClock.now());
        assert!(left > SignedDuration::from_secs(2), "making the posts took longer than {:?}", self.ahead);
        tokio::time::sleep(left.unsigned_abs()).await;
        let asked = self.post_singles(&other, &others).await;
        memory.wait_for(self.targets + asked.len(), PATIENCE).await;
        within(PATIENCE, "all of it is on record", async || {
            (house.db.count("SELECT count(*) FROM publish_queue").await == 0).then_some(())
        })
        .await;
        let unpublished = house.db.count("SELECT count(*) FROM post_targets WHERE state <> 'published'").await;
        let mut outcome = self.look(&memory, &people, first, &asked);
        outcome.lost = outcome.lost.max(usize::try_from(unpublished).expect("a count"));
        house.down().await.expect("an orderly end");
        outcome
    }

    fn posts(self) -> usize {
        self.targets / TARGETS_PER_POST
    }

    /// When a post is due, to the microsecond as the database has it.
    fn due(self, first: Timestamp, post: usize) -> Timestamp {
        let after = self.over.as_micros() * post as u128 / self.posts() as u128;
        let after = SignedDuration::from_micros(i64::try_from(after).expect("a short time"));
        Timestamp::from_microsecond((first + after).as_microsecond()).expect("a time")
    }

    /// The accounts of a post: everybody has one before anybody has two.
    fn of(self, people: &[Somebody], post: usize) -> &[Somebody] {
        let groups = self.accounts / TARGETS_PER_POST;
        &people[post % groups * TARGETS_PER_POST..][..TARGETS_PER_POST]
    }

    async fn make(self, tenant: &Tenant, people: &[Somebody], first: Timestamp) {
        let posts: Vec<usize> = (0..self.posts()).collect();
        stream::iter(posts.chunks(POSTS_PER_CALL))
            .for_each_concurrent(CALLS, async |posts| {
                let posts: Vec<Value> = posts
                    .iter()
                    .map(|post| {
                        let accounts: Vec<_> = self.of(people, *post).iter().map(|person| &person.id).collect();
                        let due = self.due(first, *post).to_string();
                        json!({"content": format!("storm {post}"), "accounts": accounts, "scheduled_at": due})
                    })
                    .collect();
                let answer = tenant.caller.post("/v1/posts/batch", json!({"posts": posts})).await.expect(207);
                let refused = answer["data"].as_array().expect("answers").iter().find(|one| one["status"] != 201);
                assert!(refused.is_none(), "{refused:?}");
            })
            .await;
    }

    /// When each was asked for, by what it says.
    async fn post_singles(self, tenant: &Tenant, people: &[Somebody]) -> HashMap<String, Timestamp> {
        let began = Instant::now();
        let mut asked = HashMap::new();
        let mut beat = tokio::time::interval(BETWEEN);
        while began.elapsed() < self.over {
            beat.tick().await;
            let text = format!("single {}", asked.len());
            let person = &people[asked.len() % people.len()];
            asked.insert(text.clone(), SystemClock.now());
            tenant.post_body(json!({"content": text, "accounts": [&person.id]})).await;
        }
        asked
    }

    fn look(
        self,
        memory: &Memory,
        people: &[Somebody],
        first: Timestamp,
        asked: &HashMap<String, Timestamp>,
    ) -> Outcome {
        let mut outcome = Outcome {
            lags: Vec::with_capacity(self.targets),
            early: 0,
            twice: 0,
            lost: 0,
            overlaps: memory.overlaps(),
            others: Vec::with_capacity(asked.len()),
        };
        // In the order they began, so that the first of each is the one that counts.
        let mut firsts = HashMap::new();
        for sent in memory.sent() {
            if let Some(earlier) = firsts.insert((sent.account.clone(), sent.text.clone()), sent.wall) {
                outcome.twice += 1;
                firsts.insert((sent.account, sent.text), earlier);
            }
        }
        for post in 0..self.posts() {
            let due = self.due(first, post);
            for person in self.of(people, post) {
                match firsts.remove(&(person.account.clone(), format!("storm {post}"))) {
                    None => outcome.lost += 1,
                    Some(sent) if sent < due => outcome.early += 1,
                    Some(sent) => outcome.lags.push(sent.duration_since(due).unsigned_abs()),
                }
            }
        }
        let singles = firsts.into_iter().filter_map(|((_, text), sent)| Some(sent.duration_since(*asked.get(&text)?)));
        outcome.others = singles.map(SignedDuration::unsigned_abs).collect();
        outcome.lost += asked.len() - outcome.others.len();
        outcome
    }
}
