//! `fanfare key`: API keys made by the operator.

use clap::{Args, Subcommand};
use domain::{ids::KeyId, policy::Mode};
use gateway::Scope;
use jiff::Timestamp;
use runtime::clock::{Clock, SystemClock};
use store::{
    Database,
    audit::Actor,
    keys::{self, Key},
    projects::Project,
};

use super::{database, project, say};
use crate::{cli::Failure, settings::Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a key and prints it, once.
    Create(CreateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The project's name.
    project: String,
    /// Which half: live or test.
    #[arg(long)]
    mode: Mode,
    /// What the key is called.
    #[arg(long, default_value = "operator")]
    name: String,
    /// What it may do; all of it when not given.
    #[arg(long = "scope")]
    scopes: Vec<Scope>,
}

pub(crate) async fn run(command: KeyCommand, settings: &Settings) -> Result<(), Failure> {
    let KeyCommand::Create(args) = command;
    let database = database(settings)?;
    let project = project::named(&database, &args.project, args.mode).await?;
    say(create(&database, &project, &args.name, &args.scopes, SystemClock.now()).await?)
}

/// Makes a key and returns its text, which is stored nowhere.
pub(crate) async fn create(
    database: &Database,
    project: &Project,
    name: &str,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<String, Failure> {
    let new = gateway::generate_key(project.mode);
    let scopes = if scopes.is_empty() { Scope::all().collect() } else { scopes.to_vec() };
    let key = Key {
        id: KeyId(uuid::Uuid::now_v7()),
        name: name.to_owned(),
        key_head: new.head,
        scopes: scopes.iter().map(|scope| scope.word().to_owned()).collect(),
        external_id: None,
        created_at: now,
        expires_at: None,
    };
    let actor = Actor { project_id: project.id, name: "fanfare key create".to_owned(), at: now };
    keys::insert(database, actor, key, new.hash, None).await?;
    Ok(new.text)
}
