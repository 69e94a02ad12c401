//! Accepting posts.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    envelope::{self, Subject},
    event::EventType,
    ids::{AccountId, ContainerId, EventId, PostId, ProjectId, TargetId},
    job::{Kind, Queue},
    platform::Platform,
    post::{Container, MediaRef, Part, Post, Role, Target, Warning, roll_up},
    target::{PartStatus, Status},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    lanes::{self, Wake},
    outbox::{self, NewEvent},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt},
    writer::Batch,
};

/// A post that passed every check, with all its ids chosen.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// Its id.
    pub id: PostId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The caller's tag.
    pub external_id: Option<String>,
    /// The caller's unique name.
    pub external_ref: Option<String>,
    /// A hash of what was asked for.
    pub fingerprint: Vec<u8>,
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
    /// W3C `traceparent` of the call.
    pub trace: Option<String>,
    /// The time of the call.
    pub created_at: Timestamp,
    /// Everybody's containers first, then accounts' own.
    pub containers: Vec<NewContainer>,
    /// At least one.
    pub targets: Vec<NewTarget>,
    /// The caller's key for this call.
    pub idempotency: Option<Idempotency>,
}

/// A container of a new post.
#[derive(Debug, Clone)]
pub struct NewContainer {
    /// Its id.
    pub id: ContainerId,
    /// `None`: for every account that has none of its own.
    pub account_id: Option<AccountId>,
    /// From 0.
    pub position: i16,
    /// Text.
    pub content: String,
    /// Files.
    pub media: Vec<MediaRef>,
}

/// One account of a new post.
#[derive(Debug, Clone)]
pub struct NewTarget {
    /// Its id.
    pub id: TargetId,
    /// The account, known to be the project's.
    pub account_id: AccountId,
    /// The account's network.
    pub platform: Platform,
    /// The account's handle, for the answer.
    pub username: String,
    /// The account's owner, for the event.
    pub owner: Option<String>,
    /// The containers its parts are made of, in order.
    pub parts: Vec<ContainerId>,
}

/// The caller's key.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// As given.
    pub key: String,
    /// A hash of method, path and body.
    pub fingerprint: Vec<u8>,
    /// When the key may be used for something else.
    pub expires_at: Timestamp,
}

/// What became of a new post.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "nearly always it is the large one, and there is one a call")]
pub enum Created {
    /// It is accepted; this is the answer.
    Fresh(Post),
    /// The key was used for the very same call: its answer.
    Replayed {
        /// HTTP status.
        status: u16,
        /// The body as it was.
        body: Value,
    },
    /// The key was used for another call.
    KeyReused,
    /// The same post was accepted under this `external_ref` before.
    SameRef(PostId),
    /// Another post has this `external_ref`.
    RefTaken,
}

impl NewPost {
    /// The status its targets begin with.
    fn status(&self) -> Status {
        match self.due {
            None => Status::Draft,
            Some(due) if due > self.created_at => Status::Scheduled,
            Some(_) => Status::Queued,
        }
    }

