//! Connecting a profile. Whose it is, is decided by one statement, so that two attempts at once cannot both win.
//!
//! A profile belongs to at most one owner in a project. Its owner may connect it again at any time; one without an owner
//! goes to the first attempt that names one; any other attempt changes nothing, also when the account is disconnected.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    account::{Account, AccountStatus},
    envelope::Subject,
    event::EventType,
    ids::{AccountId, NetworkId, ProjectId},
    job::{Kind, Queue},
    platform::Platform,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{list, tokens, told};
use crate::{
    Database, StoreError,
    audit::{self, Actor},
    lanes::{self, Wake},
    outbox,
    statement::statement,
    targets,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time},
};

/// What makes a profile the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let attempt = Attempt { actor, new, trace };
    let done = connection.transaction(async |connection| attempt.carry_out(connection).await).await;
    match done {
        // A purged account keeps its id and not its profile.
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Connecting::Raced),
        done => {
            database.doorbell().ring();
            done.map_err(StoreError::from_diesel("connect an account"))
        }
    }
}

struct Attempt<'a> {
    actor: &'a Actor,
    new: &'a NewAccount,
    trace: Option<String>,
}

/// An account as an attempt finds it.
struct Found {
    id: Uuid,
    owner: Option<String>,
    was_active: bool,
}

