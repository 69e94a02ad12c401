//! Posts as callers see them, read whole, or only those of their targets that there is something to tell of.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{AccountId, ContainerId, PostId, TargetId},
    post::{Container, Part, Post, Target, Warning, roll_up},
    target::Status,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time, word},
};

/// What everything that is told of a post has in common.
pub(crate) struct About {
    pub(crate) post_id: PostId,
    pub(crate) project_id: Uuid,
    /// The owners of the post's accounts; `""` for an account without one.
    pub(crate) owners: Vec<String>,
    pub(crate) trace: Option<String>,
}

/// A post with what only we look at.
pub(crate) struct Loaded {
    pub(crate) about: About,
    pub(crate) post: Post,
    pub(crate) is_hidden: bool,
}

/// Some targets of a post.
pub(crate) struct Glimpse {
    pub(crate) about: About,
    pub(crate) targets: Vec<Target>,
}

/// Reads posts, hidden or not, in the order of their ids.
pub(crate) async fn load(connection: &AsyncPgConnection, ids: Vec<Uuid>) -> QueryResult<Vec<Loaded>> {
    Ok(load_with(connection, ids, Vec::new()).await?.0)
}

/// As [`load`], and of other posts only some targets: telling of one of fifty costs a fiftieth.
pub(crate) async fn load_with(
    mut connection: &AsyncPgConnection,
    whole: Vec<Uuid>,
    targets: Vec<Uuid>,
) -> QueryResult<(Vec<Loaded>, Vec<Glimpse>)> {
    let (mut posts, mut glimpses) = (Vec::new(), Vec::new());
    if whole.is_empty() && targets.is_empty() {
        return Ok((posts, glimpses));
    }
    let mut rows: Vec<TargetRow> = LoadPosts { posts: whole, targets }.load(&mut connection).await?;
    while let Some(post) = rows[..].first().map(|row| row.0.0) {
        let later = rows.split_off(rows.partition_point(|row| row.0.0 <= post));
        let rows = std::mem::replace(&mut rows, later);
        let Some(head) = &rows[0].1 else {
            return Err(corrupt(StoreError::Corrupt("a post without what it says".to_owned())));
        };
        let head: Head = serde_json::from_str(head).map_err(corrupt)?;
        let about =
            About { post_id: PostId(post), project_id: head.project_id, owners: head.owners, trace: head.trace };
        match head.post {
            Some(stored) => posts.push(stored.loaded(about, rows).map_err(corrupt)?),
            None => glimpses.push(Glimpse { about, targets: fold(rows).map_err(corrupt)? }),
        }
    }
    Ok((posts, glimpses))
}

statement! {
    /// A row for each part, the first of each post with the JSON of a [`Head`]: all targets of some posts, and some of
    /// others. One statement, so that nothing changes between the post and its targets.
    LoadPosts { posts: Vec<Uuid> as Array<sql::Uuid>, targets: Vec<Uuid> as Array<sql::Uuid> } -> (
        (sql::Uuid, sql::Uuid, sql::Uuid, sql::Text, sql::Text, Nullable<sql::Text>),
        Nullable<sql::Text>,
        (sql::Text, Nullable<sql::Text>, Nullable<sql::Text>, sql::Integer, Nullable<SqlStamp>, Nullable<SqlStamp>, SqlStamp),
        (sql::Uuid, sql::Text, Nullable<sql::Text>, Nullable<sql::Text>, Nullable<sql::Text>, Nullable<sql::Text>),
    ) {
        "SELECT t.post_id, t.id, t.account_id, t.platform, a.username, a.external_id, \
           CASE WHEN row_number() OVER (PARTITION BY t.post_id ORDER BY t.id, r.position) = 1 THEN \
             json_build_object('project_id', p.project_id, 'trace', p.trace, \
               'owners', CASE WHEN NOT wanted.whole THEN (SELECT json_agg(DISTINCT coalesce(o.external_id, '')) \
                 FROM post_targets s JOIN social_accounts o ON o.id = s.account_id WHERE s.post_id = p.id) ELSE '[]' END, \
               'post', CASE WHEN wanted.whole THEN json_build_object('is_hidden', p.hidden_at IS NOT NULL, \
                 'external_id', p.external_id, 'external_ref', p.external_ref, 'scheduled_at', p.scheduled_at, \
                 'config', p.config, 'account_config', p.account_config, 'warnings', p.warnings, \
                 'max_lateness_seconds', p.max_lateness_seconds, 'created_at', p.created_at, 'updated_at', p.updated_at, \
                 'containers', (SELECT json_agg(json_build_object('id', 'cnt_' || replace(c.id::text, '-', ''), \
                     'role', CASE c.position WHEN 0 THEN 'main' WHEN 1 THEN 'first_comment' ELSE 'thread' END, \
                     'content', c.content, 'media', c.media) ORDER BY c.position) \
                   FROM post_containers c WHERE c.post_id = p.id AND c.account_id IS NULL)) END)::text END, \
           t.state, t.error_code, t.error_message, t.attempt, \
           CASE WHEN t.state IN ('queued', 'unconfirmed') AND t.next_at IS NOT NULL THEN t.next_at \
             WHEN t.state = 'queued' OR t.state = 'scheduled' AND p.scheduled_at <= now() THEN \
               (SELECT max(b.blocked_until) FROM rate_budgets b WHERE b.scope = 'account' \
                  AND b.subject = t.account_id AND b.blocked_until > now()) END, \
           t.published_at, t.updated_at, \
           r.container_id, r.status, r.live_id, r.live_url, r.error_code, r.error_message \
         FROM (SELECT id, true FROM post_targets WHERE post_id = ANY($1) UNION ALL SELECT unnest($2), false) \
           AS wanted(id, whole) \
         JOIN post_targets t ON t.id = wanted.id JOIN posts p ON p.id = t.post_id \
         JOIN social_accounts a ON a.id = t.account_id JOIN target_parts r ON r.target_id = t.id \
         ORDER BY t.post_id, t.id, r.position"
    }
}

