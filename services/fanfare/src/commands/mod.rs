//! The operator's commands.
#![allow(clippy::print_stdout, reason = "what a command prints is what it is for")]

pub(crate) mod doctor;
pub(crate) mod key;
pub(crate) mod project;

use store::Database;

use crate::{cli::Failure, settings::Settings};

/// `fanfare migrate`
pub(crate) async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let done = database(settings)?.migrate().await?;
    match done.as_slice() {
        [] => println!("the schema is up to date"),
        done => done.iter().for_each(|name| println!("migrated {name}")),
    }
    Ok(())
}

/// `fanfare check-config`
pub(crate) fn check_config(settings: &Settings) -> Result<(), Failure> {
    println!("{}", runtime::settings::effective(settings)?);
    Ok(())
}

/// `fanfare openapi`
pub(crate) fn openapi() -> Result<(), Failure> {
    println!("{}", gateway::openapi().to_pretty_json()?);
    Ok(())
}

/// The database the settings name.
pub(crate) fn database(settings: &Settings) -> Result<Database, Failure> {
    if settings.database.url.is_empty() {
        return Err("no database is configured: set FANFARE__DATABASE__URL=postgres://user:password@host:port/name".into());
    }
    Ok(Database::new(&settings.database)?)
}
