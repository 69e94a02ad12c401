//! Connecting what an attempt found, by the caller's word.
//!
//! The attempt is locked first, so that of two who finalize it at once one finds it done. Whose each profile is, is
//! decided as for every other way to connect.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{account::Account, ids::AccountId};
use uuid::Uuid;

use super::{
    Choice, Session,
    pending::{Waiting, lock, not_offered},
    reseal::load,
};
use crate::{
    Database, StoreError,
    accounts::{Attempts, Connecting, NewAccount, Profile},
    audit::Actor,
    error::is_contention,
    statement::statement,
    types::sql,
};

/// Tries while other transactions are in the way.
const TRIES: usize = 4;

/// Which of the profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those that were chosen on the hosted page; without a choice the only one there is.
    Chosen,
    /// Whatever was found.
    All,
    /// These, by the network's ids.
    These(Vec<String>),
}

/// A caller's word on an attempt of its project.
#[derive(Debug, Clone)]
pub struct Finalize<'a> {
    /// Who says so; its project is the attempt's.
    pub actor: &'a Actor,
    /// [`super::hash`] of the attempt's name.
    pub session_hash: &'a [u8],
    /// What to connect.
    pub selection: Selection,
    /// For whom; `None` for whom the attempt was begun. Where that names an owner it must be the same.
    pub external_id: Option<&'a str>,
    /// W3C `traceparent`.
    pub trace: Option<String>,
}

/// A profile that somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The network's id.
    pub page_id: String,
    /// The account that has it.
    pub account_id: AccountId,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Finalized {
    /// The attempt is over. Both may be empty, and tokens of profiles that were not selected are destroyed.
    Done {
        /// What is connected.
        accounts: Vec<Account>,
        /// What is somebody else's and was left as it was.
        rejected: Vec<Rejected>,
    },
    /// A profile has another account than its tokens were sealed to. Nothing was changed: have the attempt's tokens sealed
    /// anew.
    Raced {
        /// The attempt.
        session: Uuid,
    },
    /// These were not offered. Nothing was changed.
    NotOffered(Vec<String>),
    /// There are several profiles and nobody chose. Nothing was changed.
    Unchosen,
    /// The attempt was begun for another owner. Nothing was changed.
    ForeignOwner,
    /// The attempt is over.
    Over,
    /// There is none.
    Unknown,
}

/// Connects what was selected and ends the attempt, in one transaction.
///
/// # Errors
/// [`StoreError`]; nothing is changed then.
pub async fn finalize(database: &Database, word: &Finalize<'_>) -> Result<Finalized, StoreError> {
    let mut connection = database.connection().await?;
    let mut tries = 0;
    loop {
        tries += 1;
        let mut session = None;
        let done = connection
            .transaction(async |connection| {
                let waiting = lock(connection, word.session_hash, Some(word.actor.project_id)).await?;
                let Some(waiting) = waiting else { return Ok(Finalized::Unknown) };
                session = Some(waiting.session.id);
                carry_out(connection, word, waiting).await
            })
            .await;
        return match (done, session) {
            (Err(error), _) if tries < TRIES && is_contention(&error) => continue,
            // A purged account keeps its id and not its profile.
            (
                Err(
                    DieselError::RollbackTransaction
                    | DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _),
                ),
                Some(session),
            ) => Ok(Finalized::Raced { session }),
            (done, _) => {
                database.doorbell().ring();
                done.map_err(StoreError::from_diesel("connect what was found"))
            }
        };
    }
}

async fn carry_out(
    connection: &mut AsyncPgConnection,
    word: &Finalize<'_>,
    waiting: Waiting,
) -> QueryResult<Finalized> {
    let Waiting { session, is_open, chosen } = waiting;
    if !is_open {
        return Ok(Finalized::Over);
    }
    if session.external_id.is_some()
        && word.external_id.is_some_and(|named| Some(named) != session.external_id.as_deref())
    {
        return Ok(Finalized::ForeignOwner);
    }
    let choices = load(connection, session.id).await?;
    let selected = match (&word.selection, &chosen) {
        (Selection::These(ids), _) | (Selection::Chosen, Some(ids)) => pick(choices, ids),
        (Selection::Chosen, None) if choices.len() > 1 => return Ok(Finalized::Unchosen),
        (Selection::Chosen, None) | (Selection::All, _) => Ok(choices),
    };
    let selected = match selected {
        Ok(selected) => selected,
        Err(strange) => return Ok(Finalized::NotOffered(strange)),
    };
    let news: Vec<NewAccount> = selected.into_iter().map(|choice| new_account(&session, word, choice)).collect();
    let attempts = Attempts { actor: word.actor, news: &news, trace: word.trace.clone() };
    let connected = attempts.carry_out(connection).await?.ok_or(DieselError::RollbackTransaction)?;
    Finish { id: session.id }.execute(connection).await?;
    Destroy { session: session.id }.execute(connection).await?;
    let (mut accounts, mut rejected) = (Vec::new(), Vec::new());
    for (one, new) in connected.into_iter().zip(news) {
        match one {
            Connecting::Connected { account, .. } => accounts.push(*account),
            Connecting::Owned { account_id } => {
                rejected.push(Rejected { page_id: new.profile.network_unique_id, account_id });
            }
            Connecting::Raced => return Err(DieselError::RollbackTransaction),
        }
    }
    Ok(Finalized::Done { accounts, rejected })
}

/// Those of these ids, each once, in the order they were found; the ids that were not offered when there are any.
fn pick(choices: Vec<Choice>, ids: &[String]) -> Result<Vec<Choice>, Vec<String>> {
    let strange = not_offered(ids, choices.iter().map(|choice| choice.network_unique_id.as_str()));
    if !strange.is_empty() {
        return Err(strange);
    }
    Ok(choices.into_iter().filter(|choice| ids.contains(&choice.network_unique_id)).collect())
}

fn new_account(session: &Session, word: &Finalize<'_>, choice: Choice) -> NewAccount {
    NewAccount {
        id: choice.account_id,
        profile: Profile {
            platform: session.platform,
            realm: choice.realm,
            network_unique_id: choice.network_unique_id,
        },
        external_id: session.external_id.clone().or_else(|| word.external_id.map(str::to_owned)),
        social_network_id: session.social_network_id,
        username: choice.username,
        display_name: choice.display_name,
        profile_image_url: choice.profile_image_url,
        profile_url: choice.profile_url,
        account_type: choice.account_type,
        scopes: choice.scopes,
        facts: choice.facts,
        token_expires_at: choice.token_expires_at,
        refresh_at: choice.refresh_at,
        sealed_tokens: choice.sealed_tokens,
    }
}

statement! {
    Finish { id: Uuid as sql::Uuid } {
        "UPDATE connect_sessions SET status = 'done', sealed = NULL WHERE id = $1"
    }
}

statement! {
    Destroy { session: Uuid as sql::Uuid } {
        "DELETE FROM pending_accounts WHERE session_id = $1"
    }
}
