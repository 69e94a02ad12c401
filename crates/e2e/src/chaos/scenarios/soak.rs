//! A bit of everything, in an order that the seed decides.

use std::time::Duration;

use crate::{
    chaos::{
        schedule::{self, Mix},
        stage::Stage,
        verdict::Verdict,
    },
    fleet::Formation,
};

const PAUSE: Duration = Duration::from_millis(150);

/// So many faults.
pub(crate) async fn mixed(name: &str, seed: u64, formation: Formation, faults: usize) -> Verdict {
    let mut stage = Stage::set(name, seed, formation, PAUSE).await;
    stage.play(&schedule::draw(seed, formation, Mix::Everything, faults)).await;
    stage.run(Duration::from_secs(2)).await;
    stage.judge().await
}
