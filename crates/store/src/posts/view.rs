//! Posts as callers see them, read whole in one statement.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::PostId,
    post::{Container, Post, Target, Warning, roll_up},
    target::Status,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    statement::statement,
    types::{Array, sql},
};

/// A post with what only we look at.
pub(crate) struct Loaded {
    pub(crate) post: Post,
    pub(crate) project_id: Uuid,
    pub(crate) is_hidden: bool,
    /// The owners of its accounts; `""` for an account without one.
    pub(crate) owners: Vec<String>,
    pub(crate) trace: Option<String>,
}

/// The JSON that [`LoadPosts`] builds; containers and targets have the shape of the domain's own types.
#[derive(Deserialize)]
struct Stored {
    id: PostId,
    project_id: Uuid,
    is_hidden: bool,
    trace: Option<String>,
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
    targets: Vec<StoredTarget>,
}

#[derive(Deserialize)]
struct StoredTarget {
    owner: String,
    updated_at: Timestamp,
    #[serde(flatten)]
    target: Target,
}

statement! {
    LoadPosts { ids: Vec<Uuid> as Array<sql::Uuid> } -> (sql::Text,) {
        "SELECT json_build_object('id', 'post_' || replace(p.id::text, '-', ''), 'project_id', p.project_id, \
           'is_hidden', p.hidden_at IS NOT NULL, 'trace', p.trace, 'external_id', p.external_id, \
           'external_ref', p.external_ref, 'scheduled_at', p.scheduled_at, 'config', p.config, \
           'account_config', p.account_config, 'warnings', p.warnings, \
           'max_lateness_seconds', p.max_lateness_seconds, 'created_at', p.created_at, 'updated_at', p.updated_at, \
           'containers', (SELECT json_agg(json_build_object('id', 'cnt_' || replace(c.id::text, '-', ''), \
               'role', CASE c.position WHEN 0 THEN 'main' WHEN 1 THEN 'first_comment' ELSE 'thread' END, \
               'content', c.content, 'media', c.media) ORDER BY c.position) \
             FROM post_containers c WHERE c.post_id = p.id AND c.account_id IS NULL), \
           'targets', (SELECT coalesce(json_agg(json_build_object('id', 'tgt_' || replace(t.id::text, '-', ''), \
               'account_id', 'acc_' || replace(t.account_id::text, '-', ''), 'platform', t.platform, \
               'username', a.username, 'owner', coalesce(a.external_id, ''), 'status', t.state, \
               'platform_post_id', f.live_id, 'platform_post_url', f.live_url, \
               'error_code', t.error_code, 'error_message', t.error_message, 'attempts', t.attempt, \
               'next_attempt_at', CASE WHEN t.state IN ('queued', 'unconfirmed') AND t.next_at IS NOT NULL THEN t.next_at \
                 WHEN t.state = 'queued' OR t.state = 'scheduled' AND p.scheduled_at <= now() THEN \
                   (SELECT max(b.blocked_until) FROM rate_budgets b WHERE b.scope = 'account' \
                      AND b.subject = t.account_id AND b.blocked_until > now()) END, \
               'published_at', t.published_at, 'updated_at', t.updated_at, \
               'parts', (SELECT json_agg(json_build_object( \
                   'container_id', 'cnt_' || replace(r.container_id::text, '-', ''), 'status', r.status, \
                   'platform_post_id', r.live_id, 'platform_post_url', r.live_url, \
                   'error_code', r.error_code, 'error_message', r.error_message) ORDER BY r.position) \
                 FROM target_parts r WHERE r.target_id = t.id)) ORDER BY t.id), '[]') \
             FROM post_targets t JOIN social_accounts a ON a.id = t.account_id \
             LEFT JOIN target_parts f ON f.target_id = t.id AND f.position = 0 WHERE t.post_id = p.id))::text \
         FROM posts p WHERE p.id = ANY($1) ORDER BY p.id"
    }
}

/// Reads posts, hidden or not, in the order of their ids.
pub(crate) async fn load(connection: &mut AsyncPgConnection, ids: Vec<Uuid>) -> QueryResult<Vec<Loaded>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = LoadPosts { ids }.load(connection).await?;
    rows.into_iter()
        .map(|(json,)| serde_json::from_str(&json).map(Stored::loaded))
        .collect::<Result<_, _>>()
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

impl Stored {
    fn loaded(self) -> Loaded {
        let mut owners: Vec<_> = self.targets.iter().map(|target| target.owner.clone()).collect();
        owners.sort_unstable();
        owners.dedup();
        let changed = self.targets.iter().map(|target| target.updated_at).max();
        let targets: Vec<_> = self.targets.into_iter().map(|stored| stored.target).collect();
        let status =
            roll_up(targets.iter().map(|target| {
                (target.status, target.status == Status::Unconfirmed && target.next_attempt_at.is_some())
            }));
        let post = Post {
            id: self.id,
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
        Loaded { post, project_id: self.project_id, is_hidden: self.is_hidden, owners, trace: self.trace }
    }
}
