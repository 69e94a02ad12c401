//! What is tried, each by its name.

mod kills;

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt as _, future::LocalBoxFuture};

use super::verdict::Verdict;

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
pub const ALL: [Scenario; 2] = [
    Scenario::new("kills", "random `kill -9` of every service under load", |seed| kills::apart(seed, 14).boxed_local()),
    Scenario::new("kills-together", "the same of all services in one process", |seed| {
        kills::together(seed, 6).boxed_local()
    }),
];

/// The one of that name.
pub fn named(name: &str) -> Option<Scenario> {
    ALL.into_iter().find(|scenario| scenario.name == name)
}
