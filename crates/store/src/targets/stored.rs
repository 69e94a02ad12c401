//! A target as PostgreSQL hands it out, whole and as JSON, and what it is made into.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{PostId, TargetId},
    platform::Platform,
    target::{ErrorCode, Live, PartStatus, Status},
    transition::{Error, Part, Target},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::work::{Checkpoint, PartWork, Work};
use crate::{
    statement::statement,
    types::{sql, word},
};

/// A target with its parts and checkpoints, as [`Stored`] reads it. Expects `post_targets t` and `posts p`.
macro_rules! target_json {
    () => {
        "json_build_object(\
           'target_id', 'tgt_' || replace(t.id::text, '-', ''), 'post_id', 'post_' || replace(p.id::text, '-', ''), \
           'rev', t.rev, 'status', t.state, 'attempt', t.attempt, 'failures', t.failures, 'probes', t.probes, \
           'refreshed', t.refreshed, 'expire_at', t.expire_at, 'next_at', t.next_at, 'error_code', t.error_code, \
           'error_message', t.error_message, 'published_at', t.published_at, 'trace', p.trace, \
           'options', coalesce(p.config -> t.platform, '{}') || coalesce(p.account_config -> \
             ('acc_' || replace(t.account_id::text, '-', '')) -> 'options', '{}'), \
           'parts', (SELECT json_agg(json_build_object('status', r.status, 'attempt', r.attempt, \
               'send_deadline', r.send_deadline, 'handle', r.handle, 'live_id', r.live_id, 'live_url', r.live_url, \
               'live_reference', r.live_reference, 'error_code', r.error_code, 'error_message', r.error_message, \
               'container_id', 'cnt_' || replace(c.id::text, '-', ''), \
               'role', CASE r.position WHEN 0 THEN 'main' WHEN 1 THEN 'first_comment' ELSE 'thread' END, \
               'content', c.content, 'media', c.media, 'sent_at', r.sent_at, 'composed', r.composed) \
               ORDER BY r.position) \
             FROM target_parts r JOIN post_containers c ON c.id = r.container_id WHERE r.target_id = t.id), \
           'checkpoints', (SELECT coalesce(json_agg(json_build_object('position', k.position, 'step', k.step, \
               'rev', k.rev, 'value', k.value, 'created_at', k.created_at)), '[]') FROM target_checkpoints k WHERE k.target_id = t.id))::text"
    };
}
pub(super) use target_json;

#[derive(Deserialize)]
pub(super) struct Stored {
    target_id: TargetId,
    post_id: PostId,
    rev: i32,
    status: Status,
    attempt: i32,
    failures: i32,
    probes: i32,
    refreshed: bool,
    expire_at: Timestamp,
    next_at: Option<Timestamp>,
    error_code: Option<ErrorCode>,
    error_message: Option<String>,
    published_at: Option<Timestamp>,
    trace: Option<String>,
    options: Value,
    parts: Vec<StoredPart>,
    checkpoints: Vec<Checkpoint>,
}

#[derive(Deserialize)]
struct StoredPart {
    status: PartStatus,
    attempt: i32,
    send_deadline: Option<Timestamp>,
    handle: Option<Value>,
    live_id: Option<String>,
    live_url: Option<String>,
    live_reference: Option<Value>,
    error_code: Option<ErrorCode>,
    error_message: Option<String>,
    #[serde(flatten)]
    work: PartWork,
}

impl Stored {
    pub(super) fn work(self, due_at: Timestamp, first_due_at: Timestamp, seq: i64) -> Work {
        let (states, parts) = self.parts.into_iter().map(StoredPart::split).unzip();
        Work {
            target_id: self.target_id,
            post_id: self.post_id,
            rev: self.rev,
            due_at,
            first_due_at,
            seq,
            state: Target {
                status: self.status,
                attempt: self.attempt,
                failures: self.failures,
                probes: self.probes,
                refreshed: self.refreshed,
                expire_at: self.expire_at,
                error: joined(self.error_code, self.error_message),
                next_at: self.next_at,
                published_at: self.published_at,
                parts: states,
            },
            parts,
            options: self.options,
            checkpoints: self.checkpoints,
            trace: self.trace,
        }
    }
}

impl StoredPart {
    fn split(self) -> (Part, PartWork) {
        let live = self.live_id.map(|id| Live {
            id,
            url: self.live_url,
            reference: self.live_reference.unwrap_or(Value::Null),
        });
        let state = Part {
            status: self.status,
            attempt: self.attempt,
            send_deadline: self.send_deadline,
            handle: self.handle,
            live,
            error: joined(self.error_code, self.error_message),
        };
        (state, self.work)
    }
}

pub(super) fn joined(code: Option<ErrorCode>, message: Option<String>) -> Option<Error> {
    code.map(|code| Error { code, message: message.unwrap_or_default() })
}

statement! {
    LoadTargets { post: Uuid as sql::Uuid } -> (sql::Uuid, sql::Text, sql::Text) {
        concat!("SELECT t.account_id, t.platform, ", target_json!(), " \
         FROM post_targets t JOIN posts p ON p.id = t.post_id WHERE t.post_id = $1 ORDER BY t.id")
    }
}

/// A target as the status machine sees it, with what a caller's change of it needs.
pub(crate) struct StoredTarget {
    pub(crate) id: TargetId,
    pub(crate) account_id: Uuid,
    pub(crate) platform: Platform,
    pub(crate) rev: i32,
    pub(crate) state: Target,
}

/// All targets of a post, in the order of their ids.
pub(crate) async fn stored_targets(connection: &mut AsyncPgConnection, post: Uuid) -> QueryResult<Vec<StoredTarget>> {
    let rows: Vec<(Uuid, String, String)> = LoadTargets { post }.load(connection).await?;
    rows.into_iter()
        .map(|(account_id, platform, json)| {
            let work = stored_target(&json)?;
            let platform = word(&platform).map_err(corrupt)?;
            Ok(StoredTarget { id: work.target_id, account_id, platform, rev: work.rev, state: work.state })
        })
        .collect()
}

/// What `target_json!` made of a target that is not looked at as an item of the queue.
pub(super) fn stored_target(json: &str) -> QueryResult<Work> {
    let stored: Stored = serde_json::from_str(json).map_err(corrupt)?;
    Ok(stored.work(Timestamp::default(), Timestamp::default(), 0))
}

pub(super) fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(Box::new(error))
}
