//! Every service is replaced under load, one after the other, two instances overlapping each time.

use std::time::Duration;

use crate::{
    chaos::{
        stage::{SERVICES, Stage},
        verdict::{Kind, Verdict, Violation},
    },
    fleet::Formation,
};

const PAUSE: Duration = Duration::from_millis(120);

/// So many rounds.
pub(crate) async fn restart(seed: u64, rounds: usize) -> Verdict {
    let mut stage = Stage::set("rolling", seed, Formation::Apart, PAUSE).await;
    let mut ended_badly = Vec::new();
    for _ in 0..rounds {
        for program in SERVICES {
            stage.run(Duration::from_secs(1)).await;
            stage.struck();
            let how = stage.fleet.replace(program).await;
            if !how.success() {
                ended_badly.push(format!("{program} did not end well: {how}"));
            }
        }
    }
    let mut verdict = stage.judge().await;
    verdict.violations.extend(ended_badly.into_iter().map(|detail| Violation { kind: Kind::Broken, detail }));
    verdict
}
