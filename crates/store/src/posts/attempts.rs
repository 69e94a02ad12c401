//! The log of what was attempted for a post.

use diesel_async::RunQueryDsl;
use domain::ids::{AttemptId, PostId, ProjectId, TargetId};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::Posts;
use crate::{
    StoreError,
    statement::statement,
    types::{Nullable, SqlStamp, Stamp, sql, time},
};

/// One thing that was attempted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// `att_...`
    pub id: AttemptId,
    /// The target it was for.
    pub target_id: TargetId,
    /// The target's count of sends at that time.
    pub number: i32,
    /// The part, from 0.
    pub part: i16,
    /// `media`, `container`, `send`, `poll`, `probe`.
    pub step: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `published`, `accepted`, `rejected`, `throttled`, `auth`, `not_sent`, `ambiguous`, `late_answer`.
    pub outcome: String,
    /// Of the network's answer.
    pub http_status: Option<i16>,
    /// Our word for what went wrong.
    pub error_code: Option<String>,
    /// The network's own.
    pub message: Option<String>,
    /// When something was to be done next.
    pub next_attempt_at: Option<Timestamp>,
}

type Row = (
    (Uuid, Uuid, i32, i16, String, Stamp),
    (Option<Stamp>, String, Option<i16>, Option<String>, Option<String>, Option<Stamp>),
);

impl Posts {
    /// What was attempted for a post, oldest first from the one after `after` on; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_attempts(
        &self,
        project: ProjectId,
        id: PostId,
        after: Option<AttemptId>,
        limit: i64,
    ) -> Result<Vec<Attempt>, StoreError> {
        let mut connection = self.database.connection().await?;
        let after = after.map(|after| after.0);
        let rows: Vec<Row> = ListAttempts { project: project.0, post: id.0, after, limit }
            .load(&mut connection)
            .await
            .map_err(StoreError::from_diesel("list attempts"))?;
        Ok(rows.into_iter().map(attempt).collect())
    }
}

fn attempt(row: Row) -> Attempt {
    let ((id, target_id, number, part, step, started_at), rest) = row;
    let (ended_at, outcome, http_status, error_code, message, next_attempt_at) = rest;
    Attempt {
        id: AttemptId(id),
        target_id: TargetId(target_id),
        number,
        part,
        step,
        started_at: time(started_at),
        ended_at: ended_at.map(time),
        outcome,
        http_status,
        error_code,
        message,
        next_attempt_at: next_attempt_at.map(time),
    }
}

statement! {
    ListAttempts {
        project: Uuid as sql::Uuid,
        post: Uuid as sql::Uuid,
        after: Option<Uuid> as Nullable<sql::Uuid>,
        limit: i64 as sql::BigInt,
    } -> (
        (sql::Uuid, sql::Uuid, sql::Integer, sql::SmallInt, sql::Text, SqlStamp),
        (Nullable<SqlStamp>, sql::Text, Nullable<sql::SmallInt>, Nullable<sql::Text>, Nullable<sql::Text>,
         Nullable<SqlStamp>)
    ) {
        "SELECT id, target_id, number, part, step, started_at, ended_at, outcome, http_status, error_code, message, \
           next_attempt_at FROM publish_attempts WHERE project_id = $1 AND post_id = $2 AND ($3 IS NULL OR id > $3) \
         ORDER BY id LIMIT $4"
    }
}
