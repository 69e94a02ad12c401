//! Connecting a profile. Whose it is, is decided by one statement, so that two attempts at once cannot both win.
//!
//! A profile belongs to at most one owner in a project. Its owner may connect it again at any time; one without an owner
//! goes to the first attempt that names one; any other attempt changes nothing, also when the account is disconnected.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::{
    account::Account,
    ids::{AccountId, NetworkId, ProjectId},
    platform::Platform,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::attempts::Attempts;
use crate::{Database, StoreError, audit::Actor, statement::statement, types::sql};

/// What makes a profile the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile {
    /// The network.
    pub platform: Platform,
    /// The instance's host where ids are only unique per instance, else empty.
    pub realm: String,
    /// The network's id.
    pub network_unique_id: String,
}

/// A profile whose credentials were proved, about to be connected.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What [`find_profile`] said, or a new one: the tokens are sealed to it.
    pub id: AccountId,
    /// The profile.
    pub profile: Profile,
    /// The owner it is connected for.
    pub external_id: Option<String>,
    /// The OAuth app it was connected through.
    pub social_network_id: Option<NetworkId>,
    /// The handle.
    pub username: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// The picture.
    pub profile_image_url: Option<String>,
    /// The profile's page.
    pub profile_url: Option<String>,
    /// `person`, `page`, ...
    pub account_type: String,
    /// What the token may do.
    pub scopes: Vec<String>,
    /// What the network said of it that is no secret.
    pub facts: Value,
    /// When the token runs out.
    pub token_expires_at: Option<Timestamp>,
    /// When the token is to be renewed, where it can be.
    pub refresh_at: Option<Timestamp>,
    /// Sealed to `account_tokens.sealed`, row `id`.
    pub sealed_tokens: Vec<u8>,
}

/// What became of an attempt to connect.
#[derive(Debug, Clone, PartialEq)]
pub enum Connecting {
    /// It is connected.
    Connected {
        /// As it is now.
        account: Box<Account>,
        /// Whether it was not there before.
        is_new: bool,
    },
    /// It belongs to somebody else, or the attempt named nobody. Nothing of the account was changed.
    Owned {
        /// The account that has it.
        account_id: AccountId,
    },
    /// The profile has another account than the tokens were sealed to, made or purged since it was looked up. Nothing
    /// was changed: look it up and seal again.
    Raced,
}

/// The account of a profile, whoever it belongs to.
///
/// # Errors
/// [`StoreError`].
pub async fn find_profile(
    database: &Database,
    project: ProjectId,
    profile: &Profile,
) -> Result<Option<AccountId>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<(Uuid,)> = FindProfile {
        project: project.0,
        platform: profile.platform.name(),
        realm: profile.realm.clone(),
        network_unique_id: profile.network_unique_id.clone(),
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("find a profile"))?;
    Ok(rows.into_iter().next().map(|(id,)| AccountId(id)))
}

/// Connects a profile, or connects it again: its tokens are replaced, what waited for that goes out, and the lanes that
/// have something to do are woken.
///
/// # Errors
/// [`StoreError`].
pub async fn connect(
    database: &Database,
    actor: &Actor,
    new: &NewAccount,
    trace: Option<String>,
) -> Result<Connecting, StoreError> {
    let mut connection = database.connection().await?;
    let attempts = Attempts { actor, news: std::slice::from_ref(new), trace };
    let done = connection
        .transaction(async |connection| {
            let connected = attempts.carry_out(connection).await?.and_then(|mut connected| connected.pop());
            connected.ok_or(DieselError::RollbackTransaction)
        })
        .await;
    match done {
        // A purged account keeps its id and not its profile.
        Err(DieselError::RollbackTransaction | DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Ok(Connecting::Raced)
        }
        done => {
            database.doorbell().ring();
            done.map_err(StoreError::from_diesel("connect an account"))
        }
    }
}

statement! {
    FindProfile {
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        realm: String as sql::Text,
        network_unique_id: String as sql::Text,
    } -> (sql::Uuid,) {
        "SELECT id FROM social_accounts \
         WHERE project_id = $1 AND platform = $2 AND realm = $3 AND network_unique_id = $4"
    }
}
