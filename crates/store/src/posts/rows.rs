//! The rows of posts: what hangs below a post, and its items in the queue.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{ContainerId, PostId, TargetId},
    post::MediaRef,
};
use futures::try_join;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{NewContainer, NewPost};
use crate::{
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp},
};

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

/// Everything that hangs below the posts, but the queue. The statements are on their way together and run in this order.
pub(super) async fn insert_below(connection: &AsyncPgConnection, posts: &[&NewPost]) -> QueryResult<()> {
    if posts.is_empty() {
        return Ok(());
    }
    let mut containers = Vec::new();
    let mut parts = Vec::new();
    for post in posts {
        containers.extend(post.containers.iter().map(|container| (post.id, container)));
        parts.extend(post.targets.iter().map(|target| (target.id, target.parts.as_slice())));
    }
    try_join!(
        insert_progress(connection, posts),
        insert_containers(connection, containers),
        insert_targets(connection, posts),
        insert_parts(connection, parts),
    )?;
    Ok(())
}

async fn insert_progress(mut connection: &AsyncPgConnection, posts: &[&NewPost]) -> QueryResult<()> {
    let progress = InsertProgress {
        posts: posts.iter().map(|post| post.id.0).collect(),
        open: posts.iter().map(|post| i32::try_from(post.targets.len()).unwrap_or(i32::MAX)).collect(),
    };
    progress.execute(&mut connection).await.map(drop)
}

async fn insert_targets(mut connection: &AsyncPgConnection, posts: &[&NewPost]) -> QueryResult<()> {
    let targets: Vec<_> =
        posts.iter().flat_map(|post| post.targets.iter().map(move |target| (*post, target))).collect();
    let rows = InsertTargets {
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
    };
    rows.execute(&mut connection).await.map(drop)
}

/// Containers of posts that are there.
pub(super) async fn insert_containers(
    mut connection: &AsyncPgConnection,
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
    .execute(&mut connection)
    .await?;
    Ok(())
}

/// Parts of targets that are there.
pub(super) async fn insert_parts(
    mut connection: &AsyncPgConnection,
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
    .execute(&mut connection)
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
pub(super) async fn insert_items(mut connection: &AsyncPgConnection, items: &[NewItem]) -> QueryResult<()> {
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
    .execute(&mut connection)
    .await?;
    Ok(())
}

/// Deals each account's sequence numbers in the order of the requests.
pub(super) async fn insert_queue(
    connection: &AsyncPgConnection,
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
