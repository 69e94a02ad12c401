//! What a caller may do to a post that is there: edit, move, publish, cancel, retry, resolve, hide.
//!
//! One transaction, in the lock order: the lanes of the post's accounts first, which keeps every holder out, then the
//! post, then what hangs below. What each target may do is the status machine's decision.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use domain::{
    event::EventType,
    ids::{PostId, ProjectId, TargetId},
    job::{Kind, Queue},
    policy::{OnAuthFailure, OnUnconfirmed},
    post::{Post, PostStatus},
    target::{Live, Status},
    transition::{self, Event, Misfit, Next, Resolution, Rules, Target},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{Edit, Posts, view::load};
use crate::{
    StoreError,
    error::is_contention,
    lanes::{self, Wake},
    outbox,
    statement::statement,
    targets::{Item, Move, StoredTarget, TOLD, apply, post_event, stored_targets},
    types::{Nullable, SqlStamp, Stamp, sql},
};

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Change {
    /// Replaces what a draft or scheduled post says, to whom and when.
    Edit(Box<Edit>),
    /// Sends a draft, or a scheduled post now.
    Publish,
    /// Cancels everything that has not gone out.
    Cancel,
    /// Cancels one target.
    CancelTarget(TargetId),
    /// Sends the missing parts of a failed or partial target again.
    Retry(TargetId),
    /// Says what became of an unconfirmed target.
    Resolve(TargetId, Verdict),
    /// Takes a draft away, or hides a settled post from lists.
    Remove,
}

/// The caller's word on an unconfirmed target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is live.
    Published {
        /// Under this id.
        platform_post_id: Option<String>,
    },
    /// Send it again.
    Retry,
    /// It is not live.
    Failed,
}

/// What became of a change.
#[derive(Debug, Clone)]
pub enum Changed {
    /// It is done; the post as it is now.
    Done(Box<Post>),
    /// It is done, and the post is out of sight.
    Removed,
    /// There is no such post or target.
    NotFound,
    /// A target is being sent: the intent is the point of no return.
    AlreadyPublishing,
    /// The post's status does not allow it.
    Conflict(String),
    /// Another post has this `external_ref`.
    RefTaken,
}

impl Posts {
    /// Changes a post.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is changed then.
    pub async fn change(&self, project: ProjectId, id: PostId, change: Change) -> Result<Changed, StoreError> {
        let mut connection = self.database.connection().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            match transact(&mut connection, project, id, &change).await {
                Err(error)
                    if tries < 4 && (error == diesel::result::Error::RollbackTransaction || is_contention(&error)) => {}
                Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
                    return Ok(Changed::RefTaken);
                }
                other => {
                    self.database.doorbell().ring();
                    return other.map_err(StoreError::from_diesel("change a post"));
                }
            }
        }
    }
}

async fn transact(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    id: PostId,
    change: &Change,
) -> QueryResult<Changed> {
    AnsiTransactionManager::begin_transaction(connection).await?;
    let changed = carry_out(connection, project, id, change).await;
    match &changed {
        Ok(Changed::Done(_) | Changed::Removed) => AnsiTransactionManager::commit_transaction(connection).await?,
        Ok(_) | Err(_) => AnsiTransactionManager::rollback_transaction(connection).await?,
    }
    changed
}

statement! {
    /// Keeps every holder of one of these lanes, and every other change of the post, out until the end.
    LockLanes { post: Uuid as sql::Uuid, kind: i16 as sql::SmallInt } -> (sql::Uuid,) {
        "SELECT j.key FROM jobs j WHERE j.kind = $2 AND j.key IN (SELECT account_id FROM post_targets WHERE post_id = $1) \
         ORDER BY j.kind, j.key FOR NO KEY UPDATE"
    }
}

statement! {
    LockPost { id: Uuid as sql::Uuid, project: Uuid as sql::Uuid }
        -> (sql::BigInt, sql::Text, sql::Text, SqlStamp, Nullable<SqlStamp>, Nullable<sql::Text>) {
        "SELECT p.max_lateness_seconds, o.on_unconfirmed, o.on_auth_failure, clock_timestamp(), p.hidden_at, p.trace \
         FROM posts p JOIN projects o ON o.id = p.project_id WHERE p.id = $1 AND p.project_id = $2 FOR NO KEY UPDATE OF p"
    }
}

type LockedRow = (i64, String, String, Stamp, Option<Stamp>, Option<String>);

/// What the transaction knows of the post once it is locked.
pub(super) struct Locked {
    pub(super) project: ProjectId,
    pub(super) id: PostId,
    pub(super) max_lateness: SignedDuration,
    pub(super) rules: Rules,
    pub(super) now: Timestamp,
    pub(super) trace: Option<String>,
    pub(super) targets: Vec<StoredTarget>,
}

