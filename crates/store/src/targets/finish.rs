//! Recording what came of an attempt.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    envelope::{self, Subject},
    event::EventType,
    ids::{EventId, PostId, TargetId},
    job::{Kind, Queue},
    target::ErrorCode,
    transition::{self, Decision, Effect, Error, Event, Next, Rules, Target},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::apply::{AttemptRecord, Item, Move, Record, TOLD, apply, write_attempts};
use crate::{
    accounts::{self, HeldAccount, Holding},
    budgets::{self, Heard},
    lanes::{self, Held, Wake},
    outbox::{self, NewEvent},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt},
    writer::Batch,
};

/// A decision about a target of a lane that is held.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The lane.
    pub held: Held,
    /// The network's queue, for waking the lane again.
    pub queue: Queue,
    /// The post.
    pub post_id: PostId,
    /// The target.
    pub target_id: TargetId,
    /// As it was read.
    pub rev: i32,
    /// As it was read, or as the start left it.
    pub before: Target,
    /// What was decided.
    pub decision: Decision,
    /// A line for the attempts log.
    pub attempt: Option<AttemptRecord>,
    /// For the next holder, should this one have lost its lane: what the network said after all.
    pub evidence: Option<Value>,
    /// The version of the tokens that were used.
    pub token_version: i64,
    /// Whether the decision rests on the account not being active; it is void once the account is.
    pub because_inactive: bool,
    /// Gives the lane back in the same transaction.
    pub give: Give,
    /// The database's clock, as far as the holder knows it.
    pub now: Timestamp,
    /// What the network said of budgets.
    pub heard: Vec<Heard>,
    /// Whether the item keeps its place though it is due later: what waits for a budget goes out in the order it was due.
    pub keeps_place: bool,
}

/// Whether the lane is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    /// The holder goes on.
    Keep,
    /// It is given back; `next` is when the holder knows of something due.
    Back(Option<Timestamp>),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It is recorded.
    Recorded,
    /// The target was changed meanwhile; nothing but the attempts log was written.
    Changed,
    /// The lane has gone to somebody else; what was learned is kept as evidence for the next holder.
    Lost,
}

pub(crate) struct FinishBatch;

statement! {
    /// Locks the lanes and gives those back that are to be.
    EndLanes {
        kind: i16 as sql::SmallInt,
        keys: Vec<Uuid> as Array<sql::Uuid>,
        fences: Vec<i64> as Array<sql::BigInt>,
        back: Vec<bool> as Array<sql::Bool>,
        next: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
    } -> (sql::Uuid, sql::BigInt, sql::Text) {
        "WITH mine AS MATERIALIZED (\
           SELECT j.kind, j.key, j.fence, m.back, m.next FROM jobs j JOIN unnest($2, $3, $4, $5) AS m(key, fence, back, next) \
             ON j.kind = $1 AND j.key = m.key AND j.fence = m.fence ORDER BY j.kind, j.key FOR NO KEY UPDATE OF j), \
         freed AS (\
           UPDATE jobs j SET lease_until = NULL, wake_at = LEAST(j.wake_at, COALESCE(mine.next, 'infinity')) \
           FROM mine WHERE mine.back AND j.kind = mine.kind AND j.key = mine.key) \
         SELECT key, fence, pg_current_xact_id()::text FROM mine"
    }
}

impl Batch for FinishBatch {
    type Request = Finish;
    type Answer = Finished;
    const ATTEMPT: &'static str = "record the outcome of an attempt";

