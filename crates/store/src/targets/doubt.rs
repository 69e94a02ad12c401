//! Targets that may have gone out without this database's knowing: what it has as due, after a backup was put back.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use domain::{
    job::{Kind, Queue},
    platform::Platform,
    transition::{self, Event, Next, Rules},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    apply::{Item, Move, apply},
    stored::{stored_target, target_json},
};
use crate::{
    lanes::{self, Wake},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt, word},
};

/// Accounts whose lanes are locked at once, and targets of theirs that are moved in one transaction: other writers wait
/// for these locks.
const ACCOUNTS: i32 = 64;
const TARGETS: i32 = 200;

/// Makes all that is due by now ambiguous, so that its network is asked for it. Also what was due before anything was
/// lost: what still waited then may have gone out after it. Posts accepted from `spared_from` on were accepted here and
/// nowhere else.
///
/// Publishing must be held. Counts the targets by network. Can be interrupted anywhere and repeated.
pub(crate) async fn doubt_due(
    connection: &mut AsyncPgConnection,
    spared_from: Option<Timestamp>,
) -> QueryResult<BTreeMap<Platform, u64>> {
    let mut doubted = BTreeMap::new();
    let mut after = Uuid::nil();
    loop {
        let kind = Kind::Publish.number();
        let rows: Vec<(Uuid,)> = AccountsWithItems { kind, after, limit: ACCOUNTS }.load(connection).await?;
        let accounts: Vec<_> = rows.into_iter().map(|(account,)| account).collect();
        let Some(last) = accounts.last() else { return Ok(doubted) };
        after = *last;
        let mut target = Some(Uuid::nil());
        while let Some(from) = target {
            AnsiTransactionManager::begin_transaction(connection).await?;
            target = doubt_some(connection, spared_from, &accounts, from, &mut doubted).await?;
            AnsiTransactionManager::commit_transaction(connection).await?;
        }
    }
}

/// One chunk. Returns the last target's id while there may be more.
async fn doubt_some(
    connection: &mut AsyncPgConnection,
    spared_from: Option<Timestamp>,
    accounts: &[Uuid],
    after: Uuid,
    doubted: &mut BTreeMap<Platform, u64>,
) -> QueryResult<Option<Uuid>> {
    let kind = Kind::Publish.number();
    let lanes: Vec<(Uuid,)> = LockLanes { kind, keys: accounts.to_vec() }.load(connection).await?;
    let rows: Vec<DueRow> = DueTargets {
        accounts: lanes.into_iter().map(|(key,)| key).collect(),
        after,
        spared_from: stamp_opt(spared_from),
        limit: TARGETS,
    }
    .load(connection)
    .await?;
    let Some((last, .., now, _)) = rows.last() else { return Ok(None) };
    let (last, now) = (*last, now.to_jiff());
    let is_full = i32::try_from(rows.len()).is_ok_and(|count| count == TARGETS);
    let (mut moves, mut wakes) = (Vec::new(), Vec::new());
    for (_, account, project, platform, _, json) in rows {
        let platform: Platform =
            word(&platform).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        let Some(step) = step(project, &json, now)? else { continue };
        wakes.push(Wake {
            kind: Kind::Publish,
            key: account,
            project_id: project,
            queue: Queue::Publish(platform),
            at: now,
            items: 0,
            trace: None,
        });
        *doubted.entry(platform).or_default() += 1;
        moves.push(step);
    }
    lanes::wake(connection, &wakes).await?;
    // Open before and after: no counter moves and nobody is told yet.
    apply(connection, &moves, &[], now).await?;
    Ok(is_full.then_some(last))
}

fn step(project: Uuid, json: &str, now: Timestamp) -> QueryResult<Option<Move>> {
    let work = stored_target(json)?;
    let Ok(decision) = transition::decide(&work.state, &Event::Doubted, &Rules::UNUSED, now) else { return Ok(None) };
    let item = match decision.next {
        Next::At(at) => Item::At(at),
        Next::Now => Item::At(now),
        Next::Settled => Item::Delete,
    };
    Ok(Some(Move {
        project_id: project,
        post_id: work.post_id.0,
        target_id: work.target_id.0,
        rev: work.rev,
        before: work.state,
        after: decision.target,
        because_inactive: false,
        // A worker that read it before is kept out by the state. Its uploads are of use for comparing.
        bump_rev: false,
        item,
        attempt: None,
    }))
}

statement! {
    AccountsWithItems { kind: i16 as sql::SmallInt, after: Uuid as sql::Uuid, limit: i32 as sql::Integer }
        -> (sql::Uuid,) {
        "SELECT j.key FROM jobs j WHERE j.kind = $1 AND j.key > $2 \
           AND EXISTS (SELECT 1 FROM publish_queue q WHERE q.account_id = j.key) ORDER BY j.kind, j.key LIMIT $3"
    }
}

statement! {
    LockLanes { kind: i16 as sql::SmallInt, keys: Vec<Uuid> as Array<sql::Uuid> } -> (sql::Uuid,) {
        "SELECT j.key FROM jobs j WHERE j.kind = $1 AND j.key = ANY($2) ORDER BY j.kind, j.key FOR NO KEY UPDATE"
    }
}

/// Target, account, project, platform, the database's clock and the target as JSON.
type DueRow = (Uuid, Uuid, Uuid, String, Stamp, String);

statement! {
    /// What waits for its account may have gone out as well: the account may have been connected again. What has a part
    /// that may be live already is found out about as always.
    DueTargets {
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        after: Uuid as sql::Uuid,
        spared_from: Option<Stamp> as Nullable<SqlStamp>,
        limit: i32 as sql::Integer,
    } -> (sql::Uuid, sql::Uuid, sql::Uuid, sql::Text, SqlStamp, sql::Text) {
        concat!("SELECT t.id, t.account_id, t.project_id, t.platform, clock_timestamp(), ", target_json!(), " \
         FROM publish_queue q JOIN post_targets t ON t.id = q.subject_id JOIN posts p ON p.id = t.post_id \
         WHERE q.account_id = ANY($1) AND q.op = 'publish' AND t.id > $2 AND p.created_at < COALESCE($3, 'infinity') \
           AND (t.state IN ('scheduled', 'queued', 'publishing') AND q.due_at <= clock_timestamp() \
             OR t.state = 'needs_reconnect' AND q.first_due_at <= clock_timestamp()) \
           AND NOT EXISTS (SELECT 1 FROM target_parts r WHERE r.target_id = t.id \
             AND r.status NOT IN ('pending', 'published')) \
         ORDER BY t.id LIMIT $4")
    }
}
