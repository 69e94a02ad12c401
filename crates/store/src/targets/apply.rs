//! Writing decisions: counters, targets with their parts, queue items, attempts, events and deliveries, in that order.
//!
//! The caller holds the locks of the accounts' lane rows. A move whose target is no longer as it was read changes
//! nothing: its counters, its row and its item are all guarded by the same condition.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{event::EventType, ids::AttemptId, post::Tally, target::ErrorCode, transition::Target};
use futures::try_join;
use jiff::Timestamp;
use uuid::Uuid;

use super::{tell::tell, write::write_targets};
use crate::{
    outbox::Listener,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt},
};

/// One target's way from a state that was read to one that was decided.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) project_id: Uuid,
    pub(crate) post_id: Uuid,
    pub(crate) target_id: Uuid,
    /// As they were read; all three have to be so still.
    pub(crate) rev: i32,
    pub(crate) before: Target,
    pub(crate) after: Target,
    /// Whether messages that name the old revision are void from now on.
    pub(crate) bump_rev: bool,
    /// Whether it is void once the account is active.
    pub(crate) because_inactive: bool,
    pub(crate) item: Item,
    pub(crate) attempt: Option<AttemptRecord>,
}

/// What happens to the queue item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// It stays as it is.
    Keep,
    /// It goes.
    Delete,
    /// It is due then.
    At(Timestamp),
    /// There was none; its lane has been woken and has dealt this number.
    New { account_id: Uuid, due: Timestamp, seq: i64 },
}

/// A line for `GET /v1/posts/{id}/attempts`.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// The target's attempt, 0 before the first.
    pub number: i32,
    /// The part.
    pub part: i16,
    /// `media`, `container`, `send`, `poll`, `probe`.
    pub step: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// `published`, `accepted`, `rejected`, `throttled`, `auth`, `not_sent`, `ambiguous`, `late_answer`.
    pub outcome: &'static str,
    /// The network's status.
    pub http_status: Option<u16>,
    /// Our word.
    pub error_code: Option<ErrorCode>,
    /// The network's words.
    pub message: Option<String>,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// The targets that were still as they had been read.
    pub(crate) targets: HashSet<Uuid>,
}

impl Move {
    fn tallies(&self) -> (Tally, Tally) {
        let of = |target: &Target| Tally::of(target.status, target.is_probing());
        (of(&self.before), of(&self.after))
    }

    fn changes_tally(&self) -> bool {
        let (from, to) = self.tallies();
        from != to
    }

    /// Whether somebody may hear of it: it comes to rest, or leaves one rest for another.
    pub(crate) fn is_told(&self) -> bool {
        self.changes_tally() && self.tallies().1 != Tally::Open
    }
}

/// The types of event that moves may lead to, for waking the endpoints that listen.
pub(crate) const TOLD: [EventType; 11] = [
    EventType::PostPublished,
    EventType::PostPartial,
    EventType::PostError,
    EventType::PostUnconfirmed,
    EventType::PostCanceled,
    EventType::PostDeleted,
    EventType::TargetPublished,
    EventType::TargetPartial,
    EventType::TargetFailed,
    EventType::TargetUnconfirmed,
    EventType::TargetDeleted,
];

/// Sequence numbers a told move may use: its own event and at most two of its post.
pub(super) const SEQS: i64 = 3;

/// Writes moves of different targets.
pub(crate) async fn apply(
    connection: &mut AsyncPgConnection,
    moves: &[Move],
    listeners: &[Listener],
    now: Timestamp,
) -> QueryResult<Recorded> {
    let progress = count(connection, moves).await?;
    let targets = write_targets(connection, moves).await?;
    let done: Vec<_> = moves.iter().filter(|step| targets.contains(&step.target_id)).collect();
    // None needs the answer of another: they go to the database together, which runs them one by one.
    try_join!(
        write_items(connection, &done),
        write_attempts(connection, moves.iter().filter_map(Move::record)),
        tell(connection, &done, &progress, listeners, now),
    )?;
    Ok(Recorded { targets })
}

/// A post's counters after the moves were counted.
pub(super) struct Progress {
    pub(super) open: i32,
    pub(super) event_seq: i64,
}

const fn column(tally: Tally) -> i16 {
    match tally {
        Tally::Open => 0,
        Tally::Published => 1,
        Tally::Delivered => 2,
        Tally::Partial => 3,
        Tally::Unknown => 4,
        Tally::Failed => 5,
        Tally::Canceled => 6,
        Tally::Deleted => 7,
    }
}

