//! Bugs on purpose, for proving that the proving ground can fail. They exist in builds with the feature `mutants` only,
//! and a process has the one that it was seeded with; `make mutants` shows what catches each.

/// One bug, named after what is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Mutant {
    /// A lane that is given back replaces its wake-up by what its holder knows.
    WakeAtOverwritten,
    /// Whoever held a lane once may go on with it.
    NoFence,
    /// A start looks whether the lane is still held, and does not lock it.
    ExistsInStart,
    /// What may have been sent is sent again.
    RetryOnTimeout,
    /// What was due before the last look was seen by it.
    WatermarkAsTruth,
    /// A lane that is given back is woken for the first item that its holder can see.
    WakeBySubquery,
    /// A post's open targets are counted anew, as far as its writer can see them.
    RollupBySubquery,
    /// A message that no queue takes counts as handed over.
    NoMandatory,
    /// What may have been sent counts as failed.
    FailedOnTimeout,
    /// What is sent is what was read, whatever it says by now.
    NoRevisionCheck,
    /// A post is found by its id, whosever it is.
    UnscopedQuery,
}

/// Whether this process has the bug.
#[cfg(not(feature = "mutants"))]
pub const fn lives(_mutant: Mutant) -> bool {
    false
}

/// The one that this process has, for as long as it runs.
#[cfg(feature = "mutants")]
static LIVING: std::sync::OnceLock<Mutant> = std::sync::OnceLock::new();

/// Whether this process has the bug.
#[cfg(feature = "mutants")]
pub fn lives(mutant: Mutant) -> bool {
    LIVING.get() == Some(&mutant)
}

/// Gives this process a bug. The first one stays.
#[cfg(feature = "mutants")]
pub fn seed(mutant: Mutant) {
    LIVING.get_or_init(|| mutant);
}
