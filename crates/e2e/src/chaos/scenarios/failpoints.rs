//! A crash at every named fail point.

use std::{
    collections::{BTreeMap, VecDeque},
    os::unix::process::ExitStatusExt as _,
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;

use crate::{
    chaos::{
        client, failpoints,
        stage::{SERVICES, Stage},
        verdict::{Kind, Verdict, Violation},
    },
    fleet::{Formation, Program},
};

const PAUSE: Duration = Duration::from_millis(90);
/// Under load every place is come by within this, after a start.
const PATIENCE: Duration = Duration::from_secs(45);
const SIGABRT: i32 = 6;
/// A publisher comes by here only with an account that has nothing to do.
const FOR_NOTHING: &str = "publisher.before_release";
const BETWEEN_ALARMS: Duration = Duration::from_secs(1);

/// At every point that `wanted` names, at each of these hits.
pub(crate) async fn crash(name: &str, seed: u64, wanted: impl Fn(&str) -> bool, hits: &[u32]) -> Verdict {
    let mut stage = Stage::set(name, seed, Formation::Apart, PAUSE).await;
    let mut missed = Vec::new();
    let mut plans = BTreeMap::new();
    for program in SERVICES {
        let points = failpoints::of_program(program).filter(|point| wanted(point));
        let plan: VecDeque<_> = points.flat_map(|point| hits.iter().map(move |hit| (point, *hit))).collect();
        if !plan.is_empty() {
            // The armed one is another process than the one that runs.
            stage.fleet.kill(program);
            stage.crashed(1);
            plans.insert(program, Plan { waiting: plan, armed: None });
        }
    }
    let (mut alarms, mut alarmed) = (0, Instant::now());
    // The programs die side by side, each at its own pace.
    while !plans.is_empty() {
        for (program, how) in stage.fleet.fallen() {
            stage.crashed(1);
            match plans.get_mut(&program).and_then(|plan| plan.armed.take()) {
                Some(_) if how.signal() == Some(SIGABRT) => {}
                Some((point, ..)) => missed.push(format!("{program} ended otherwise than at {point}: {how}")),
                None => missed.push(format!("{program} ended by itself: {how}")),
            }
        }
        for (program, plan) in &mut plans {
            if let Some((point, hit, _)) = plan.armed.take_if(|(.., since)| since.elapsed() > PATIENCE) {
                missed.push(format!("{program} never came by {point} {hit} times"));
                stage.fleet.kill(*program);
            }
            if plan.armed.is_none()
                && let Some((point, hit)) = plan.waiting.pop_front()
            {
                let value = failpoints::armed(point, hit);
                stage.fleet.start_with(*program, &[(runtime::failpoint::VARIABLE, &value)]);
                plan.armed = Some((point, hit, Instant::now()));
                if *program == Program::Connector {
                    expire_tokens(&stage).await;
                }
            }
        }
        plans.retain(|program, plan| {
            let goes_on = plan.armed.is_some();
            if !goes_on {
                // The others need it alive.
                stage.fleet.start(*program);
            }
            goes_on
        });
        let waits_for_nothing = plans.values().any(|plan| plan.armed.is_some_and(|(point, ..)| point == FOR_NOTHING));
        if waits_for_nothing && alarmed.elapsed() > BETWEEN_ALARMS {
            alarmed = Instant::now();
            alarms += 1;
            let lodger = stage.lodgers[alarms % stage.lodgers.len()].clone();
            tokio::spawn(async move { client::false_alarm(&lodger, seed, alarms).await });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stage.run(Duration::from_secs(1)).await;
    let mut verdict = stage.judge().await;
    verdict.violations.extend(missed.into_iter().map(|detail| Violation { kind: Kind::Broken, detail }));
    verdict
}

struct Plan {
    waiting: VecDeque<(&'static str, u32)>,
    armed: Option<(&'static str, u32, Instant)>,
}

/// A connector comes by its places only when tokens are to be renewed.
pub(super) async fn expire_tokens(stage: &Stage) {
    stage.networks(&json!({"platform": "bluesky", "operation": "publish", "fault": "expire_token", "times": 3})).await;
}
