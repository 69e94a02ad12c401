//! The commands, and how they end.
#![allow(clippy::print_stderr, reason = "a command's last word goes to the person who typed it")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{commands, dev, settings::Settings, up};

/// One API call, every social network: all services in one process, and the operator's commands.
#[derive(Debug, Parser)]
#[command(name = "fanfare", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs every service in this process until it is told to stop.
    Up(up::UpArgs),
    /// Brings the database's schema up to date.
    Migrate,
    /// Projects: each name is a pair, one live and one test.
    #[command(subcommand)]
    Project(commands::project::ProjectCommand),
    /// API keys.
    #[command(subcommand)]
    Key(commands::key::KeyCommand),
    /// The keys that secrets are sealed to.
    #[command(subcommand)]
    Keys(commands::keys::KeysCommand),
    /// Holds publishing: nothing is sent until `release`. Posts are accepted and webhooks delivered all the while.
    Hold(commands::hold::HoldArgs),
    /// Lets publishing go on after `hold`, or in a database that was restored, cloned or failed over to.
    Release(commands::release::ReleaseArgs),
    /// Looks at everything this configuration names and says what is wrong.
    Doctor,
    /// Prints the effective settings, secrets masked.
    CheckConfig,
    /// Prints the OpenAPI description of the native API.
    Openapi,
    /// What `make run` and `make run-services` need on a developer's machine.
    #[command(subcommand)]
    Dev(dev::DevCommand),
}

/// What a command ends with when it does not do what was asked.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Parses the command line and runs the command.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match carry_out(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fanfare: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Openapi => commands::openapi()?,
        Command::Dev(dev::DevCommand::Keys) => dev::keys::print()?,
        Command::CheckConfig => commands::check_config(&Settings::load()?)?,
        Command::Up(args) => up::up(args, Settings::load()?).await?,
        Command::Migrate => commands::migrate(&Settings::load()?).await?,
        Command::Project(command) => commands::project::run(command, &Settings::load()?).await?,
        Command::Key(command) => commands::key::run(command, &Settings::load()?).await?,
        Command::Keys(command) => return commands::keys::run(command).await,
        Command::Hold(args) => commands::hold::run(args, &Settings::load()?).await?,
        Command::Release(args) => commands::release::run(args, &Settings::load()?).await?,
        Command::Dev(dev::DevCommand::Seed(args)) => dev::seed::run(args, &Settings::load()?).await?,
        Command::Doctor => return commands::doctor::run(&Settings::load()?).await,
    }
    Ok(ExitCode::SUCCESS)
}
