//! Editing a draft or a scheduled post: what it says, to whom and when.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    event::EventType,
    ids::{ContainerId, TargetId},
    job::{Kind, Queue},
    post::Warning,
    target::Status,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{
    NewContainer, NewTarget,
    change::{Changed, Locked, being_sent, next_event},
    rows::{NewItem, insert_containers, insert_items, insert_parts},
    view::load,
};
use crate::{
    lanes::{self, Wake},
    outbox,
    statement::statement,
    targets::{StoredTarget, post_event},
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt},
};

/// A post as it is to be from now on; ids of what is new are chosen. What it was first asked for with stays: the same
/// call under the same `external_ref` is still the same call.
#[derive(Debug, Clone)]
pub struct Edit {
    /// When the post it was made from had last been changed: an edit never undoes another that it has not seen.
    pub base: Timestamp,
    /// The caller's tag.
    pub external_id: Option<String>,
    /// The caller's unique name.
    pub external_ref: Option<String>,
    /// As asked for.
    pub scheduled_at: Option<Timestamp>,
    /// When it is due; `None` for a draft.
    pub due: Option<Timestamp>,
    /// Options by network.
    pub config: Value,
    /// Text, containers and options by account.
    pub account_config: Value,
    /// Hints for the caller.
    pub warnings: Vec<Warning>,
    /// How late it may go out.
    pub max_lateness: SignedDuration,
    /// All of them anew.
    pub containers: Vec<NewContainer>,
    /// All of them; one whose account is there already keeps its id.
    pub targets: Vec<NewTarget>,
}

impl Locked {
    pub(super) async fn edit(&self, connection: &mut AsyncPgConnection, edit: &Edit) -> QueryResult<Changed> {
        if !self.all(&[Status::Draft, Status::Scheduled]) {
            return Ok(match self.targets.iter().any(|target| being_sent(&target.state)) {
                true => Changed::AlreadyPublishing,
                false => Changed::Conflict("only a draft or a scheduled post can be edited".to_owned()),
            });
        }
        let before = load(connection, vec![self.id.0]).await?;
        if before.iter().any(|loaded| loaded.post.updated_at != edit.base) {
            return Ok(Changed::Conflict("the post was changed meanwhile; read it and edit it again".to_owned()));
        }
        let kept: HashMap<_, _> = self.targets.iter().map(|target| (target.account_id, target)).collect();
        let wakes: Vec<_> = edit
            .targets
            .iter()
            .filter_map(|target| {
                Some(Wake {
                    kind: Kind::Publish,
                    key: target.account_id.0,
                    project_id: self.project.0,
                    queue: Queue::Publish(target.platform),
                    at: edit.due?,
                    items: 1,
                    trace: self.trace.clone(),
                })
            })
            .collect();
        let seqs: HashMap<_, _> =
            lanes::wake(connection, &wakes).await?.into_iter().map(|(_, key, seq)| (key, seq)).collect();
        let listeners = self.listeners(connection).await?;
        write_edit(connection, self, edit).await?;
        rewrite_targets(connection, self, edit, &kept, &seqs).await?;
        let seq = next_event(connection, self.id.0).await?;
        let Some(loaded) = load(connection, vec![self.id.0]).await?.into_iter().next() else {
            return Ok(Changed::NotFound);
        };
        let event = post_event(&loaded, EventType::PostUpdated, seq, self.now);
        outbox::record(connection, &[event], &listeners).await?;
        Ok(Changed::Done(Box::new(loaded.post)))
    }
}

statement! {
    EditPost {
        id: Uuid as sql::Uuid,
        external_id: Option<String> as Nullable<sql::Text>,
        external_ref: Option<String> as Nullable<sql::Text>,
        scheduled: Option<Stamp> as Nullable<SqlStamp>,
        config: Value as sql::Jsonb,
        account_config: Value as sql::Jsonb,
        warnings: Value as sql::Jsonb,
        lateness: i64 as sql::BigInt,
    } {
        "UPDATE posts SET external_id = $2, external_ref = $3, scheduled_at = $4, config = $5, \
           account_config = $6, warnings = $7, max_lateness_seconds = $8, updated_at = clock_timestamp() WHERE id = $1"
    }
}