    fn rows(_request: &Finish) -> usize {
        6
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Finish],
        seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Finished>>> {
        async move {
            let (held_accounts, renewed) = hold_accounts(connection, requests).await?;
            let lanes: Vec<(Uuid, i64, String)> = EndLanes {
                kind: Kind::Publish.number(),
                keys: requests.iter().map(|finish| finish.held.key).collect(),
                fences: requests.iter().map(|finish| finish.held.fence).collect(),
                back: requests.iter().map(|finish| finish.give != Give::Keep).collect(),
                next: requests
                    .iter()
                    .map(|finish| match finish.give {
                        Give::Back(next) => stamp_opt(next),
                        Give::Keep => None,
                    })
                    .collect(),
            }
            .load(connection)
            .await?;
            *seen = lanes.iter().map(|lane| lane.2.clone()).next();
            let mine: HashSet<_> = lanes.into_iter().map(|lane| (lane.0, lane.1)).collect();
            let holds = |finish: &Finish| mine.contains(&(finish.held.key, finish.held.fence));
            let (kept, lost): (Vec<_>, Vec<_>) = requests.iter().partition(|finish| holds(finish));

            wake_others(connection, &kept, &lost).await?;
            let moves: Vec<_> = kept.iter().map(|finish| finish.to_move(renewed.contains(&finish.held.key))).collect();
            let listeners = listeners(connection, &moves, &held_accounts).await?;
            let now = requests.iter().map(|finish| finish.now).max().unwrap_or_default();
            let recorded = apply(connection, &moves, &listeners, now).await?;
            outbox::record(connection, &held_accounts, &listeners).await?;
            keep_evidence(connection, &lost).await?;
            let late: Vec<_> = lost.iter().map(|finish| finish.late_attempt()).collect();
            let records: Vec<_> =
                lost.iter().zip(&late).filter_map(|(finish, late)| finish.late_record(late.as_ref())).collect();
            write_attempts(connection, records.into_iter()).await?;
            // Whoever lost the lane heard it all the same.
            budgets::hear(connection, requests.iter().flat_map(|finish| &finish.heard)).await?;

            let answer = |finish: &Finish| {
                if !holds(finish) {
                    Finished::Lost
                } else if recorded.targets.contains(&finish.target_id.0) {
                    Finished::Recorded
                } else {
                    Finished::Changed
                }
            };
            Ok(requests.iter().map(answer).collect())
        }
        .boxed()
    }
}

impl Finish {
    /// The attempts log takes an answer that came too late to count.
    fn late_attempt(&self) -> Option<AttemptRecord> {
        Some(AttemptRecord { outcome: "late_answer", next_attempt_at: None, ..self.attempt.clone()? })
    }

    fn late_record<'a>(&self, attempt: Option<&'a AttemptRecord>) -> Option<Record<'a>> {
        let attempt = attempt?;
        Some(Record { project_id: self.held.project_id, post_id: self.post_id.0, target_id: self.target_id.0, attempt })
    }

    /// A target whose tokens were refused and have been replaced meanwhile is neither held nor failed: it goes on with
    /// the new ones.
    fn decision(&self, renewed: bool) -> Decision {
        let holds = self.decision.effects.iter().any(|effect| matches!(effect, Effect::HoldAccount(_)));
        let again = (renewed && holds)
            .then(|| transition::decide(&self.before, &Event::Renewed, &Rules::UNUSED, self.now).ok())
            .flatten();
        again.unwrap_or_else(|| self.decision.clone())
    }

    fn to_move(&self, renewed: bool) -> Move {
        let decision = self.decision(renewed);
        Move {
            project_id: self.held.project_id,
            post_id: self.post_id.0,
            target_id: self.target_id.0,
            rev: self.rev,
            before: self.before.clone(),
            bump_rev: false,
            because_inactive: self.because_inactive,
            attempt: self.attempt.clone().map(|attempt| AttemptRecord {
                next_attempt_at: decision.target.next_at.filter(|_| renewed).or(attempt.next_attempt_at),
                ..attempt
            }),
            item: match decision.next {
                Next::Settled => Item::Delete,
                Next::At(_) if self.keeps_place => Item::Keep,
                Next::At(at) => Item::At(at),
                Next::Now => Item::Keep,
            },
            after: decision.target,
        }
    }
}

/// Marks the accounts whose tokens the network no longer takes. Returns an event for each that was fine until now, and
/// the accounts that have newer tokens than those that were refused.
async fn hold_accounts(
    connection: &mut AsyncPgConnection,
    requests: &[Finish],
) -> QueryResult<(Vec<NewEvent>, HashSet<Uuid>)> {
    let mut holds: Vec<(&Finish, &Error)> = Vec::new();
    for finish in requests {
        for effect in &finish.decision.effects {
            if let Effect::HoldAccount(error) = effect {
                holds.push((finish, error));
            }
        }
    }
    let mut events = Vec::new();
    let mut renewed = HashSet::new();
    holds.sort_by_key(|(finish, _)| finish.held.key);
    for (finish, error) in holds {
        match accounts::hold(connection, finish.held.key, finish.token_version, error).await? {
            Holding::Held(held) => events.push(held_event(&held, error, finish.now)),
            Holding::Renewed => drop(renewed.insert(finish.held.key)),
            Holding::Was => {}
        }
    }
    Ok((events, renewed))
}

