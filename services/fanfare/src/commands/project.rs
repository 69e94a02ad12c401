//! `fanfare project`: tenants.

use clap::{Args, Subcommand};
use domain::{
    ids::ProjectId,
    policy::{DEFAULT_MAX_LATENESS, LONGEST_MAX_LATENESS, Mode, OnAuthFailure, OnUnconfirmed},
};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock, SystemClock};
use store::{
    Database,
    projects::{self, Project, ProjectChange},
};

use super::{database, say};
use crate::{cli::Failure, settings::Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Makes a pair of projects, one live and one test, each with its own data and keys.
    Create {
        /// Its name.
        name: String,
    },
    /// Changes a project.
    Set(SetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Its name.
    name: String,
    /// Which half: live or test.
    #[arg(long)]
    mode: Mode,
    /// What happens to a post that nobody can know about: hold or retry.
    #[arg(long)]
    on_unconfirmed: Option<OnUnconfirmed>,
    /// What happens to posts of an account whose token is no longer taken: hold or fail.
    #[arg(long)]
    on_auth_failure: Option<OnAuthFailure>,
    /// How late a post may go out: PT6H.
    #[arg(long)]
    max_lateness: Option<SignedDuration>,
    /// A return URL; give it several times for several. Replaces those that are there.
    #[arg(long)]
    redirect_uri: Vec<String>,
}

pub(crate) async fn run(command: ProjectCommand, settings: &Settings) -> Result<(), Failure> {
    let database = database(settings)?;
    match command {
        ProjectCommand::Create { name } => {
            for project in create(&database, &name, SystemClock.now()).await? {
                say(format_args!("{} {} {}", project.id, project.mode, project.name))?;
            }
        }
        ProjectCommand::Set(args) => set(&database, args).await?,
    }
    Ok(())
}

/// Makes the pair.
pub(crate) async fn create(database: &Database, name: &str, now: Timestamp) -> Result<[Project; 2], Failure> {
    let named = name.trim();
    if named.is_empty() || named.len() > 100 || named.chars().any(char::is_control) {
        return Err("a project's name has 1 to 100 characters and no control characters".into());
    }
    let pair = [Mode::Live, Mode::Test].map(|mode| Project {
        id: ProjectId(uuid::Uuid::now_v7()),
        name: named.to_owned(),
        mode,
        redirect_uris: Vec::new(),
        cors_origins: Vec::new(),
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        max_lateness: DEFAULT_MAX_LATENESS,
        dialects: serde_json::json!({}),
    });
    for project in &pair {
        if !projects::insert(database, project, now).await? {
            return Err(format!("there is a project named {named} already").into());
        }
    }
    Ok(pair)
}

/// Finds a project by its name and half.
pub(crate) async fn named(database: &Database, name: &str, mode: Mode) -> Result<Project, Failure> {
    projects::find_named(database, name, mode)
        .await?
        .ok_or_else(|| format!("there is no project named {name}; `fanfare project create {name}` makes it").into())
}

async fn set(database: &Database, args: SetArgs) -> Result<(), Failure> {
    if let Some(lateness) = args.max_lateness
        && !(SignedDuration::from_secs(1)..=LONGEST_MAX_LATENESS).contains(&lateness)
    {
        return Err("the lateness is between PT1S and P7D".into());
    }
    let project = named(database, &args.name, args.mode).await?;
    let change = ProjectChange {
        redirect_uris: (!args.redirect_uri.is_empty()).then_some(args.redirect_uri),
        on_unconfirmed: args.on_unconfirmed,
        on_auth_failure: args.on_auth_failure,
        max_lateness: args.max_lateness,
        ..ProjectChange::default()
    };
    let changed = projects::update(database, project.id, change, SystemClock.now()).await?;
    let project = changed.ok_or("the project is gone")?;
    say(format_args!(
        "{} {} {} on_unconfirmed={} on_auth_failure={} max_lateness={} redirect_uris={}",
        project.id,
        project.mode,
        project.name,
        project.on_unconfirmed,
        project.on_auth_failure,
        project.max_lateness,
        project.redirect_uris.join(",")
    ))
}