async fn carry_out(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    id: PostId,
    change: &Change,
) -> QueryResult<Changed> {
    let _lanes: Vec<(Uuid,)> = LockLanes { post: id.0, kind: Kind::Publish.number() }.load(connection).await?;
    let rows: Vec<LockedRow> = LockPost { id: id.0, project: project.0 }.load(connection).await?;
    let Some((lateness, on_unconfirmed, on_auth_failure, now, None, trace)) = rows.into_iter().next() else {
        return Ok(Changed::NotFound);
    };
    let locked = Locked {
        project,
        id,
        max_lateness: SignedDuration::from_secs(lateness),
        rules: Rules {
            on_unconfirmed: on_unconfirmed.parse().unwrap_or(OnUnconfirmed::Hold),
            on_auth_failure: on_auth_failure.parse().unwrap_or(OnAuthFailure::Hold),
            can_refresh: false,
            grace: SignedDuration::ZERO,
            jitter: 0.0,
        },
        now: now.to_jiff(),
        trace,
        targets: stored_targets(connection, id.0).await?,
    };
    match change {
        Change::Edit(edit) => locked.edit(connection, edit).await,
        Change::Publish => {
            if !locked.all(&[Status::Draft, Status::Scheduled]) {
                return Ok(Changed::Conflict("only a draft or a scheduled post can be published".to_owned()));
            }
            ForgetSchedule { id: id.0 }.execute(connection).await?;
            let expire_at = locked.now + locked.max_lateness;
            locked.decide(connection, |_| Some(Event::Send { expire_at })).await
        }
        Change::Cancel => {
            if locked.targets.iter().any(|target| being_sent(&target.state)) {
                return Ok(Changed::AlreadyPublishing);
            }
            let open = |target: &StoredTarget| target.state.status.is_open().then_some(Event::Cancel);
            locked.decide(connection, open).await
        }
        Change::CancelTarget(wanted) => locked.one(connection, *wanted, Event::Cancel).await,
        Change::Retry(wanted) => {
            let expire_at = locked.now + locked.max_lateness;
            match locked.find(*wanted).map(|target| target.state.status) {
                None => Ok(Changed::NotFound),
                Some(Status::Failed | Status::Partial) => {
                    locked.one(connection, *wanted, Event::Send { expire_at }).await
                }
                Some(status) => Ok(Changed::Conflict(format!("a target that is `{status}` cannot be retried"))),
            }
        }
        Change::Resolve(wanted, verdict) => {
            let resolution = locked.resolution(verdict);
            locked.one(connection, *wanted, Event::Resolve(resolution)).await
        }
        Change::Remove => locked.remove(connection).await,
    }
}

pub(super) fn being_sent(target: &Target) -> bool {
    target.status == Status::Publishing || target.is_probing()
}

statement! {
    ForgetSchedule { id: Uuid as sql::Uuid } {
        "UPDATE posts SET scheduled_at = NULL, updated_at = clock_timestamp() WHERE id = $1"
    }
}

impl Locked {
    fn find(&self, id: TargetId) -> Option<&StoredTarget> {
        self.targets.iter().find(|target| target.id == id)
    }

    pub(super) fn all(&self, wanted: &[Status]) -> bool {
        self.targets.iter().all(|target| wanted.contains(&target.state.status))
    }

    fn resolution(&self, verdict: &Verdict) -> Resolution {
        match verdict {
            Verdict::Published { platform_post_id } => {
                Resolution::Published(platform_post_id.clone().map(|id| Live { id, url: None, reference: Value::Null }))
            }
            Verdict::Retry => Resolution::Retry { expire_at: self.now + self.max_lateness },
            Verdict::Failed => Resolution::Failed,
        }
    }

    async fn one(&self, connection: &mut AsyncPgConnection, wanted: TargetId, event: Event) -> QueryResult<Changed> {
        if self.find(wanted).is_none() {
            return Ok(Changed::NotFound);
        }
        self.decide(connection, |target| (target.id == wanted).then(|| event.clone())).await
    }

