//! Carrying attempts to connect out, as part of somebody's transaction: several at once, since a person may choose
//! several pages. Each kind of lock is taken for all of them before the next kind is.

use std::collections::HashMap;

use diesel::{QueryResult, result::Error as DieselError};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    account::{Account, AccountStatus},
    envelope::Subject,
    event::EventType,
    ids::AccountId,
    job::{Kind, Queue},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Connecting, NewAccount, list, tokens, told};
use crate::{
    audit::{self, Actor},
    lanes::{self, Wake},
    outbox,
    statement::statement,
    targets,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt, time},
};

/// Attempts to connect, of different profiles in one project.
pub(crate) struct Attempts<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) news: &'a [NewAccount],
    pub(crate) trace: Option<String>,
}

/// An account as an attempt finds it.
struct Found {
    id: AccountId,
    owner: Option<String>,
    was_active: bool,
}

/// An attempt, once it is decided.
struct Decided<'a> {
    /// Among [`Attempts::news`].
    place: usize,
    new: &'a NewAccount,
    /// The account that it has now, or may not have.
    id: AccountId,
    is_won: bool,
    before: Option<Found>,
    /// What is told of it.
    kinds: Vec<EventType>,
    /// Of the last of those.
    seq: i64,
    now: Timestamp,
}

