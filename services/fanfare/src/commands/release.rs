//! `fanfare release`: publishing goes on.

use clap::Args;
use jiff::Timestamp;
use store::identity::{self, Release, Released};

use super::{migrated, say};
use crate::{cli::Failure, settings::Settings};

#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// What went out since then may be unknown to this database: the time of the backup it was restored from, or of the
    /// last thing a standby received (2026-11-23T14:05:00Z). What is due is asked for at its network before anything
    /// of it is sent. Too early does no harm. Without it nothing is taken for lost.
    #[arg(long, value_name = "RFC3339")]
    lost_since: Option<Timestamp>,
}

pub(crate) async fn run(args: ReleaseArgs, settings: &Settings) -> Result<(), Failure> {
    match identity::release(&migrated(settings).await?, args.lost_since).await? {
        Release::Released(released) => tell(&released),
        Release::NotHeld if args.lost_since.is_some() => Err("publishing is not held, so what is due is going out: \
            `fanfare hold` first"
            .into()),
        Release::NotHeld => say("publishing is not held: nothing is changed"),
        Release::UnderWay => Err("another `fanfare release` is under way".into()),
        Release::InFuture { now } => {
            Err(format!("--lost-since lies ahead of the database's clock, which shows {now}").into())
        }
    }
}

fn tell(released: &Released) -> Result<(), Failure> {
    if let Some(since) = released.lost_since {
        let count: u64 = released.doubted.values().sum();
        say(format_args!("{count} targets were due and may have gone out since {since}: they are asked for now"))?;
        for (platform, count) in &released.doubted {
            say(format_args!("  {:<10} {count}", platform.name()))?;
        }
    }
    if released.renumbered {
        say("events go on in order after those that were restored")?;
    }
    say("publishing goes on")
}