    /// The post as accepted.
    pub fn view(&self) -> Post {
        let status = self.status();
        let containers: Vec<_> = self
            .containers
            .iter()
            .filter(|container| container.account_id.is_none())
            .map(|container| Container {
                id: container.id,
                role: Role::at(usize::try_from(container.position).unwrap_or_default()),
                content: container.content.clone(),
                media: container.media.clone(),
            })
            .collect();
        Post {
            id: self.id,
            status: roll_up(self.targets.iter().map(|_| (status, false))),
            content: containers[..].first().map(|main| main.content.clone()).unwrap_or_default(),
            containers,
            external_id: self.external_id.clone(),
            external_ref: self.external_ref.clone(),
            scheduled_at: self.scheduled_at,
            published_at: None,
            config: self.config.clone(),
            account_config: self.account_config.clone(),
            max_lateness: self.max_lateness,
            targets: self.targets.iter().map(|target| target.view(status)).collect(),
            warnings: self.warnings.clone(),
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }

    /// Sorted, each once.
    fn owners(&self) -> Vec<String> {
        let mut owners: Vec<_> = self.targets.iter().map(|target| target.owner.clone().unwrap_or_default()).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

impl NewTarget {
    fn view(&self, status: Status) -> Target {
        let part = |container_id: &ContainerId| Part {
            container_id: *container_id,
            status: PartStatus::Pending,
            platform_post_id: None,
            platform_post_url: None,
            error_code: None,
            error_message: None,
        };
        Target {
            id: self.id,
            account_id: self.account_id,
            platform: self.platform,
            username: self.username.clone(),
            status,
            platform_post_id: None,
            platform_post_url: None,
            parts: self.parts.iter().map(part).collect(),
            error_code: None,
            error_message: None,
            attempts: 0,
            next_attempt_at: None,
            published_at: None,
        }
    }
}

pub(crate) struct Create;

impl Batch for Create {
    type Request = NewPost;
    type Answer = Created;
    const ATTEMPT: &'static str = "accept a post";

    fn rows(request: &NewPost) -> usize {
        3 + request.containers.len() + request.targets.iter().map(|target| 2 + target.parts.len()).sum::<usize>()
    }

    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [NewPost],
        seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Created>>> {
        async move {
            let views: Vec<_> = requests.iter().map(NewPost::view).collect();
            let mut answers: Vec<Option<Created>> = vec![None; requests.len()];
            claim_keys(connection, requests, &views, &mut answers, seen).await?;

            let undecided: Vec<_> = (0..requests.len()).filter(|at| answers[*at].is_none()).collect();
            let projects = undecided.iter().map(|at| requests[*at].project_id.0).collect();
            let seqs = wake_accounts(connection, &undecided, requests).await?;
            let trace = undecided.iter().find_map(|at| requests[*at].trace.clone());
            let listeners = outbox::wake_listeners(connection, projects, &[EventType::PostCreated], trace).await?;

            let inserted = insert_posts(connection, &undecided, requests, seen).await?;
            let losers: Vec<_> =
                undecided.iter().copied().filter(|at| !inserted.contains(&requests[*at].id.0)).collect();
            settle_losers(connection, &losers, requests, &mut answers).await?;

            let fresh: Vec<_> = undecided.into_iter().filter(|at| answers[*at].is_none()).collect();
            let posts: Vec<_> = fresh.iter().map(|at| &requests[*at]).collect();
            insert_below(connection, &posts).await?;
            insert_queue(connection, &posts, seqs).await?;
            let events: Vec<_> = fresh.iter().map(|at| created_event(&requests[*at], &views[*at])).collect();
            outbox::record(connection, &events, &listeners).await?;

            Ok(answers.into_iter().zip(views).map(|(answer, view)| answer.unwrap_or(Created::Fresh(view))).collect())
        }
        .boxed()
    }
}

fn created_event(post: &NewPost, view: &Post) -> NewEvent {
    let id = EventId(Uuid::now_v7());
    NewEvent {
        id,
        project_id: post.project_id.0,
        kind: EventType::PostCreated,
        resource_id: post.id.0,
        resource_seq: 1,
        owners: post.owners(),
        body: envelope::body(id, EventType::PostCreated, post.created_at, 1, Subject::Post(view)),
        trace: post.trace.clone(),
        at: post.created_at,
    }
}

statement! {
    /// Takes the keys that are free or expired; the transaction's id comes along.
    ClaimKeys {
        projects: Vec<Uuid> as Array<sql::Uuid>,
        keys: Vec<String> as Array<sql::Text>,
        fingerprints: Vec<Vec<u8>> as Array<sql::Bytea>,
        bodies: Vec<Value> as Array<sql::Jsonb>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
    } -> (sql::Uuid, sql::Text, sql::Text) {
        "INSERT INTO idempotency_keys (project_id, key, fingerprint, status, body, expires_at) \
         SELECT DISTINCT ON (p, k) p, k, f, 201, b, e FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY \
           AS u(p, k, f, b, e, n) ORDER BY p, k, n \
         ON CONFLICT (project_id, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, \
           body = EXCLUDED.body, created_at = now(), expires_at = EXCLUDED.expires_at \
           WHERE idempotency_keys.expires_at <= now() \
         RETURNING project_id, key, pg_current_xact_id()::text"
    }
}

statement! {
    FindKeys { projects: Vec<Uuid> as Array<sql::Uuid>, keys: Vec<String> as Array<sql::Text> }
        -> (sql::Uuid, sql::Text, sql::Bytea, sql::SmallInt, sql::Jsonb) {
        "SELECT i.project_id, i.key, i.fingerprint, i.status, i.body FROM idempotency_keys i \
         JOIN unnest($1, $2) AS u(p, k) ON i.project_id = u.p AND i.key = u.k"
    }
}

/// Answers the requests whose key was used before; also the second of two in this very batch.
async fn claim_keys(
    connection: &mut AsyncPgConnection,
    requests: &[NewPost],
    views: &[Post],
    answers: &mut [Option<Created>],
    seen: &mut Option<String>,
) -> QueryResult<()> {
    let keyed: Vec<_> = requests
        .iter()
        .enumerate()
        .filter_map(|(at, request)| Some((at, request, request.idempotency.as_ref()?)))
        .collect();
    if keyed.is_empty() {
        return Ok(());
    }
    let bodies: Result<Vec<_>, _> = keyed.iter().map(|(at, ..)| serde_json::to_value(&views[*at])).collect();
    let claimed: Vec<(Uuid, String, String)> = ClaimKeys {
        projects: keyed.iter().map(|(_, request, _)| request.project_id.0).collect(),
        keys: keyed.iter().map(|(.., idempotency)| idempotency.key.clone()).collect(),
        fingerprints: keyed.iter().map(|(.., idempotency)| idempotency.fingerprint.clone()).collect(),
        bodies: bodies.map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?,
        expiries: keyed.iter().map(|(.., idempotency)| stamp(idempotency.expires_at)).collect(),
    }
    .load(connection)
    .await?;
    *seen = claimed.iter().map(|row| row.2.clone()).next();
    let mut free: HashSet<_> = claimed.into_iter().map(|(project, key, _)| (project, key)).collect();
    let taken: Vec<_> = keyed
        .into_iter()
        .filter(|(_, request, idempotency)| !free.remove(&(request.project_id.0, idempotency.key.clone())))
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Uuid, String, Vec<u8>, i16, Value)> = FindKeys {
        projects: taken.iter().map(|(_, request, _)| request.project_id.0).collect(),
        keys: taken.iter().map(|(.., idempotency)| idempotency.key.clone()).collect(),
    }
    .load(connection)
    .await?;
    let found: HashMap<_, _> =
        rows.into_iter().map(|(p, key, print, status, body)| ((p, key), (print, status, body))).collect();
    for (at, request, idempotency) in taken {
        let row = found.get(&(request.project_id.0, idempotency.key.clone()));
        answers[at] = Some(match row {
            Some((print, status, body)) if *print == idempotency.fingerprint => {
                Created::Replayed { status: u16::try_from(*status).unwrap_or(201), body: body.clone() }
            }
            _ => Created::KeyReused,
        });
    }
    Ok(())
}

/// Wakes the accounts' lanes and returns the first sequence number dealt to each.
async fn wake_accounts(
    connection: &mut AsyncPgConnection,
    undecided: &[usize],
    requests: &[NewPost],
) -> QueryResult<HashMap<Uuid, i64>> {
    let mut wakes = Vec::new();
    let mut counts: HashMap<Uuid, i64> = HashMap::new();
    for request in undecided.iter().map(|at| &requests[*at]) {
        let Some(due) = request.due else { continue };
        for target in &request.targets {
            *counts.entry(target.account_id.0).or_default() += 1;
            wakes.push(Wake {
                kind: Kind::Publish,
                key: target.account_id.0,
                project_id: request.project_id.0,
                queue: Queue::Publish(target.platform),
                at: due,
                items: 1,
                trace: request.trace.clone(),
            });
        }
    }
    let rows = lanes::wake(connection, &wakes).await?;
    Ok(rows.into_iter().map(|(_, key, last)| (key, last - counts.get(&key).copied().unwrap_or_default() + 1)).collect())
}

statement! {
    InsertPosts {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        external_ids: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        refs: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        fingerprints: Vec<Vec<u8>> as Array<sql::Bytea>,
        scheduled: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        configs: Vec<Value> as Array<sql::Jsonb>,
        account_configs: Vec<Value> as Array<sql::Jsonb>,
        warnings: Vec<Value> as Array<sql::Jsonb>,
        lateness: Vec<i64> as Array<sql::BigInt>,
        traces: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        created: Vec<Stamp> as Array<SqlStamp>,
    } -> (sql::Uuid, sql::Text) {
        "INSERT INTO posts (id, project_id, external_id, external_ref, fingerprint, scheduled_at, config, account_config, \
           warnings, max_lateness_seconds, trace, created_at, updated_at) \
         SELECT i, p, x, r, f, s, c, a, w, l, t, m, m FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
           AS u(i, p, x, r, f, s, c, a, w, l, t, m) ORDER BY i \
         ON CONFLICT (project_id, external_ref) DO NOTHING RETURNING id, pg_current_xact_id()::text"
    }
}

async fn insert_posts(
    connection: &mut AsyncPgConnection,
    undecided: &[usize],
    requests: &[NewPost],
    seen: &mut Option<String>,
) -> QueryResult<HashSet<Uuid>> {
    let posts: Vec<&NewPost> = undecided.iter().map(|at| &requests[*at]).collect();
    let json = |value: serde_json::Result<Value>| value.unwrap_or(Value::Array(Vec::new()));
    let rows: Vec<(Uuid, String)> = InsertPosts {
        ids: posts.iter().map(|post| post.id.0).collect(),
        projects: posts.iter().map(|post| post.project_id.0).collect(),
        external_ids: posts.iter().map(|post| post.external_id.clone()).collect(),
        refs: posts.iter().map(|post| post.external_ref.clone()).collect(),
        fingerprints: posts.iter().map(|post| post.fingerprint.clone()).collect(),
        scheduled: posts.iter().map(|post| stamp_opt(post.scheduled_at)).collect(),
        configs: posts.iter().map(|post| post.config.clone()).collect(),
        account_configs: posts.iter().map(|post| post.account_config.clone()).collect(),
        warnings: posts.iter().map(|post| json(serde_json::to_value(&post.warnings))).collect(),
        lateness: posts.iter().map(|post| post.max_lateness.as_secs()).collect(),
        traces: posts.iter().map(|post| post.trace.clone()).collect(),
        created: posts.iter().map(|post| stamp(post.created_at)).collect(),
    }
    .load(connection)
    .await?;
    if seen.is_none() {
        *seen = rows.iter().map(|row| row.1.clone()).next();
    }
    Ok(rows.into_iter().map(|row| row.0).collect())
}

statement! {
    FindRefs { projects: Vec<Uuid> as Array<sql::Uuid>, refs: Vec<String> as Array<sql::Text> }
        -> (sql::Uuid, sql::Text, sql::Uuid, sql::Bytea) {
        "SELECT p.project_id, p.external_ref, p.id, p.fingerprint FROM posts p \
         JOIN unnest($1, $2) AS u(p, r) ON p.project_id = u.p AND p.external_ref = u.r"
    }
}

statement! {
    /// A key must not remember an answer that was never given.
    ForgetKeys { projects: Vec<Uuid> as Array<sql::Uuid>, keys: Vec<String> as Array<sql::Text> } {
        "DELETE FROM idempotency_keys i USING unnest($1, $2) AS u(p, k) WHERE i.project_id = u.p AND i.key = u.k"
    }
}

/// Answers the requests whose `external_ref` was there already.
async fn settle_losers(
    connection: &mut AsyncPgConnection,
    losers: &[usize],
    requests: &[NewPost],
    answers: &mut [Option<Created>],
) -> QueryResult<()> {
    if losers.is_empty() {
        return Ok(());
    }
    let posts: Vec<&NewPost> = losers.iter().map(|at| &requests[*at]).collect();
    let rows: Vec<(Uuid, String, Uuid, Vec<u8>)> = FindRefs {
        projects: posts.iter().map(|post| post.project_id.0).collect(),
        refs: posts.iter().map(|post| post.external_ref.clone().unwrap_or_default()).collect(),
    }
    .load(connection)
    .await?;
    let found: HashMap<_, _> = rows.into_iter().map(|(p, name, id, print)| ((p, name), (id, print))).collect();
    for at in losers {
        let post = &requests[*at];
        let holder = found.get(&(post.project_id.0, post.external_ref.clone().unwrap_or_default()));
        answers[*at] = Some(match holder {
            Some((id, print)) if *print == post.fingerprint => Created::SameRef(PostId(*id)),
            _ => Created::RefTaken,
        });
    }
    // Who came with the same key in this very batch was promised a post that is not made after all.
    for at in losers {
        let Some(mine) = &requests[*at].idempotency else { continue };
        let settled = answers[*at].clone();
        for (other, answer) in requests.iter().zip(answers.iter_mut()) {
            let is_same = other.project_id == requests[*at].project_id
                && other.idempotency.as_ref().is_some_and(|other| other.key == mine.key);
            if is_same && matches!(answer, Some(Created::Replayed { .. })) {
                answer.clone_from(&settled);
            }
        }
    }
    let keyed: Vec<_> =
        posts.iter().filter_map(|post| Some((post.project_id.0, post.idempotency.as_ref()?.key.clone()))).collect();
    let (projects, keys) = keyed.into_iter().unzip();
    ForgetKeys { projects, keys }.execute(connection).await?;
    Ok(())
}

statement! {
    InsertContainers {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        posts: Vec<Uuid> as Array<sql::Uuid>,
        accounts: Vec<Option<Uuid>> as Array<Nullable<sql::Uuid>>,
        positions: Vec<i16> as Array<sql::SmallInt>,
        contents: Vec<String> as Array<sql::Text>,
        media: Vec<Value> as Array<sql::Jsonb>,
    } {
        "INSERT INTO post_containers (id, post_id, account_id, position, content, media) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"
    }
}

statement! {
    InsertProgress { posts: Vec<Uuid> as Array<sql::Uuid>, open: Vec<i32> as Array<sql::Integer> } {
        "INSERT INTO post_progress (post_id, n_open, event_seq) SELECT p, n, 1 FROM unnest($1, $2) AS u(p, n) ORDER BY p"
    }
}

statement! {
    InsertTargets {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        projects: Vec<Uuid> as Array<sql::Uuid>,
        posts: Vec<Uuid> as Array<sql::Uuid>,
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        platforms: Vec<String> as Array<sql::Text>,
        states: Vec<String> as Array<sql::Text>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
        created: Vec<Stamp> as Array<SqlStamp>,
    } {
        "INSERT INTO post_targets (id, project_id, post_id, account_id, platform, state, expire_at, updated_at) \
         SELECT i, p, o, a, n, s, e, c FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(i, p, o, a, n, s, e, c) ORDER BY i"
    }
}

statement! {
    InsertParts {
        targets: Vec<Uuid> as Array<sql::Uuid>,
        positions: Vec<i16> as Array<sql::SmallInt>,
        containers: Vec<Uuid> as Array<sql::Uuid>,
    } {
        "INSERT INTO target_parts (target_id, position, container_id) \
         SELECT t, p, c FROM unnest($1, $2, $3) AS u(t, p, c) ORDER BY t, p"
    }
}

/// Everything that hangs below the posts, but the queue.
async fn insert_below(connection: &mut AsyncPgConnection, posts: &[&NewPost]) -> QueryResult<()> {
    if posts.is_empty() {
        return Ok(());
    }
    InsertProgress {
        posts: posts.iter().map(|post| post.id.0).collect(),
        open: posts.iter().map(|post| i32::try_from(post.targets.len()).unwrap_or(i32::MAX)).collect(),
    }
    .execute(connection)
    .await?;
    let mut containers = Vec::new();
    let mut targets = Vec::new();
    for post in posts {
        containers.extend(post.containers.iter().map(|container| (post.id, container)));
        targets.extend(post.targets.iter().map(|target| (*post, target)));
    }
    insert_containers(connection, containers).await?;
    InsertTargets {
        ids: targets.iter().map(|(_, target)| target.id.0).collect(),
        projects: targets.iter().map(|(post, _)| post.project_id.0).collect(),
        posts: targets.iter().map(|(post, _)| post.id.0).collect(),
        accounts: targets.iter().map(|(_, target)| target.account_id.0).collect(),
        platforms: targets.iter().map(|(_, target)| target.platform.name().to_owned()).collect(),
        states: targets.iter().map(|(post, _)| post.status().word().to_owned()).collect(),
        expiries: targets
            .iter()
            .map(|(post, _)| stamp(post.due.unwrap_or(post.created_at) + post.max_lateness))
            .collect(),
        created: targets.iter().map(|(post, _)| stamp(post.created_at)).collect(),
    }
    .execute(connection)
    .await?;
    let parts = targets.iter().map(|(_, target)| (target.id, target.parts.as_slice())).collect();
    insert_parts(connection, parts).await
}

/// Containers of posts that are there.
pub(super) async fn insert_containers(
    connection: &mut AsyncPgConnection,
    rows: Vec<(PostId, &NewContainer)>,
) -> QueryResult<()> {
    let json = |media: &[MediaRef]| serde_json::to_value(media).unwrap_or(Value::Array(Vec::new()));
    InsertContainers {
        ids: rows.iter().map(|(_, container)| container.id.0).collect(),
        posts: rows.iter().map(|(post, _)| post.0).collect(),
        accounts: rows.iter().map(|(_, container)| container.account_id.map(|id| id.0)).collect(),
        positions: rows.iter().map(|(_, container)| container.position).collect(),
        contents: rows.iter().map(|(_, container)| container.content.clone()).collect(),
        media: rows.iter().map(|(_, container)| json(&container.media)).collect(),
    }
    .execute(connection)
    .await?;
    Ok(())
}

/// Parts of targets that are there.
pub(super) async fn insert_parts(
    connection: &mut AsyncPgConnection,
    targets: Vec<(TargetId, &[ContainerId])>,
) -> QueryResult<()> {
    let rows: Vec<_> = targets
        .into_iter()
        .flat_map(|(target, parts)| {
            (0i16..).zip(parts).map(move |(position, container)| (target.0, position, container.0))
        })
        .collect();
    InsertParts {
        targets: rows.iter().map(|row| row.0).collect(),
        positions: rows.iter().map(|row| row.1).collect(),
        containers: rows.iter().map(|row| row.2).collect(),
    }
    .execute(connection)
    .await?;
    Ok(())
}

statement! {
    InsertQueue {
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        due: Vec<Stamp> as Array<SqlStamp>,
        seqs: Vec<i64> as Array<sql::BigInt>,
        targets: Vec<Uuid> as Array<sql::Uuid>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
    } {
        "INSERT INTO publish_queue (account_id, due_at, seq, first_due_at, subject_id, expire_at) \
         SELECT a, d, s, d, t, e FROM unnest($1, $2, $3, $4, $5) AS u(a, d, s, t, e) ORDER BY a, d, s"
    }
}

/// One item in the queue.
pub(super) struct NewItem {
    pub(super) account: Uuid,
    pub(super) due: Timestamp,
    pub(super) seq: i64,
    pub(super) target: Uuid,
    pub(super) expire_at: Timestamp,
}

/// Items of lanes that were woken for them.
pub(super) async fn insert_items(connection: &mut AsyncPgConnection, items: &[NewItem]) -> QueryResult<()> {
    if items.is_empty() {
        return Ok(());
    }
    InsertQueue {
        accounts: items.iter().map(|item| item.account).collect(),
        due: items.iter().map(|item| stamp(item.due)).collect(),
        seqs: items.iter().map(|item| item.seq).collect(),
        targets: items.iter().map(|item| item.target).collect(),
        expiries: items.iter().map(|item| stamp(item.expire_at)).collect(),
    }
    .execute(connection)
    .await?;
    Ok(())
}

/// Deals each account's sequence numbers in the order of the requests.
async fn insert_queue(
    connection: &mut AsyncPgConnection,
    posts: &[&NewPost],
    mut next: HashMap<Uuid, i64>,
) -> QueryResult<()> {
    let mut items = Vec::new();
    for post in posts {
        let Some(due) = post.due else { continue };
        for target in &post.targets {
            let Some(seq) = next.get_mut(&target.account_id.0) else { continue };
            items.push(NewItem {
                account: target.account_id.0,
                due,
                seq: *seq,
                target: target.id.0,
                expire_at: due + post.max_lateness,
            });
            *seq += 1;
        }
    }
    insert_items(connection, &items).await
}
