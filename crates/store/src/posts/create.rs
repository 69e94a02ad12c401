//! Accepting posts.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    envelope::{self, Subject},
    event::EventType,
    ids::{EventId, PostId},
    job::{Kind, Queue},
    post::Post,
};
use futures::{FutureExt, future::BoxFuture, try_join};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Created, NewPost,
    rows::{insert_below, insert_queue},
};
use crate::{
    lanes::{self, Wake},
    outbox::{self, NewEvent},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt},
    writer::Batch,
};

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
            let events: Vec<_> = fresh.iter().map(|at| created_event(&requests[*at], &views[*at])).collect();
            // None needs the answer of another: they go to the database together, which runs them one by one.
            try_join!(
                insert_below(connection, &posts),
                insert_queue(connection, &posts, seqs),
                outbox::record(connection, &events, &listeners),
            )?;

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