    /// Lets the status machine decide about some targets and writes all of it, or nothing.
    async fn decide(
        &self,
        connection: &mut AsyncPgConnection,
        event: impl Fn(&StoredTarget) -> Option<Event> + Send,
    ) -> QueryResult<Changed> {
        let mut decided = Vec::new();
        for target in &self.targets {
            let Some(event) = event(target) else { continue };
            match transition::decide(&target.state, &event, &self.rules, self.now) {
                Ok(decision) => decided.push((target, decision)),
                Err(Misfit::BeingSent) => return Ok(Changed::AlreadyPublishing),
                Err(Misfit::State(status)) => {
                    return Ok(Changed::Conflict(format!("a target that is `{status}` does not allow this")));
                }
                Err(Misfit::Part) => {
                    return Ok(Changed::Conflict("no part of the target is open to this".to_owned()));
                }
            }
        }
        if decided.is_empty() {
            return Ok(Changed::Conflict("nothing of the post is open to this".to_owned()));
        }
        let due: Vec<_> = decided.iter().map(|(target, decision)| (*target, due_of(decision.next))).collect();
        let seqs = self.wake(connection, &due).await?;
        let listeners = self.listeners(connection).await?;
        let moves: Vec<_> = decided
            .into_iter()
            .map(|(target, decision)| Move {
                project_id: self.project.0,
                post_id: self.id.0,
                target_id: target.id.0,
                rev: target.rev,
                before: target.state.clone(),
                item: item_of(decision.next, target, &seqs),
                after: decision.target,
                bump_rev: true,
                because_inactive: false,
                attempt: None,
            })
            .collect();
        let recorded = apply(connection, &moves, &listeners, self.now).await?;
        if recorded.targets.len() < moves.len() {
            // A lane that was made after the locks were taken has moved one of them: read all of it again.
            return Err(diesel::result::Error::RollbackTransaction);
        }
        self.view(connection).await
    }

    /// Wakes the lanes of targets that are due again, and returns the number dealt to each lane's item.
    async fn wake(
        &self,
        connection: &mut AsyncPgConnection,
        due: &[(&StoredTarget, Option<Timestamp>)],
    ) -> QueryResult<HashMap<Uuid, i64>> {
        let wakes: Vec<_> = due
            .iter()
            .filter_map(|(target, at)| {
                Some(Wake {
                    kind: Kind::Publish,
                    key: target.account_id,
                    project_id: self.project.0,
                    queue: Queue::Publish(target.platform),
                    at: (*at)?,
                    items: 1,
                    trace: self.trace.clone(),
                })
            })
            .collect();
        Ok(lanes::wake(connection, &wakes).await?.into_iter().map(|(_, key, seq)| (key, seq)).collect())
    }

    pub(super) async fn listeners(&self, connection: &mut AsyncPgConnection) -> QueryResult<Vec<outbox::Listener>> {
        let mut kinds = TOLD.to_vec();
        kinds.push(EventType::PostUpdated);
        outbox::wake_listeners(connection, vec![self.project.0], &kinds, self.trace.clone()).await
    }

    async fn view(&self, connection: &mut AsyncPgConnection) -> QueryResult<Changed> {
        let loaded = load(connection, vec![self.id.0]).await?;
        Ok(loaded.into_iter().next().map_or(Changed::NotFound, |loaded| Changed::Done(Box::new(loaded.post))))
    }

    async fn remove(&self, connection: &mut AsyncPgConnection) -> QueryResult<Changed> {
        let listeners = self.listeners(connection).await?;
        let Some(loaded) = load(connection, vec![self.id.0]).await?.into_iter().next() else {
            return Ok(Changed::NotFound);
        };
        let is_draft = loaded.post.status == PostStatus::Draft;
        let is_open = self.targets.iter().any(|target| target.state.status.is_open() || target.state.is_probing());
        if is_open && !is_draft {
            return Ok(Changed::Conflict("the post is not settled".to_owned()));
        }
        let seq = next_event(connection, self.id.0).await?;
        if is_draft {
            DeletePost { id: self.id.0 }.execute(connection).await?;
        } else {
            HidePost { id: self.id.0 }.execute(connection).await?;
        }
        let event = post_event(&loaded, EventType::PostDeleted, seq, self.now);
        outbox::record(connection, &[event], &listeners).await?;
        Ok(Changed::Removed)
    }
}

fn due_of(next: Next) -> Option<Timestamp> {
    match next {
        Next::At(at) => Some(at),
        Next::Settled | Next::Now => None,
    }
}

fn item_of(next: Next, target: &StoredTarget, seqs: &HashMap<Uuid, i64>) -> Item {
    match next {
        Next::At(due) => Item::New {
            account_id: target.account_id,
            due,
            seq: seqs.get(&target.account_id).copied().unwrap_or_default(),
        },
        Next::Settled => Item::Delete,
        Next::Now => Item::Keep,
    }
}

statement! {
    NextEvent { id: Uuid as sql::Uuid } -> (sql::BigInt,) {
        "UPDATE post_progress SET event_seq = event_seq + 1 WHERE post_id = $1 RETURNING event_seq"
    }
}

pub(super) async fn next_event(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<i64> {
    let (seq,): (i64,) = NextEvent { id }.get_result(connection).await?;
    Ok(seq)
}

statement! {
    DeletePost { id: Uuid as sql::Uuid } { "DELETE FROM posts WHERE id = $1" }
}

statement! {
    HidePost { id: Uuid as sql::Uuid } {
        "UPDATE posts SET hidden_at = clock_timestamp(), updated_at = clock_timestamp() WHERE id = $1"
    }
}
