//! `fanfare keys`: what secrets are sealed to.

mod rewrap;

use std::process::ExitCode;

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use store::sealed;
use vault::{PrivateRing, PublicRing};

use super::{migrated, say};
use crate::{cli::Failure, settings::Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a pair of keys and prints it, once: `private` for those who open, `public` for the gateway. It is stored
    /// nowhere.
    Generate,
    /// Shows how much is sealed to which key, and whether the ring has it.
    List,
    /// Seals everything that is stored to the ring's first key. Services may run meanwhile; it may be interrupted and
    /// repeated.
    Rewrap,
}

pub(crate) async fn run(command: KeysCommand) -> Result<ExitCode, Failure> {
    match command {
        KeysCommand::Generate => generate()?,
        KeysCommand::List => list(&Settings::load()?).await?,
        KeysCommand::Rewrap => return rewrap::run(&Settings::load()?).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys that the settings name.
pub(crate) fn ring(settings: &Settings) -> Result<PrivateRing, Failure> {
    if settings.vault.private_keys.is_empty() {
        return Err("no keys: set FANFARE__VAULT__PRIVATE_KEYS (`fanfare keys generate` makes some)".into());
    }
    let parsed = settings.vault.private_keys.expose().parse();
    parsed.map_err(|error: vault::VaultError| format!("FANFARE__VAULT__PRIVATE_KEYS: {error}").into())
}

fn generate() -> Result<(), Failure> {
    let pair = vault::generate();
    let ring: PublicRing = pair.public.parse()?;
    say(format_args!("id       {}", ring.key_ids().join(",")))?;
    say(format_args!("private  {}", pair.private.expose_secret()))?;
    say(format_args!("public   {}", pair.public))
}

async fn list(settings: &Settings) -> Result<(), Failure> {
    let seals = ring(settings)?.public();
    let ids = seals.key_ids();
    let place_of = |id: &str| match ids.iter().position(|own| own == id) {
        Some(0) => "first".to_owned(),
        Some(place) => format!("number {}", place + 1),
        None => "missing".to_owned(),
    };
    let stored = sealed::list_piles(&migrated(settings).await?).await?;
    for pile in &stored {
        let (id, place) = match vault::key_id(&pile.head) {
            Some(id) => (id.clone(), place_of(&id)),
            None => ("-".to_owned(), "not sealed".to_owned()),
        };
        say(format_args!("{id:<16}  {place:<10}  {:>8}  {}", pile.rows, pile.place))?;
    }
    if stored.is_empty() { say("nothing is stored") } else { Ok(()) }
}