impl<'a> Attempts<'a> {
    /// Decides each and does what follows from it; in the order of the attempts. `None` when one of them raced, or as a
    /// unique violation: roll back then.
    pub(crate) async fn carry_out(&self, connection: &mut AsyncPgConnection) -> QueryResult<Option<Vec<Connecting>>> {
        let mut found = self.lock(connection, self.news).await?;
        let mut order: Vec<usize> = (0..self.news.len()).collect();
        // Rows that are not there yet cannot be locked: whoever makes the same ones makes them in the same order.
        order.sort_by_key(|place| &self.news[*place].profile);
        let mut decided = Vec::with_capacity(order.len());
        for place in order {
            let Some(one) = self.decide(connection, place, found.remove(&place)).await? else { return Ok(None) };
            decided.push(one);
        }
        decided.sort_by_key(|one| one.id);
        let accounts = self.follow(connection, &decided).await?;
        decided.sort_by_key(|one| one.place);
        let connected = |one: &Decided<'_>| match accounts.get(&one.id) {
            Some(account) if one.is_won => {
                Connecting::Connected { account: Box::new(account.clone()), is_new: one.before.is_none() }
            }
            _ => Connecting::Owned { account_id: one.id },
        };
        Ok(Some(decided.iter().map(connected).collect()))
    }

    /// Those that are there, by their places among `news`, locked in the order of their ids.
    async fn lock(
        &self,
        connection: &mut AsyncPgConnection,
        news: &[NewAccount],
    ) -> QueryResult<HashMap<usize, Found>> {
        let texts = |text: fn(&NewAccount) -> &str| news.iter().map(|new| text(new).to_owned()).collect();
        let rows: Vec<(i64, Uuid, Option<String>, String)> = LockProfiles {
            project: self.actor.project_id.0,
            platforms: texts(|new| new.profile.platform.name()),
            realms: texts(|new| &new.profile.realm),
            network_unique_ids: texts(|new| &new.profile.network_unique_id),
        }
        .load(connection)
        .await?;
        let found = |(number, id, owner, status): (i64, Uuid, Option<String>, String)| {
            let place = usize::try_from(number).ok()?.checked_sub(1)?;
            Some((place, Found { id: AccountId(id), owner, was_active: status == AccountStatus::Active.word() }))
        };
        Ok(rows.into_iter().filter_map(found).collect())
    }

    /// `None` when it raced. Whoever may not have the profile gets nothing: its tokens are dropped and not revoked, which
    /// could cut off whoever rightfully has it.
    async fn decide(
        &self,
        connection: &mut AsyncPgConnection,
        place: usize,
        before: Option<Found>,
    ) -> QueryResult<Option<Decided<'a>>> {
        let new = &self.news[place];
        let kinds = kinds(new, before.as_ref());
        if let Some((seq, now)) = self.connect(connection, new, kinds.len()).await? {
            return Ok(Some(Decided { place, new, id: new.id, is_won: true, before, kinds, seq, now }));
        }
        // Somebody connected it since it was locked, or it has another owner.
        let found = self.lock(connection, std::slice::from_ref(new)).await?.remove(&0);
        let Some(found) = found.filter(|found| found.owner.is_some() && found.owner != new.external_id) else {
            return Ok(None);
        };
        let id = found.id;
        let (seq, now): (i64, Stamp) = NextEvent { id: id.0 }.get_result(connection).await?;
        let kinds = vec![EventType::AccountConnectRejected];
        Ok(Some(Decided { place, new, id, is_won: false, before: Some(found), kinds, seq, now: time(now) }))
    }

    /// `None` when the attempt may not have the profile, or the tokens are sealed to another account than the
    /// profile's; else the last of the sequence numbers taken for `events`, and the database's clock.
    async fn connect(
        &self,
        connection: &mut AsyncPgConnection,
        new: &NewAccount,
        events: usize,
    ) -> QueryResult<Option<(i64, Timestamp)>> {
        let new = new.clone();
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

    /// Tokens, lanes, what waited, events and the audit, in the order of locks. Returns the accounts as they are now.
    async fn follow(
        &self,
        connection: &mut AsyncPgConnection,
        decided: &[Decided<'_>],
    ) -> QueryResult<HashMap<AccountId, Account>> {
        let project = self.actor.project_id;
        for one in decided.iter().filter(|one| one.is_won) {
            tokens::put(connection, project.0, one.id.0, one.new.sealed_tokens.clone()).await?;
        }
        let wakes: Vec<Wake> = decided.iter().filter(|one| one.is_won).flat_map(|one| self.wakes(one)).collect();
        lanes::wake(connection, &wakes).await?;
        let kinds: Vec<EventType> = decided.iter().flat_map(|one| one.kinds.iter().copied()).collect();
        let listeners = outbox::wake_listeners(connection, vec![project.0], &kinds, self.trace.clone()).await?;
        for one in decided.iter().filter(|one| one.is_won && one.before.is_some()) {
            targets::release_held(connection, project, one.id, one.now).await?;
        }
        let known = list::load(connection, project, decided.iter().map(|one| one.id.0).collect()).await?;
        let accounts: HashMap<_, _> = known.into_iter().map(|known| (known.account.id, known.account)).collect();
        let mut events = Vec::with_capacity(kinds.len());
        for one in decided {
            let account = accounts.get(&one.id).ok_or(DieselError::NotFound)?;
            let subject = match one.is_won {
                true => Subject::Account(account),
                false => Subject::Rejected(account, one.new.external_id.as_deref()),
            };
            let first = one.seq - i64::try_from(one.kinds.len()).unwrap_or_default() + 1;
            events.extend(
                (first..)
                    .zip(&one.kinds)
                    .map(|(seq, kind)| told::about(project, *kind, account, subject, seq, one.now, self.trace.clone())),
            );
        }
        outbox::record(connection, &events, &listeners).await?;
        for one in decided {
            let (action, details) = audited(one);
            audit::insert(connection, self.actor, action, Some(one.id.0), details).await?;
        }
        Ok(accounts)
    }

    /// The publish lane of an account that was there is woken also because that locks it, which whoever moves targets
    /// has to do.
    fn wakes(&self, one: &Decided<'_>) -> Vec<Wake> {
        let wake = |kind, queue, at| Wake {
            kind,
            key: one.id.0,
            project_id: self.actor.project_id.0,
            queue,
            at,
            items: 0,
            trace: self.trace.clone(),
        };
        let queue = Queue::Publish(one.new.profile.platform);
        let publish = one.before.is_some().then(|| wake(Kind::Publish, queue, one.now));
        let refresh = one.new.refresh_at.map(|at| wake(Kind::Refresh, Queue::Refresh, at));
        publish.into_iter().chain(refresh).collect()
    }
}

/// What is told of a success: that the account can be used again, or that it changed; its adoption in any case.
fn kinds(new: &NewAccount, before: Option<&Found>) -> Vec<EventType> {
    let Some(found) = before else { return vec![EventType::AccountConnected] };
    match (is_adopted(new, found), found.was_active) {
        (_, true) => vec![EventType::AccountUpdated],
        (true, false) => vec![EventType::AccountUpdated, EventType::AccountConnected],
        (false, false) => vec![EventType::AccountConnected],
    }
}

fn is_adopted(new: &NewAccount, found: &Found) -> bool {
    found.owner.is_none() && new.external_id.is_some()
}

fn audited(one: &Decided<'_>) -> (&'static str, Value) {
    let owner = &one.new.external_id;
    match &one.before {
        _ if !one.is_won => ("account.connect_rejected", json!({"attempted_external_id": owner})),
        None => ("account.connected", json!({"external_id": owner})),
        Some(found) if is_adopted(one.new, found) => ("account.adopted", json!({"external_id": owner})),
        Some(_) => ("account.reconnected", json!({"external_id": owner})),
    }
}

statement! {
    LockProfiles {
        project: Uuid as sql::Uuid,
        platforms: Vec<String> as Array<sql::Text>,
        realms: Vec<String> as Array<sql::Text>,
        network_unique_ids: Vec<String> as Array<sql::Text>,
    } -> (sql::BigInt, sql::Uuid, Nullable<sql::Text>, sql::Text) {
        "SELECT u.place, a.id, a.external_id, a.status \
         FROM unnest($2, $3, $4) WITH ORDINALITY AS u(platform, realm, network_unique_id, place) \
         JOIN social_accounts a ON a.project_id = $1 AND a.platform = u.platform AND a.realm = u.realm \
           AND a.network_unique_id = u.network_unique_id \
         ORDER BY a.id FOR NO KEY UPDATE OF a"
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
