//! `fanfare hold`: nothing is sent until `fanfare release`.

use clap::Args;
use store::identity::{self, Holding};

use super::{migrated, say};
use crate::{cli::Failure, settings::Settings};

#[derive(Debug, Args)]
pub(crate) struct HoldArgs {
    /// Why, for whoever wonders what holds it: in logs, in `doctor`, and on posts that become too late.
    #[arg(long, default_value = "the operator holds it")]
    because: String,
}

pub(crate) async fn run(args: HoldArgs, settings: &Settings) -> Result<(), Failure> {
    let because = args.because.trim();
    if because.is_empty() || because.chars().count() > 300 || because.chars().any(char::is_control) {
        return Err("--because takes 1 to 300 characters and no control characters".into());
    }
    match identity::hold(&migrated(settings).await?, because).await? {
        Holding::Held => {
            say("publishing is held: no send begins until `fanfare release`. Those that have begun end within a minute")
        }
        Holding::Was(hold) => {
            let since = hold.since.map(|since| format!(" since {since}")).unwrap_or_default();
            say(format_args!("publishing is held already{since}, because {}: nothing is changed", hold.because))
        }
    }
}
