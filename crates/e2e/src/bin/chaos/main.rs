//! `make chaos`: faults on purpose, and a table of what was true afterwards.
//!
//! Arguments name scenarios; all of them without any. `SEED=n` repeats a run's schedule of faults. `--json` prints each verdict
//! as a line of JSON, `--list` what there is. Ends with 1 when a promise was broken.
#![allow(clippy::print_stdout, reason = "its table is what it is for")]

use std::process::ExitCode;

use e2e::chaos::{
    scenarios::{self, Scenario},
    verdict::{HEAD, Verdict},
};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let (options, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let is_asked = |option: &str| options.iter().any(|asked| asked == option);
    if is_asked("--list") {
        for scenario in scenarios::ALL {
            println!("{:16} {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    let wanted = match wanted(&names) {
        Ok(wanted) => wanted,
        Err(unknown) => {
            println!("there is no scenario {unknown:?}; --list names those there are");
            return ExitCode::from(2);
        }
    };
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| rand::random_range(1..1_000_000));
    if !is_asked("--json") {
        println!("SEED={seed} repeats this");
    }
    let mut verdicts = Vec::new();
    for scenario in wanted {
        // What a scenario has started goes with it.
        let verdict = tokio::select! {
            verdict = scenario.run(seed) => verdict,
            () = told_to_stop() => return ExitCode::from(130),
        };
        if is_asked("--json") {
            println!("{}", verdict.json());
        } else {
            println!("{verdict}");
        }
        verdicts.push(verdict);
    }
    if !is_asked("--json") {
        println!("{}", table(&verdicts));
    }
    if verdicts.iter().all(Verdict::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a signal handler");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn wanted(names: &[String]) -> Result<Vec<Scenario>, String> {
    if names.is_empty() {
        return Ok(scenarios::ALL.to_vec());
    }
    names.iter().map(|name| scenarios::named(name).ok_or_else(|| name.clone())).collect()
}

/// As Markdown, so that it can be kept.
fn table(verdicts: &[Verdict]) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = row(HEAD.map(str::to_owned).to_vec());
    table.push_str(&format!("|{}\n", "---|".repeat(HEAD.len())));
    for verdict in verdicts {
        table.push_str(&row(verdict.cells().to_vec()));
    }
    table
}