type TargetRow = ((Uuid, Uuid, Uuid, String, String, Option<String>), Option<String>, StateRow, PartRow);
type StateRow = (String, Option<String>, Option<String>, i32, Option<Stamp>, Option<Stamp>, Stamp);
type PartRow = (Uuid, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// What [`LoadPosts`] says of a post itself; containers have the shape of the domain's own type.
#[derive(Deserialize)]
struct Head {
    project_id: Uuid,
    trace: Option<String>,
    /// Of a post that is not read whole; of one that is, its targets say it.
    owners: Vec<String>,
    post: Option<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    is_hidden: bool,
    external_id: Option<String>,
    external_ref: Option<String>,
    scheduled_at: Option<Timestamp>,
    config: Value,
    account_config: Value,
    warnings: Vec<Warning>,
    max_lateness_seconds: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    containers: Vec<Container>,
}

impl Stored {
    fn loaded(self, mut about: About, rows: Vec<TargetRow>) -> Result<Loaded, StoreError> {
        about.owners = owners_of(&rows);
        let changed = rows.iter().map(|row| time(row.2.6)).max();
        let targets = fold(rows)?;
        let status =
            roll_up(targets.iter().map(|target| {
                (target.status, target.status == Status::Unconfirmed && target.next_attempt_at.is_some())
            }));
        let post = Post {
            id: about.post_id,
            status,
            content: self.containers[..].first().map(|main| main.content.clone()).unwrap_or_default(),
            containers: self.containers,
            external_id: self.external_id,
            external_ref: self.external_ref,
            scheduled_at: self.scheduled_at,
            published_at: targets.iter().filter_map(|target| target.published_at).min(),
            config: self.config,
            account_config: self.account_config,
            max_lateness: SignedDuration::from_secs(self.max_lateness_seconds),
            targets,
            warnings: self.warnings,
            created_at: self.created_at,
            updated_at: changed.map_or(self.updated_at, |changed| changed.max(self.updated_at)),
        };
        Ok(Loaded { about, post, is_hidden: self.is_hidden })
    }
}

fn owners_of(rows: &[TargetRow]) -> Vec<String> {
    let mut owners: Vec<_> = rows.iter().map(|row| row.0.5.clone().unwrap_or_default()).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// Targets of their parts' rows, which come in the targets' order.
fn fold(rows: Vec<TargetRow>) -> Result<Vec<Target>, StoreError> {
    let mut targets: Vec<Target> = Vec::new();
    for ((_, id, account, platform, username, _), _, state, part) in rows {
        let part = read_part(part)?;
        match targets.last_mut().filter(|target| target.id.0 == id) {
            Some(target) => target.parts.push(part),
            None => {
                let (status, error_code, error_message, attempts, next_at, published_at, _) = state;
                let status = word(&status)?;
                targets.push(Target {
                    id: TargetId(id),
                    account_id: AccountId(account),
                    platform: word(&platform)?,
                    username,
                    status,
                    platform_post_id: part.platform_post_id.clone(),
                    platform_post_url: part.platform_post_url.clone(),
                    parts: vec![part],
                    error_code: error_code.as_deref().map(word).transpose()?,
                    error_message,
                    attempts,
                    next_attempt_at: next_at.map(time),
                    published_at: published_at.map(time),
                });
            }
        }
    }
    Ok(targets)
}

fn read_part((container, status, live_id, live_url, error_code, error_message): PartRow) -> Result<Part, StoreError> {
    Ok(Part {
        container_id: ContainerId(container),
        status: word(&status)?,
        platform_post_id: live_id,
        platform_post_url: live_url,
        error_code: error_code.as_deref().map(word).transpose()?,
        error_message,
    })
}

fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(Box::new(error))
}