fn held_event(held: &HeldAccount, error: &Error, now: Timestamp) -> NewEvent {
    let kind = match error.code {
        ErrorCode::TokenExpired => EventType::AccountTokenExpired,
        _ => EventType::AccountReauthRequired,
    };
    let id = EventId(Uuid::now_v7());
    NewEvent {
        id,
        project_id: held.project_id,
        kind,
        resource_id: held.account.id.0,
        resource_seq: held.seq,
        owners: vec![held.account.external_id.clone().unwrap_or_default()],
        body: envelope::body(id, kind, now, held.seq, Subject::Account(&held.account)),
        trace: None,
        at: now,
    }
}

/// Wakes refresh lanes, and the lanes of those who lost theirs, so that the next holder reads the evidence.
async fn wake_others(connection: &mut AsyncPgConnection, kept: &[&Finish], lost: &[&Finish]) -> QueryResult<()> {
    let wake = |finish: &Finish, kind, queue| Wake {
        kind,
        key: finish.held.key,
        project_id: finish.held.project_id,
        queue,
        at: finish.now,
        items: 0,
        trace: finish.held.trace.clone(),
    };
    let mut wakes: Vec<_> = kept
        .iter()
        .filter(|finish| finish.decision.effects.contains(&Effect::WakeRefresh))
        .map(|finish| wake(finish, Kind::Refresh, Queue::Refresh))
        .collect();
    wakes.extend(lost.iter().map(|finish| wake(finish, Kind::Publish, finish.queue)));
    lanes::wake(connection, &wakes).await.map(drop)
}

async fn listeners(
    connection: &mut AsyncPgConnection,
    moves: &[Move],
    held_accounts: &[NewEvent],
) -> QueryResult<Vec<outbox::Listener>> {
    let told: Vec<_> = moves.iter().filter(|step| step.is_told()).map(|step| step.project_id).collect();
    if told.is_empty() && held_accounts.is_empty() {
        return Ok(Vec::new());
    }
    let projects = told.into_iter().chain(held_accounts.iter().map(|event| event.project_id)).collect();
    let mut kinds = TOLD.to_vec();
    kinds.extend(held_accounts.iter().map(|event| event.kind));
    outbox::wake_listeners(connection, projects, &kinds, None).await
}

statement! {
    KeepEvidence {
        targets: Vec<Uuid> as Array<sql::Uuid>,
        positions: Vec<i16> as Array<sql::SmallInt>,
        steps: Vec<String> as Array<sql::Text>,
        revs: Vec<i32> as Array<sql::Integer>,
        values: Vec<Value> as Array<sql::Jsonb>,
    } {
        "INSERT INTO target_checkpoints (target_id, position, step, rev, value) \
         SELECT t, p, s, r, v FROM unnest($1, $2, $3, $4, $5) AS u(t, p, s, r, v) ORDER BY t, p, s \
         ON CONFLICT (target_id, position, step) DO UPDATE SET value = EXCLUDED.value"
    }
}

async fn keep_evidence(connection: &mut AsyncPgConnection, lost: &[&Finish]) -> QueryResult<()> {
    let rows: Vec<_> =
        lost.iter().filter_map(|finish| Some((finish, finish.attempt.as_ref()?, finish.evidence.clone()?))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    KeepEvidence {
        targets: rows.iter().map(|(finish, ..)| finish.target_id.0).collect(),
        positions: rows.iter().map(|(_, attempt, _)| attempt.part).collect(),
        steps: rows.iter().map(|(_, attempt, _)| format!("evidence:{}", attempt.number)).collect(),
        revs: rows.iter().map(|(finish, ..)| finish.rev).collect(),
        values: rows.into_iter().map(|(_, _, evidence)| evidence).collect(),
    }
    .execute(connection)
    .await?;
    Ok(())
}
