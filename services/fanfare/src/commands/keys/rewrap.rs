//! `fanfare keys rewrap`: everything that is stored is sealed to the ring's first key.
//!
//! It goes through each place in small batches and writes only over what it has read, so that whoever stores something
//! newer meanwhile keeps it. Such rows, and those that are locked at the moment, it comes back to. What is done stays
//! done when it is interrupted.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use domain::sealed::Place;
use store::{
    Database,
    sealed::{self, Resealed, Sealed},
};
use uuid::Uuid;
use vault::{Context, PrivateRing, PublicRing, VaultError};

use super::{migrated, ring, say};
use crate::{cli::Failure, settings::Settings};

/// Rows sealed anew in one transaction, which takes a few milliseconds.
const BATCH: i64 = 100;
/// Whoever is at work on a row is done with it long before so many more looks.
const LOOKS: usize = 50;
const BETWEEN: Duration = Duration::from_millis(100);

/// What became of a place's rows.
#[derive(Debug, Default)]
struct Tally {
    rewrapped: usize,
    /// Somebody was at work on them at the last look, or stored them since the one before.
    busy: usize,
    /// Why not, and how many.
    refused: BTreeMap<String, usize>,
}

pub(super) async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let ring = ring(settings)?;
    let seals = ring.public();
    let database = migrated(settings).await?;
    let mut left = 0;
    for place in sealed::places() {
        let tally = rewrap(&database, &ring, &seals, place).await?;
        left += tally.busy + tally.refused.values().sum::<usize>();
        tell(place, &tally)?;
    }
    let first = seals.key_ids().swap_remove(0);
    if left == 0 {
        say(format_args!("all that is stored is sealed to {first}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("{left} rows are not sealed to {first}"))?;
    Ok(ExitCode::FAILURE)
}

fn tell(place: Place, tally: &Tally) -> Result<(), Failure> {
    say(format_args!("{:<34} {:>8} rewrapped", place.to_string(), tally.rewrapped))?;
    for (reason, count) in &tally.refused {
        say(format_args!("{:<34} {count:>8} left as they are: {reason}", place.to_string()))?;
    }
    if tally.busy > 0 {
        say(format_args!(
            "{:<34} {:>8} were being written all the while: run it again",
            place.to_string(),
            tally.busy
        ))?;
    }
    Ok(())
}

/// Goes through a place until there is nothing left that it could do.
async fn rewrap(database: &Database, ring: &PrivateRing, seals: &PublicRing, place: Place) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..LOOKS {
        let found = look(database, ring, seals, place).await?;
        let is_done = found.rewrapped == 0 && found.busy == 0;
        let rewrapped = tally.rewrapped + found.rewrapped;
        if is_done {
            return Ok(Tally { rewrapped, ..found });
        }
        if found.busy > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        // A look that has not found all of it done does not know that it is.
        tally = Tally { rewrapped, busy: found.busy.max(found.rewrapped), refused: found.refused };
    }
    Ok(tally)
}

/// Goes through a place once.
async fn look(database: &Database, ring: &PrivateRing, seals: &PublicRing, place: Place) -> Result<Tally, Failure> {
    let (head, mut after, mut tally) = (seals.head(), Uuid::nil(), Tally::default());
    loop {
        let found = sealed::list(database, place, &head, after, BATCH).await?;
        let Some(last) = found.last() else { return Ok(tally) };
        after = last.row;
        let mut resealed = Vec::new();
        for one in found {
            match reseal(ring, seals, one) {
                Ok(one) => resealed.push(one),
                Err(error) => *tally.refused.entry(error.to_string()).or_default() += 1,
            }
        }
        let asked = resealed.len();
        let done = sealed::replace(database, place, resealed).await?;
        tally.rewrapped += done;
        tally.busy += asked - done.min(asked);
    }
}

fn reseal(ring: &PrivateRing, seals: &PublicRing, one: Sealed) -> Result<Resealed, VaultError> {
    let Place { table, column } = one.sealed_in;
    let context = Context { table, column, row: one.row, project: one.project.0 };
    let after = seals.seal(&ring.open(&one.bytes, &context)?, &context)?;
    Ok(Resealed { row: one.row, before: one.bytes, after })
}