statement! {
    Count {
        posts: Vec<Uuid> as Array<sql::Uuid>,
        targets: Vec<Uuid> as Array<sql::Uuid>,
        revs: Vec<i32> as Array<sql::Integer>,
        attempts: Vec<i32> as Array<sql::Integer>,
        states: Vec<String> as Array<sql::Text>,
        probes: Vec<i32> as Array<sql::Integer>,
        waits: Vec<bool> as Array<sql::Bool>,
        inactive: Vec<bool> as Array<sql::Bool>,
        froms: Vec<i16> as Array<sql::SmallInt>,
        tos: Vec<i16> as Array<sql::SmallInt>,
        seqs: Vec<i64> as Array<sql::BigInt>,
    } -> (sql::Uuid, sql::Integer, sql::BigInt) {
        "WITH held AS MATERIALIZED (\
           SELECT post_id FROM post_progress WHERE post_id = ANY($1) ORDER BY post_id FOR NO KEY UPDATE), \
         step AS MATERIALIZED (\
           SELECT u.post, u.f, u.t, u.seqs FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             AS u(post, target, rev, attempt, state, probes, waits, inactive, f, t, seqs) \
           JOIN post_targets x ON x.id = u.target AND x.rev = u.rev AND x.attempt = u.attempt AND x.state = u.state \
             AND x.probes = u.probes AND (x.next_at IS NOT NULL) = u.waits \
           JOIN social_accounts a ON a.id = x.account_id AND (a.status <> 'active' OR NOT u.inactive)), \
         delta AS MATERIALIZED (\
           SELECT post, sum(seqs) AS seqs, \
             sum((t = 0)::int - (f = 0)::int) AS d0, sum((t = 1)::int - (f = 1)::int) AS d1, \
             sum((t = 2)::int - (f = 2)::int) AS d2, sum((t = 3)::int - (f = 3)::int) AS d3, \
             sum((t = 4)::int - (f = 4)::int) AS d4, sum((t = 5)::int - (f = 5)::int) AS d5, \
             sum((t = 6)::int - (f = 6)::int) AS d6, sum((t = 7)::int - (f = 7)::int) AS d7 FROM step GROUP BY post) \
         UPDATE post_progress g SET n_open = n_open + d0, n_published = n_published + d1, n_delivered = n_delivered + d2, \
           n_partial = n_partial + d3, n_unknown = n_unknown + d4, n_failed = n_failed + d5, \
           n_canceled = n_canceled + d6, n_deleted = n_deleted + d7, event_seq = event_seq + seqs \
         FROM delta WHERE g.post_id = delta.post AND g.post_id = ANY(ARRAY(SELECT post_id FROM held)) \
         RETURNING g.post_id, g.n_open, g.event_seq"
    }
}

/// Moves the counters, so that two targets of a post finishing together cannot both miss the end.
async fn count(connection: &mut AsyncPgConnection, moves: &[Move]) -> QueryResult<HashMap<Uuid, Progress>> {
    let counted: Vec<_> = moves.iter().filter(|step| step.changes_tally()).collect();
    if counted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, i32, i64)> = Count {
        posts: counted.iter().map(|step| step.post_id).collect(),
        targets: counted.iter().map(|step| step.target_id).collect(),
        revs: counted.iter().map(|step| step.rev).collect(),
        attempts: counted.iter().map(|step| step.before.attempt).collect(),
        states: counted.iter().map(|step| step.before.status.word().to_owned()).collect(),
        probes: counted.iter().map(|step| step.before.probes).collect(),
        waits: counted.iter().map(|step| step.before.next_at.is_some()).collect(),
        inactive: counted.iter().map(|step| step.because_inactive).collect(),
        froms: counted.iter().map(|step| column(step.tallies().0)).collect(),
        tos: counted.iter().map(|step| column(step.tallies().1)).collect(),
        seqs: counted.iter().map(|step| if step.is_told() { SEQS } else { 0 }).collect(),
    }
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|(post, open, event_seq)| (post, Progress { open, event_seq })).collect())
}

/// Networks' own words may hold what PostgreSQL cannot store.
pub(super) fn storable(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(2_000).collect()
}

statement! {
    /// Different items each, so their order does not matter.
    WriteItems {
        gone: Vec<Uuid> as Array<sql::Uuid>,
        moved: Vec<Uuid> as Array<sql::Uuid>,
        due: Vec<Stamp> as Array<SqlStamp>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
    } {
        "WITH gone AS (DELETE FROM publish_queue WHERE op = 'publish' AND subject_id = ANY($1)) \
         UPDATE publish_queue q SET due_at = m.due, expire_at = m.expiry \
         FROM unnest($2, $3, $4) AS m(target, due, expiry) WHERE q.op = 'publish' AND q.subject_id = m.target"
    }
}

