//! `make bench`: how fast it is, as ratios taken in one run. Absolute figures are the machine's; ratios hold elsewhere too.
//!
//! Arguments name what is to be measured, `create throughput counts latency idle neighbours storm million`; all of it without any.
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

mod create;
mod idle;
mod latency;
mod million;
mod neighbours;
mod network;
mod report;
mod storm;
mod throughput;

use std::error::Error;

use report::Report;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Services and the network are processes of their own, and all of them this program.
    if e2e::fleet::play().await? || network::play().await? {
        return Ok(());
    }
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut report = Report::default();
    if let Some(load) = e2e::process::load() {
        report.note(
            "load of the machine in the minute before; times mean little unless it is near 0",
            format!("{load:.1}"),
        );
    }
    if is_wanted("create") {
        create::measure(&mut report).await;
    }
    if is_wanted("throughput") {
        throughput::measure(&mut report).await;
    }
    if is_wanted("counts") {
        throughput::count(&mut report).await;
    }
    if is_wanted("latency") {
        latency::measure(&mut report).await;
    }
    if is_wanted("idle") {
        idle::measure(&mut report).await;
    }
    if is_wanted("neighbours") {
        neighbours::measure(&mut report).await;
    }
    if is_wanted("storm") {
        storm::measure(&mut report).await;
    }
    if is_wanted("million") {
        million::measure(&mut report).await;
    }
    println!("\n{report}");
    Ok(())
}
