//! What is tried, each by its name.

mod broker;
mod commits;
mod database;
mod failpoints;
mod frozen;
mod kills;
mod rolling;
mod soak;

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt as _, future::LocalBoxFuture};

use super::verdict::Verdict;
use crate::fleet::Formation;

/// One of them.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// What it is asked for by.
    pub name: &'static str,
    /// In a sentence.
    pub about: &'static str,
    run: fn(u64) -> LocalBoxFuture<'static, Verdict>,
}

impl Scenario {
    const fn new(name: &'static str, about: &'static str, run: fn(u64) -> LocalBoxFuture<'static, Verdict>) -> Self {
        Self { name, about, run }
    }

    /// Runs it; what keeps it from its end is a verdict too.
    pub async fn run(&self, seed: u64) -> Verdict {
        let running = AssertUnwindSafe((self.run)(seed)).catch_unwind();
        match tokio::time::timeout(LONGEST, running).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(panic)) => Verdict::broken(self.name, seed, &told(panic.as_ref())),
            Err(_) => Verdict::broken(self.name, seed, "it did not come to its end"),
        }
    }
}

/// No scenario takes this long.
const LONGEST: Duration = Duration::from_secs(10 * 60);

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "it panicked".to_owned())
}

/// All there are, in the order they are run.
pub const ALL: [Scenario; 10] = [
    Scenario::new("failpoints", "a crash at every named fail point, first and second hit", |seed| {
        failpoints::crash("failpoints", seed, |_| true, &[1, 2]).boxed_local()
    }),
    Scenario::new("kills", "random `kill -9` of every service under load", |seed| {
        kills::kill("kills", seed, Formation::Apart, 24).boxed_local()
    }),
    Scenario::new("kills-together", "the same of all services in one process", |seed| {
        kills::kill("kills-together", seed, Formation::Together, 8).boxed_local()
    }),
    Scenario::new("frozen", "workers frozen past lease and deadline while others take over, then woken", |seed| {
        frozen::freeze("frozen", seed, 6, 4).boxed_local()
    }),
    Scenario::new("commits", "commits and their answers lost on the wire to PostgreSQL", |seed| {
        commits::lose("commits", seed, Duration::from_secs(15)).boxed_local()
    }),
    Scenario::new("database", "PostgreSQL stopped immediately and killed", |seed| {
        database::stop(seed, 5).boxed_local()
    }),
    Scenario::new("broker", "RabbitMQ killed, stopped, wiped", |seed| broker::all(seed).boxed_local()),
    Scenario::new("rolling", "every service replaced, one after the other, twice", |seed| {
        rolling::restart(seed, 2).boxed_local()
    }),
    Scenario::new("soak", "a bit of everything", |seed| soak::mixed("soak", seed, Formation::Apart, 40).boxed_local()),
    Scenario::new("soak-together", "a bit of everything, all services in one process", |seed| {
        soak::mixed("soak-together", seed, Formation::Together, 12).boxed_local()
    }),
];

/// Short ones for every test run, over services that others use too.
pub const SHORT: [Scenario; 6] = [
    Scenario::new("failpoints-short", "a crash at every named fail point, first hit", |seed| {
        failpoints::crash("failpoints-short", seed, |_| true, &[1]).boxed_local()
    }),
    Scenario::new("kills-short", "random `kill -9` of every service under load", |seed| {
        kills::kill("kills-short", seed, Formation::Apart, 6).boxed_local()
    }),
    Scenario::new("kills-together-short", "the same of all services in one process", |seed| {
        kills::kill("kills-together-short", seed, Formation::Together, 3).boxed_local()
    }),
    Scenario::new("commits-short", "commits and their answers lost on the wire to PostgreSQL", |seed| {
        commits::lose("commits-short", seed, Duration::from_secs(4)).boxed_local()
    }),
    Scenario::new("frozen-short", "a worker frozen right after its intent and right after its call", |seed| {
        frozen::freeze("frozen-short", seed, 2, 0).boxed_local()
    }),
    Scenario::new("broker-wiped", "RabbitMQ loses its disk", |seed| broker::wiped(seed).boxed_local()),
];

/// The one of that name.
pub fn named(name: &str) -> Option<Scenario> {
    ALL.into_iter().chain(SHORT).find(|scenario| scenario.name == name)
}