statement! {
    NewItems {
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        due: Vec<Stamp> as Array<SqlStamp>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        targets: Vec<Uuid> as Array<sql::Uuid>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
    } {
        "INSERT INTO publish_queue (account_id, due_at, seq, first_due_at, subject_id, expire_at) \
         SELECT a, d, s, d, t, e FROM unnest($1, $2, $3, $4, $5) AS u(a, d, s, t, e) ORDER BY a, d, s \
         ON CONFLICT (op, subject_id) DO UPDATE SET due_at = EXCLUDED.due_at, seq = EXCLUDED.seq, \
           first_due_at = EXCLUDED.first_due_at, expire_at = EXCLUDED.expire_at"
    }
}

async fn write_items(mut connection: &AsyncPgConnection, moves: &[&Move]) -> QueryResult<()> {
    let mut write = WriteItems { gone: Vec::new(), moved: Vec::new(), due: Vec::new(), expiries: Vec::new() };
    let mut new =
        NewItems { accounts: Vec::new(), due: Vec::new(), seqs: Vec::new(), targets: Vec::new(), expiries: Vec::new() };
    for step in moves {
        match &step.item {
            Item::Keep => {}
            Item::Delete => write.gone.push(step.target_id),
            Item::At(at) => {
                write.moved.push(step.target_id);
                write.due.push(stamp(*at));
                write.expiries.push(stamp(step.after.expire_at));
            }
            Item::New { account_id, due, seq } => {
                new.accounts.push(*account_id);
                new.due.push(stamp(*due));
                new.seqs.push(*seq);
                new.targets.push(step.target_id);
                new.expiries.push(stamp(step.after.expire_at));
            }
        }
    }
    if !write.gone.is_empty() || !write.moved.is_empty() {
        write.execute(&mut connection).await?;
    }
    if !new.targets.is_empty() {
        new.execute(&mut connection).await?;
    }
    Ok(())
}

statement! {
    InsertAttempts {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        posts: Vec<Uuid> as Array<sql::Uuid>,
        targets: Vec<Uuid> as Array<sql::Uuid>,
        numbers: Vec<i32> as Array<sql::Integer>,
        parts: Vec<i16> as Array<sql::SmallInt>,
        steps: Vec<String> as Array<sql::Text>,
        started: Vec<Stamp> as Array<SqlStamp>,
        ended: Vec<Stamp> as Array<SqlStamp>,
        outcomes: Vec<String> as Array<sql::Text>,
        statuses: Vec<Option<i16>> as Array<Nullable<sql::SmallInt>>,
        codes: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        messages: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        next: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
    } {
        "INSERT INTO publish_attempts (id, project_id, post_id, target_id, number, part, step, started_at, ended_at, \
           outcome, http_status, error_code, message, next_attempt_at) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    }
}

/// What was done for a target, whether it still counts or not.
pub(super) struct Record<'a> {
    pub(super) project_id: Uuid,
    pub(super) post_id: Uuid,
    pub(super) target_id: Uuid,
    pub(super) attempt: &'a AttemptRecord,
}

impl Move {
    fn record(&self) -> Option<Record<'_>> {
        let attempt = self.attempt.as_ref()?;
        Some(Record { project_id: self.project_id, post_id: self.post_id, target_id: self.target_id, attempt })
    }
}

/// Writes lines of the attempts log.
pub(super) async fn write_attempts(
    mut connection: &AsyncPgConnection,
    records: impl Iterator<Item = Record<'_>>,
) -> QueryResult<()> {
    let rows: Vec<_> = records
        .map(|record| {
            let attempt = record.attempt;
            (record, attempt)
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    InsertAttempts {
        ids: rows.iter().map(|_| AttemptId(Uuid::now_v7()).0).collect(),
        projects: rows.iter().map(|(step, _)| step.project_id).collect(),
        posts: rows.iter().map(|(step, _)| step.post_id).collect(),
        targets: rows.iter().map(|(step, _)| step.target_id).collect(),
        numbers: rows.iter().map(|(_, attempt)| attempt.number).collect(),
        parts: rows.iter().map(|(_, attempt)| attempt.part).collect(),
        steps: rows.iter().map(|(_, attempt)| attempt.step.to_owned()).collect(),
        started: rows.iter().map(|(_, attempt)| stamp(attempt.started_at)).collect(),
        ended: rows.iter().map(|(_, attempt)| stamp(attempt.ended_at)).collect(),
        outcomes: rows.iter().map(|(_, attempt)| attempt.outcome.to_owned()).collect(),
        statuses: rows
            .iter()
            .map(|(_, attempt)| attempt.http_status.and_then(|status| i16::try_from(status).ok()))
            .collect(),
        codes: rows.iter().map(|(_, attempt)| attempt.error_code.map(|code| code.word().to_owned())).collect(),
        messages: rows.iter().map(|(_, attempt)| attempt.message.as_deref().map(storable)).collect(),
        next: rows.iter().map(|(_, attempt)| stamp_opt(attempt.next_attempt_at)).collect(),
    }
    .execute(&mut connection)
    .await?;
    Ok(())
}
