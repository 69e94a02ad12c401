//! Targets that were held, or could not be followed, until their account was connected again.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{AccountId, ProjectId},
    transition::{self, Event, Next, Rules},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    apply::{Item, Move, apply},
    stored::{stored_target, target_json},
};
use crate::{
    statement::statement,
    types::{SqlStamp, Stamp, sql, time},
};

/// Targets read and moved at once.
const CHUNK: i32 = 500;

/// The account works again: what was held for that is due now, in the order it was due at first. The caller holds the
/// lock of the account's publish lane and has woken it.
pub(crate) async fn release_held(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    account: AccountId,
    now: Timestamp,
) -> QueryResult<()> {
    let mut after = Uuid::nil();
    loop {
        let rows: Vec<(Uuid, Stamp, String)> =
            HeldTargets { account: account.0, after, limit: CHUNK }.load(connection).await?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = *last;
        let moves = rows
            .into_iter()
            .filter_map(|(_, first_due, json)| step(project, time(first_due), &json, now).transpose())
            .collect::<QueryResult<Vec<_>>>()?;
        // Held and queued are both open: no counter moves and nobody is told.
        apply(connection, &moves, &[], now).await?;
    }
}

fn step(project: ProjectId, first_due: Timestamp, json: &str, now: Timestamp) -> QueryResult<Option<Move>> {
    let work = stored_target(json)?;
    let Ok(decision) = transition::decide(&work.state, &Event::Reconnected, &Rules::UNUSED, now) else {
        return Ok(None);
    };
    let item = match decision.next {
        Next::At(at) => Item::At(at.min(first_due)),
        Next::Now => Item::At(first_due.min(now)),
        Next::Settled => Item::Delete,
    };
    Ok(Some(Move {
        project_id: project.0,
        post_id: work.post_id.0,
        target_id: work.target_id.0,
        rev: work.rev,
        before: work.state,
        after: decision.target,
        because_inactive: false,
        bump_rev: false,
        item,
        attempt: None,
    }))
}

statement! {
    HeldTargets { account: Uuid as sql::Uuid, after: Uuid as sql::Uuid, limit: i32 as sql::Integer }
        -> (sql::Uuid, SqlStamp, sql::Text) {
        concat!("SELECT t.id, q.first_due_at, ", target_json!(), " FROM publish_queue q \
         JOIN post_targets t ON t.id = q.subject_id JOIN posts p ON p.id = t.post_id \
         WHERE q.account_id = $1 AND q.op = 'publish' AND t.id > $2 \
           AND (t.state = 'needs_reconnect' OR t.state = 'publishing' AND EXISTS (\
             SELECT 1 FROM target_parts r WHERE r.target_id = t.id AND r.status = 'processing')) \
         ORDER BY t.id LIMIT $3")
    }
}