statement! {
    /// The parts go with their targets' old containers; items and checkpoints of the old form too.
    ClearBelow { post: Uuid as sql::Uuid, gone: Vec<Uuid> as Array<sql::Uuid> } {
        "WITH items AS (DELETE FROM publish_queue WHERE op = 'publish' AND subject_id IN \
             (SELECT id FROM post_targets WHERE post_id = $1)), \
         parts AS (DELETE FROM target_parts WHERE target_id IN (SELECT id FROM post_targets WHERE post_id = $1)), \
         steps AS (DELETE FROM target_checkpoints WHERE target_id IN (SELECT id FROM post_targets WHERE post_id = $1)), \
         targets AS (DELETE FROM post_targets WHERE post_id = $1 AND account_id = ANY($2)) \
         DELETE FROM post_containers WHERE post_id = $1"
    }
}

async fn write_edit(connection: &mut AsyncPgConnection, locked: &Locked, edit: &Edit) -> QueryResult<()> {
    EditPost {
        id: locked.id.0,
        external_id: edit.external_id.clone(),
        external_ref: edit.external_ref.clone(),
        scheduled: stamp_opt(edit.scheduled_at),
        config: edit.config.clone(),
        account_config: edit.account_config.clone(),
        warnings: serde_json::to_value(&edit.warnings).unwrap_or(Value::Array(Vec::new())),
        lateness: edit.max_lateness.as_secs(),
    }
    .execute(connection)
    .await?;
    let gone = locked
        .targets
        .iter()
        .filter(|target| edit.targets.iter().all(|wanted| wanted.account_id.0 != target.account_id))
        .map(|target| target.account_id)
        .collect();
    ClearBelow { post: locked.id.0, gone }.execute(connection).await?;
    insert_containers(connection, edit.containers.iter().map(|container| (locked.id, container)).collect()).await
}

statement! {
    /// Kept targets move on to the next revision, which makes messages about the old form void; new ones begin.
    UpsertTargets {
        post: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        state: String as sql::Text,
        expire_at: Stamp as SqlStamp,
        ids: Vec<Uuid> as Array<sql::Uuid>,
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        platforms: Vec<String> as Array<sql::Text>,
    } {
        "INSERT INTO post_targets (id, project_id, post_id, account_id, platform, state, expire_at, updated_at) \
         SELECT i, $2, $1, a, p, $3, $4, clock_timestamp() FROM unnest($5, $6, $7) AS u(i, a, p) ORDER BY i \
         ON CONFLICT (post_id, account_id) DO UPDATE SET state = EXCLUDED.state, expire_at = EXCLUDED.expire_at, \
           rev = post_targets.rev + 1, failures = 0, probes = 0, refreshed = false, next_at = NULL, error_code = NULL, \
           error_message = NULL, updated_at = EXCLUDED.updated_at"
    }
}

statement! {
    RecountOpen { post: Uuid as sql::Uuid, open: i32 as sql::Integer } {
        "UPDATE post_progress SET n_open = $2 WHERE post_id = $1"
    }
}

async fn rewrite_targets(
    connection: &mut AsyncPgConnection,
    locked: &Locked,
    edit: &Edit,
    kept: &HashMap<Uuid, &StoredTarget>,
    seqs: &HashMap<Uuid, i64>,
) -> QueryResult<()> {
    let status = match edit.due {
        None => Status::Draft,
        Some(due) if due > locked.now => Status::Scheduled,
        Some(_) => Status::Queued,
    };
    let id_of = |target: &NewTarget| kept.get(&target.account_id.0).map_or(target.id, |kept| kept.id);
    let expire_at = edit.due.unwrap_or(locked.now) + edit.max_lateness;
    RecountOpen { post: locked.id.0, open: i32::try_from(edit.targets.len()).unwrap_or(i32::MAX) }
        .execute(connection)
        .await?;
    UpsertTargets {
        post: locked.id.0,
        project: locked.project.0,
        state: status.word().to_owned(),
        expire_at: Stamp::from(expire_at),
        ids: edit.targets.iter().map(|target| id_of(target).0).collect(),
        accounts: edit.targets.iter().map(|target| target.account_id.0).collect(),
        platforms: edit.targets.iter().map(|target| target.platform.name().to_owned()).collect(),
    }
    .execute(connection)
    .await?;
    let parts: Vec<(TargetId, &[ContainerId])> =
        edit.targets.iter().map(|target| (id_of(target), target.parts.as_slice())).collect();
    insert_parts(connection, parts).await?;
    let Some(due) = edit.due else { return Ok(()) };
    let items: Vec<_> = edit
        .targets
        .iter()
        .map(|target| NewItem {
            account: target.account_id.0,
            due,
            seq: seqs.get(&target.account_id.0).copied().unwrap_or_default(),
            target: id_of(target).0,
            expire_at,
        })
        .collect();
    insert_items(connection, &items).await
}
