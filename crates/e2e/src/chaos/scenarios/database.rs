//! PostgreSQL itself stops in the middle of everything, and comes back.

use std::time::Duration;

use crate::{
    chaos::{
        machines::{Machine, Machines},
        stage::Stage,
        verdict::Verdict,
    },
    fleet::Formation,
};

const PAUSE: Duration = Duration::from_millis(120);

/// `pg_ctl stop -m immediate` and `kill -9` in turn, so often.
pub(crate) async fn stop(seed: u64, times: u64) -> Verdict {
    let machines = Machines::own();
    let mut stage = Stage::set("database", seed, Formation::Apart, PAUSE).await;
    for time in 0..times {
        stage.run(Duration::from_millis(2_500 + (seed.wrapping_mul(time + 1) * 977) % 2_000)).await;
        if time % 2 == 0 {
            let file = stage.fleet.db.texts("SELECT pg_read_file('postmaster.pid')").await;
            let postmaster = file.first().and_then(|text| text.lines().next()?.trim().parse().ok());
            stage.crashed(1);
            machines.stop_immediately(postmaster.expect("the postmaster's process")).await;
        } else {
            stage.crashed(1);
            machines.kill(Machine::Postgres).await;
        }
        machines.up(Machine::Postgres).await;
    }
    stage.run(Duration::from_secs(2)).await;
    stage.judge().await
}
