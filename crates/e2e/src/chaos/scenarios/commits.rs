//! The wire to PostgreSQL breaks in the middle of commits: the answer is lost, or the commit itself is.

use std::time::Duration;

use crate::{
    chaos::{
        proxy::{Mark, Mode},
        schedule::{Fault, Wire},
        stage::Stage,
        verdict::{Kind, Verdict, Violation},
    },
    fleet::Formation,
};

const PAUSE: Duration = Duration::from_millis(120);
/// Fewer would prove nothing.
const STRIKES: u64 = 5;

/// Each kind of breakage for so long.
pub(crate) async fn lose(name: &str, seed: u64, each: Duration) -> Verdict {
    let mut stage = Stage::set(name, seed, Formation::Apart, PAUSE).await;
    let mut missed = Vec::new();
    // Of a prime number of commits one, so that no kind of transaction is spared; which is the seed's business.
    let every = [7, 11, 13][usize::try_from(seed % 3).unwrap_or(0)];
    for mode in [Mode::SwallowReply(Mark::commits(every)), Mode::DropRequest(Mark::commits(every))] {
        let before = stage.fleet.links().database.strikes();
        stage.strike(&Fault::Wire(Wire::Database, mode.clone(), each)).await;
        let strikes = stage.fleet.links().database.strikes() - before;
        if strikes < STRIKES {
            missed.push(format!("{mode:?} struck {strikes} times only"));
        }
        stage.run(Duration::from_secs(1)).await;
    }
    let rest = [Mode::ResetAfter(100_000), Mode::Delay(Duration::from_millis(80)), Mode::HalfOpen, Mode::Refuse];
    for mode in rest {
        stage.strike(&Fault::Wire(Wire::Database, mode, each / 4)).await;
        stage.run(Duration::from_secs(1)).await;
    }
    let mut verdict = stage.judge().await;
    verdict.violations.extend(missed.into_iter().map(|detail| Violation { kind: Kind::Broken, detail }));
    verdict
}