impl Attempt<'_> {
    async fn carry_out(&self, connection: &mut AsyncPgConnection) -> QueryResult<Connecting> {
        let before = self.lock(connection).await?;
        let kinds = self.kinds(before.as_ref());
        let Some((seq, now)) = self.decide(connection, kinds.len()).await? else {
            // Somebody connected it since it was locked, or it has another owner.
            return match self.lock(connection).await? {
                Some(found) if found.owner.is_some() && found.owner != self.new.external_id => {
                    self.reject(connection, AccountId(found.id)).await
                }
                _ => Ok(Connecting::Raced),
            };
        };
        let (project, id) = (self.actor.project_id, self.new.id);
        tokens::put(connection, project.0, id.0, self.new.sealed_tokens.clone()).await?;
        lanes::wake(connection, &self.wakes(before.is_some(), now)).await?;
        let listeners = outbox::wake_listeners(connection, vec![project.0], &kinds, self.trace.clone()).await?;
        if before.is_some() {
            targets::release_held(connection, project, id, now).await?;
        }
        let known = list::load(connection, project, vec![id.0]).await?.pop();
        let account = known.map(|known| known.account).ok_or(DieselError::NotFound)?;
        let first = seq - i64::try_from(kinds.len()).unwrap_or_default() + 1;
        let events: Vec<_> = (first..)
            .zip(&kinds)
            .map(|(seq, kind)| {
                told::about(project, *kind, &account, Subject::Account(&account), seq, now, self.trace.clone())
            })
            .collect();
        outbox::record(connection, &events, &listeners).await?;
        let action = match &before {
            None => "account.connected",
            Some(found) if found.owner.is_none() && self.new.external_id.is_some() => "account.adopted",
            Some(_) => "account.reconnected",
        };
        let details = json!({"external_id": self.new.external_id});
        audit::insert(connection, self.actor, action, Some(id.0), details).await?;
        Ok(Connecting::Connected { account: Box::new(account), is_new: before.is_none() })
    }

    /// What is told of a success: that the account can be used again, or that it changed; its adoption in any case.
    fn kinds(&self, before: Option<&Found>) -> Vec<EventType> {
        let Some(found) = before else { return vec![EventType::AccountConnected] };
        let is_adopted = found.owner.is_none() && self.new.external_id.is_some();
        match (is_adopted, found.was_active) {
            (_, true) => vec![EventType::AccountUpdated],
            (true, false) => vec![EventType::AccountUpdated, EventType::AccountConnected],
            (false, false) => vec![EventType::AccountConnected],
        }
    }

    async fn lock(&self, connection: &mut AsyncPgConnection) -> QueryResult<Option<Found>> {
        let profile = &self.new.profile;
        let rows: Vec<(Uuid, Option<String>, String)> = LockProfile {
            project: self.actor.project_id.0,
            platform: profile.platform.name(),
            realm: profile.realm.clone(),
            network_unique_id: profile.network_unique_id.clone(),
        }
        .load(connection)
        .await?;
        let found = |(id, owner, status): (Uuid, _, String)| Found {
            id,
            owner,
            was_active: status == AccountStatus::Active.word(),
        };
        Ok(rows.into_iter().next().map(found))
    }

    /// `None` when the attempt may not have the profile, or the tokens are sealed to another account than the
    /// profile's; else the last of the sequence numbers taken for `events`, and the database's clock.
    async fn decide(&self, connection: &mut AsyncPgConnection, events: usize) -> QueryResult<Option<(i64, Timestamp)>> {
        let new = self.new.clone();
        let rows: Vec<(i64, Stamp)> = Connect {
            id: new.id.0,
            project: self.actor.project_id.0,
            platform: new.profile.platform.name(),
            realm: new.profile.realm,
            network_unique_id: new.profile.network_unique_id,
            external_id: new.external_id,
            network: new.social_network_id.map(|id| id.0),
            username: new.username,
            display_name: new.display_name,
            image: new.profile_image_url,
            page: new.profile_url,
            account_type: new.account_type,
            scopes: new.scopes,
            facts: new.facts,
            expires_at: stamp_opt(new.token_expires_at),
            at: stamp(self.actor.at),
            events: i64::try_from(events).unwrap_or(i64::MAX),
        }
        .load(connection)
        .await?;
        Ok(rows.into_iter().next().map(|(seq, now)| (seq, time(now))))
    }

    /// The publish lane of an account that was there is woken also because that locks it, which whoever moves targets
    /// has to do.
    fn wakes(&self, was_there: bool, now: Timestamp) -> Vec<Wake> {
        let wake = |kind, queue, at| Wake {
            kind,
            key: self.new.id.0,
            project_id: self.actor.project_id.0,
            queue,
            at,
            items: 0,
            trace: self.trace.clone(),
        };
        let publish = was_there.then(|| wake(Kind::Publish, Queue::Publish(self.new.profile.platform), now));
        let refresh = self.new.refresh_at.map(|at| wake(Kind::Refresh, Queue::Refresh, at));
        publish.into_iter().chain(refresh).collect()
    }

    /// Tells of an attempt that got nothing. Its tokens are dropped and not revoked: that could cut off whoever
    /// rightfully has the profile.
    async fn reject(&self, connection: &mut AsyncPgConnection, id: AccountId) -> QueryResult<Connecting> {
        let project = self.actor.project_id;
        let (seq, now): (i64, Stamp) = NextEvent { id: id.0 }.get_result(connection).await?;
        let known = list::load(connection, project, vec![id.0]).await?.pop();
        let account = known.map(|known| known.account).ok_or(DieselError::NotFound)?;
        let kind = EventType::AccountConnectRejected;
        let subject = Subject::Rejected(&account, self.new.external_id.as_deref());
        let event = told::about(project, kind, &account, subject, seq, time(now), self.trace.clone());
        let listeners = outbox::wake_listeners(connection, vec![project.0], &[kind], self.trace.clone()).await?;
        outbox::record(connection, &[event], &listeners).await?;
        let details = json!({"attempted_external_id": self.new.external_id});
        audit::insert(connection, self.actor, "account.connect_rejected", Some(id.0), details).await?;
        Ok(Connecting::Owned { account_id: id })
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

statement! {
    LockProfile {
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        realm: String as sql::Text,
        network_unique_id: String as sql::Text,
    } -> (sql::Uuid, Nullable<sql::Text>, sql::Text) {
        "SELECT id, external_id, status FROM social_accounts \
         WHERE project_id = $1 AND platform = $2 AND realm = $3 AND network_unique_id = $4 FOR NO KEY UPDATE"
    }
}

statement! {
    /// The one place where an owner is set by connecting.
    Connect {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        platform: &'static str as sql::Text,
        realm: String as sql::Text,
        network_unique_id: String as sql::Text,
        external_id: Option<String> as Nullable<sql::Text>,
        network: Option<Uuid> as Nullable<sql::Uuid>,
        username: String as sql::Text,
        display_name: Option<String> as Nullable<sql::Text>,
        image: Option<String> as Nullable<sql::Text>,
        page: Option<String> as Nullable<sql::Text>,
        account_type: String as sql::Text,
        scopes: Vec<String> as Array<sql::Text>,
        facts: Value as sql::Jsonb,
        expires_at: Option<Stamp> as Nullable<SqlStamp>,
        at: Stamp as SqlStamp,
        events: i64 as sql::BigInt,
    } -> (sql::BigInt, SqlStamp) {
        "INSERT INTO social_accounts AS a (id, project_id, platform, realm, network_unique_id, external_id, \
           social_network_id, username, display_name, profile_image_url, profile_url, account_type, status, scopes, \
           facts, token_expires_at, last_synced_at, created_at, updated_at, event_seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', $13, $14, $15, $16, $16, $16, $17) \
         ON CONFLICT (project_id, platform, realm, network_unique_id) DO UPDATE SET \
           external_id = EXCLUDED.external_id, social_network_id = EXCLUDED.social_network_id, \
           username = EXCLUDED.username, display_name = EXCLUDED.display_name, \
           profile_image_url = EXCLUDED.profile_image_url, profile_url = EXCLUDED.profile_url, \
           account_type = EXCLUDED.account_type, status = 'active', scopes = EXCLUDED.scopes, facts = EXCLUDED.facts, \
           error_code = NULL, error_message = NULL, token_expires_at = EXCLUDED.token_expires_at, \
           last_synced_at = EXCLUDED.last_synced_at, updated_at = greatest(EXCLUDED.updated_at, a.updated_at), \
           event_seq = a.event_seq + $17 \
         WHERE (a.external_id IS NULL OR a.external_id = EXCLUDED.external_id) AND a.id = EXCLUDED.id \
         RETURNING a.event_seq, clock_timestamp()"
    }
}

statement! {
    NextEvent { id: Uuid as sql::Uuid } -> (sql::BigInt, SqlStamp) {
        "UPDATE social_accounts SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq, clock_timestamp()"
    }
}
