//! What it costs to wait for work.

use std::time::Duration;

use e2e::{
    fleet::{Formation, Plan},
    process,
};

use crate::report::Report;

const PERIOD: Duration = Duration::from_secs(10);

pub(crate) async fn measure(report: &mut Report) {
    let fleet = Plan::of(Formation::Apart).played().tapped().up().await;
    let tenant = fleet.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let posted = tenant.post("before the quiet", &accounts).await;
    tenant.settled(&posted).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    fleet.tap().take();
    tokio::time::sleep(PERIOD).await;
    let heard = fleet.tap().take();
    let mut together = 0;
    for (program, process) in fleet.processes() {
        let resident = process::resident(process).unwrap_or_default();
        together += resident;
        report.note(&format!("resident when idle, {program}"), format!("{} MB", resident / 1_000_000));
    }
    report.at_most("resident when idle, all services apart, MB", together as f64 / 1e6, 150.0);
    report.at_most("statements a second when idle", heard.statements() as f64 / PERIOD.as_secs_f64(), 10.0);
}
