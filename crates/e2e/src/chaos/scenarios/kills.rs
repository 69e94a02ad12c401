//! Random `kill -9` of every service under load.

use std::time::Duration;

use crate::{
    chaos::{
        schedule::{self, Mix},
        stage::Stage,
        verdict::Verdict,
    },
    fleet::Formation,
};

const PAUSE: Duration = Duration::from_millis(120);

/// So many times.
pub(crate) async fn kill(name: &str, seed: u64, formation: Formation, times: usize) -> Verdict {
    let mut stage = Stage::set(name, seed, formation, PAUSE).await;
    stage.play(&schedule::draw(seed, formation, Mix::Kills, times)).await;
    stage.run(Duration::from_secs(2)).await;
    stage.judge().await
}
