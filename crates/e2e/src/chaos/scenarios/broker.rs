//! RabbitMQ is killed, stopped, and loses its disk.

use std::time::Duration;

use crate::{
    chaos::{
        machines::{Machine, Machines, answers},
        stage::Stage,
        verdict::Verdict,
    },
    eventually,
    fleet::{Formation, Plan},
};

const PAUSE: Duration = Duration::from_millis(120);

/// Each of the three, under load.
pub(crate) async fn all(seed: u64) -> Verdict {
    let machines = Machines::own();
    let mut stage = stage("broker", seed, &machines).await;
    stage.run(Duration::from_secs(3)).await;
    stage.crashed(1);
    machines.kill(Machine::RabbitMq).await;
    stage.run(Duration::from_secs(2)).await;
    machines.up(Machine::RabbitMq).await;
    stage.run(Duration::from_secs(4)).await;
    stage.crashed(1);
    machines.down(Machine::RabbitMq).await;
    machines.up(Machine::RabbitMq).await;
    stage.run(Duration::from_secs(4)).await;
    stage.crashed(1);
    machines.wipe(Machine::RabbitMq).await;
    stage.run(Duration::from_secs(3)).await;
    stage.judge().await
}

/// Only the last of them, over a broker of its own beside others' runs.
pub(crate) async fn wiped(seed: u64) -> Verdict {
    let machines = Machines::of("wiped");
    machines.up(Machine::RabbitMq).await;
    let mut stage = stage("broker-wiped", seed, &machines).await;
    stage.run(Duration::from_secs(2)).await;
    stage.crashed(1);
    let url = machines.url(Machine::RabbitMq).await;
    let wiping = machines.clone();
    let wiping = tokio::spawn(async move { wiping.wipe(Machine::RabbitMq).await });
    eventually("it is gone", async || (!answers(&url).await).then_some(())).await;
    wiping.await.expect("it is back");
    stage.run(Duration::from_secs(1)).await;
    let verdict = stage.judge().await;
    machines.forget(Machine::RabbitMq).await;
    verdict
}

/// Over the broker's own root, since a virtual host goes with its disk.
async fn stage(name: &str, seed: u64, machines: &Machines) -> Stage {
    let url = machines.url(Machine::RabbitMq).await;
    Stage::set_with(name, seed, Plan::of(Formation::Apart).broker(&url), PAUSE).await
}
