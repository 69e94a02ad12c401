//! What every network is to the sandbox, and the registry of them.
//!
//! Adding a network: its directory, one variant of [`Platform`], one arm of [`Platform::entry`].

use std::any::Any;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::consent::{ClientIds, ReadyMade};
use crate::core::Core;
use crate::page::Shown;
use crate::{bluesky, facebook, linkedin, mastodon, threads, x};

/// The networks of this sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Platform {
    Bluesky,
    #[serde(rename = "linkedin")]
    LinkedIn,
    Facebook,
    Mastodon,
    Threads,
    X,
}

/// How a network is opened, where its routes are, and which apps it has from the start.
pub(crate) struct Registered {
    pub(crate) open: fn(Arc<Core>) -> Arc<dyn Network>,
    pub(crate) mount: fn(&mut ServiceConfig),
    pub(crate) apps: &'static [ReadyMade],
    pub(crate) client_ids: ClientIds,
}

impl Platform {
    pub(crate) const ALL: [Self; 6] =
        [Self::Bluesky, Self::Facebook, Self::LinkedIn, Self::Mastodon, Self::Threads, Self::X];

    /// The registry.
    pub(crate) fn entry(self) -> Registered {
        match self {
            Self::Bluesky => Registered {
                open: bluesky::open,
                mount: bluesky::mount,
                apps: &bluesky::APPS,
                client_ids: ClientIds::Address,
            },
            Self::LinkedIn => Registered {
                open: linkedin::open,
                mount: linkedin::mount,
                apps: &linkedin::APPS,
                client_ids: ClientIds::Word,
            },
            Self::Facebook => Registered {
                open: facebook::open,
                mount: facebook::mount,
                apps: &facebook::APPS,
                client_ids: ClientIds::Number,
            },
            Self::Threads => Registered {
                open: threads::open,
                mount: threads::mount,
                apps: &threads::APPS,
                client_ids: ClientIds::Number,
            },
            Self::Mastodon => Registered {
                open: mastodon::open,
                mount: mastodon::mount,
                apps: &mastodon::APPS,
                client_ids: ClientIds::Word,
            },
            Self::X => Registered { open: x::open, mount: x::mount, apps: &x::APPS, client_ids: ClientIds::Word },
        }
    }

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bluesky => "bluesky",
            Self::LinkedIn => "linkedin",
            Self::Facebook => "facebook",
            Self::Threads => "threads",
            Self::Mastodon => "mastodon",
            Self::X => "x",
        }
    }
}

/// An account as `POST /_sandbox/accounts` asks for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) username: Option<String>,
    /// Who may sign in for it.
    pub(crate) person: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) login: Option<String>,
}

impl Wanted {
    /// Refuses what the network has no use for, so that nobody believes it was heeded.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), String> {
        let given = [("person", &self.person), ("kind", &self.kind), ("login", &self.login)];
        match given.iter().find(|(name, value)| value.is_some() && !known.contains(name)) {
            Some((name, _)) => Err(format!("{name}: this network's accounts have none")),
            None => Ok(()),
        }
    }
}

/// An account made by `POST /_sandbox/accounts`.
pub(crate) struct NewAccount {
    /// `network_unique_id`.
    pub(crate) account: String,
    pub(crate) username: String,
    /// As `POST /v1/social-accounts` of Fanfare takes them.
    pub(crate) credentials: serde_json::Value,
    /// False when the account was there and only its credentials are new.
    pub(crate) created: bool,
}

/// One network's state. Its HTTP handlers live in its own directory and reach it through [`crate::call::Call`].
pub(crate) trait Network: Any + Send + Sync {
    /// Makes an account, or fresh credentials for the account that has the name already. `Err` says what is wrong with
    /// what was asked.
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String>;

    /// Applies a fact read back from the journal.
    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error>;

    /// The newest `limit` public posts and their replies, for the page.
    fn shown(&self, limit: usize) -> Vec<Shown>;

    /// The account's tokens are expired from `at` on; a refresh or a new session cures it where the network has that.
    fn expire_tokens(&self, account: &str, at: Timestamp);

    /// The user has revoked the grant: nothing but new credentials helps.
    fn revoke_tokens(&self, account: &str);
}
