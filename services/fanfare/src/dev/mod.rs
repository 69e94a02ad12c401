//! What a developer's machine needs: keys of its own, a project with connected sandbox accounts, a first `curl`.

pub(crate) mod keys;
pub(crate) mod seed;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum DevCommand {
    /// Prints this checkout's own sealing keys as variables, making them when there are none.
    Keys,
    /// Connects one sandbox account per network to a test project, and writes .dev/run.env.
    Seed(seed::SeedArgs),
}
