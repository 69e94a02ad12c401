//! A worker is frozen past its lease and past its deadline while another is there to take over, and woken.

use std::time::Duration;

use rand::{SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::time::Instant;

use super::failpoints::expire_tokens;
use crate::{
    chaos::{
        failpoints,
        stage::Stage,
        verdict::{Kind, Verdict, Violation},
    },
    fleet::{Formation, Program},
    process,
};

const PAUSE: Duration = Duration::from_millis(120);
/// A lease of 4 s, then what is left of a send's deadline and grace.
const PAST_EVERYTHING: Duration = Duration::from_millis(6_500);
const PATIENCE: Duration = Duration::from_secs(30);

/// Exactly where a zombie is most dangerous, at so many times it comes by.
const PLACES: [(Program, &str, u32); 6] = [
    (Program::Publisher, "publisher.after_start", 2),
    (Program::Publisher, "publisher.after_call", 2),
    (Program::Publisher, "publisher.before_start", 2),
    (Program::Dispatcher, "dispatcher.after_send", 2),
    (Program::Gateway, "relay.after_claim", 2),
    (Program::Connector, "connector.after_exchange", 1),
];

/// At the first so many of the places, and then so often anywhere.
pub(crate) async fn freeze(name: &str, seed: u64, places: usize, anywhere: usize) -> Verdict {
    let mut stage = Stage::set(name, seed, Formation::Apart, PAUSE).await;
    for program in [Program::Publisher, Program::Dispatcher, Program::Gateway, Program::Connector] {
        stage.fleet.add(program).await;
    }
    let mut missed = Vec::new();
    for (program, place, hit) in PLACES.into_iter().take(places) {
        stage.fleet.kill(program);
        stage.crashed(1);
        let value = failpoints::freezing(place, hit);
        stage.fleet.start_with(program, &[(runtime::failpoint::VARIABLE, &value)]);
        if !stands_still(&stage, program).await {
            missed.push(format!("{program} never came by {place}"));
            continue;
        }
        stage.struck();
        stage.run(PAST_EVERYTHING).await;
        stage.fleet.thaw(program);
        stage.run(Duration::from_millis(500)).await;
    }
    let mut chance = StdRng::seed_from_u64(seed);
    let workers = [Program::Publisher, Program::Publisher, Program::Dispatcher, Program::Connector, Program::Gateway];
    for _ in 0..anywhere {
        let program = *workers.choose(&mut chance).unwrap_or(&Program::Publisher);
        stage.fleet.freeze(program);
        stage.struck();
        stage.run(PAST_EVERYTHING).await;
        stage.fleet.thaw(program);
        stage.run(Duration::from_millis(500)).await;
    }
    let mut verdict = stage.judge().await;
    verdict.violations.extend(missed.into_iter().map(|detail| Violation { kind: Kind::Broken, detail }));
    verdict
}

async fn stands_still(stage: &Stage, program: Program) -> bool {
    let began = Instant::now();
    let mut tries = 0_u32;
    while began.elapsed() < PATIENCE {
        if process::is_stopped(stage.fleet.process(program)) {
            return true;
        }
        // The other connector may renew them before this one.
        if program == Program::Connector && tries.is_multiple_of(40) {
            expire_tokens(stage).await;
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}
