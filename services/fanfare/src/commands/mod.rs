//! The operator's commands.

pub(crate) mod doctor;
pub(crate) mod hold;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod project;
pub(crate) mod release;

use std::io::{self, Write};

use store::Database;

use crate::{cli::Failure, settings::Settings};

/// Prints what a command has to say. A reader that has seen enough and closed the pipe is no failure.
pub(crate) fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// `fanfare migrate`
pub(crate) async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let done = database(settings)?.migrate().await?;
    if done.is_empty() {
        return say("the schema is up to date");
    }
    done.iter().try_for_each(|name| say(format_args!("migrated {name}")))
}

/// `fanfare check-config`
pub(crate) fn check_config(settings: &Settings) -> Result<(), Failure> {
    say(runtime::settings::effective(settings)?)
}

/// `fanfare openapi`
pub(crate) fn openapi() -> Result<(), Failure> {
    say(gateway::openapi().to_pretty_json()?)
}

/// The database the settings name.
pub(crate) fn database(settings: &Settings) -> Result<Database, Failure> {
    if settings.database.url.is_empty() {
        return Err(
            "no database is configured: set FANFARE__DATABASE__URL=postgres://user:password@host:port/name".into()
        );
    }
    Ok(Database::new(&settings.database)?)
}

/// The database the settings name, with the schema that this build knows.
async fn migrated(settings: &Settings) -> Result<Database, Failure> {
    let database = database(settings)?;
    if !database.is_migrated().await? {
        return Err("the database's schema is not up to date: run `fanfare migrate`".into());
    }
    Ok(database)
}
