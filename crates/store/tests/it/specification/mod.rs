//! The rules of lanes and targets in `domain::lane` are what PostgreSQL does.
//!
//! Random sequences of what relays, workers and callers do, holders that lost their lane and messages that come twice
//! among them, run against PostgreSQL through the store's own functions and against the rules; after every step each row
//! and each answer is compared. Many sequences run side by side, so the batches of group commit are tested too. What the
//! model in `domain` explores is those rules.

mod act;
mod line;
mod rows;

use std::{collections::BTreeMap, time::Duration};

use domain::{job::Queue, platform::Platform};
use futures::future::join_all;
use jiff::SignedDuration;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::lanes::{LOOK_AHEAD, Lanes, LeaseSettings};

use crate::house::House;
use line::{Line, Op};

const QUEUE: Queue = Queue::Publish(Platform::X);
/// Far longer than a step takes on a busy machine, so that time passes where the test lets it.
const HANDOVER: Duration = Duration::from_secs(400);
const HOLD: Duration = Duration::from_secs(1_600);
/// No step takes as long.
const SLOWEST: SignedDuration = SignedDuration::from_secs(100);
/// Sequences side by side, one after another, and the steps of each.
const LINES: usize = 100;
const ROUNDS: usize = 10;
const STEPS: usize = 20;

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => any::<u8>().prop_map(Op::Take),
        2 => any::<u8>().prop_map(Op::Renew),
        10 => any::<u8>().prop_map(Op::Read),
        14 => any::<u8>().prop_map(Op::Start),
        14 => (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(which, event, back)| Op::Finish(which, event, back)),
        4 => (any::<u8>(), proptest::option::of(0i64..2_000)).prop_map(|(which, next)| Op::Release(which, next)),
        1 => Just(Op::Post),
        1 => Just(Op::Cancel),
        3 => Just(Op::Resolve),
        2 => Just(Op::Retry),
        1 => Just(Op::Hold),
        1 => Just(Op::Tokens),
        5 => prop_oneof![Just(50i64), Just(450), Just(1_700)].prop_map(Op::Pass),
    ]
}

/// `SEED=n` makes other sequences, `ROUNDS=n` more of them.
fn runner() -> (u64, TestRunner) {
    let seed = std::env::var("SEED").ok().map_or(20_261_123, |seed| seed.parse().expect("SEED is a number"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    (seed, TestRunner::new_with_rng(Config::default(), rng))
}

#[tokio::test]
async fn the_rules_of_lanes_are_what_the_database_does() {
    let (seed, mut runner) = runner();
    let steps = proptest::collection::vec(proptest::collection::vec(op(), STEPS), LINES);
    let mut happened = BTreeMap::new();
    let rounds = std::env::var("ROUNDS").ok().map_or(ROUNDS, |rounds| rounds.parse().expect("ROUNDS is a number"));
    for round in 0..rounds {
        let sequences = steps.new_tree(&mut runner).unwrap().current();
        run(&sequences, &mut happened).await.unwrap_or_else(|difference| {
            panic!("SEED={seed}, round {round}: {difference}");
        });
    }
    // A comparison of nothing would be none.
    for wanted in [
        "claimed",
        "taken",
        "not taken",
        "renewed",
        "not renewed",
        "go",
        "changed at start",
        "lost at start",
        "recorded",
        "changed at finish",
        "lost at finish",
        "canceled",
        "not canceled",
        "resolved",
        "sent again",
    ] {
        let times = happened.get(wanted).copied().unwrap_or_default();
        assert!(times >= 5, "{wanted} happened {times} times only: {happened:?}");
    }
}

async fn run(sequences: &[Vec<Op>], happened: &mut BTreeMap<&'static str, u32>) -> Result<(), String> {
    let house = House::new().await;
    let lanes = Lanes::new(house.database.clone(), LeaseSettings { handover: HANDOVER, hold: HOLD });
    let begun = sequences.iter().map(async |_| {
        let account = house.account().await;
        let post = house.accepted(house.post(&[account]).await).await;
        Line::new(account, post.id, post.targets[0].id)
    });
    let mut lines = join_all(begun).await;
    rows::take_over(&house, &mut lines).await;
    for step in 0..STEPS {
        claim(&house, &lanes, &mut lines, happened).await?;
        let soon = house.now().await;
        let ops = lines.iter().zip(sequences).map(|(line, sequence)| {
            // Where something is about to happen, first it does: a step is never made on the edge.
            if line.is_on_edge(soon, soon + SLOWEST) { &Op::Pass(200) } else { &sequence[step] }
        });
        let ops: Vec<&Op> = ops.collect();
        rows::pass(&house, &mut lines, &ops).await;
        let before = house.now().await;
        for line in &mut lines {
            line.now = before;
        }
        let (house, lanes) = (&house, &lanes);
        let answers = join_all(lines.iter_mut().zip(&ops).map(|(line, op)| line.act(house, lanes, op))).await;
        for (line, answer) in lines.iter().zip(answers) {
            let what = answer.map_err(|difference| format!("{difference}\n{}", line.told()))?;
            *happened.entry(what).or_default() += 1;
        }
        rows::compare(house, &mut lines, before).await?;
    }
    Ok(())
}

/// Every lane that may be claimed is, and no other.
async fn claim(
    house: &House,
    lanes: &Lanes,
    lines: &mut [Line],
    happened: &mut BTreeMap<&'static str, u32>,
) -> Result<(), String> {
    let before = house.now().await;
    let ahead = SignedDuration::try_from(LOOK_AHEAD).unwrap();
    let claimed = lanes.claim(QUEUE, 10_000).await.unwrap();
    let after = house.now().await;
    for line in lines.iter_mut() {
        let expected = line.lane.claim(before, ahead, SignedDuration::try_from(HANDOVER).unwrap());
        let found = claimed.iter().find(|lane| lane.key == line.account.0);
        line.log.push(format!("claim: {expected:?}"));
        if expected != found.map(|lane| lane.fence) && !line.is_on_edge(before, after) {
            return Err(format!("claimed {found:?} where the rule says {expected:?}\n{}", line.told()));
        }
        if let Some(lane) = found {
            line.messages.push(lane.clone());
            *happened.entry("claimed").or_default() += 1;
        }
    }
    rows::compare(house, lines, before).await
}
