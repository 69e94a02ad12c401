//! Posts by what they are about, newest first.
//!
//! The one statement of this crate that is put together as it is needed: a constant one with `$n IS NULL OR ...` for
//! ten filters gets a plan that fits none of them. It is not kept prepared, since its forms are many and its calls few.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};
use diesel_async::RunQueryDsl;
use domain::{
    ids::{AccountId, PostId, ProjectId},
    platform::Platform,
    post::PostStatus,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::Posts;
use crate::{
    StoreError,
    types::{SqlStamp, Stamp, sql, stamp, time},
};

/// Which posts are wanted; what is `None` does not matter. Times: from `after` on, up to and without `before`.
#[derive(Debug, Clone, Default)]
pub struct PostFilter {
    /// The roll-up of their targets.
    pub status: Option<PostStatus>,
    /// One of their targets is on this account.
    pub account: Option<AccountId>,
    /// One of their targets is on this network; the same one, where an account is asked for too.
    pub platform: Option<Platform>,
    /// The caller's tag.
    pub external_id: Option<String>,
    /// The caller's unique name.
    pub external_ref: Option<String>,
    /// Bounds of their time.
    pub scheduled_after: Option<Timestamp>,
    /// Bounds of their time.
    pub scheduled_before: Option<Timestamp>,
    /// Bounds of their acceptance.
    pub created_after: Option<Timestamp>,
    /// Bounds of their acceptance.
    pub created_before: Option<Timestamp>,
    /// All their accounts belong to this owner.
    pub owner: Option<String>,
}

impl Posts {
    /// Posts that are not hidden, each with the moment it was accepted: newest first, from the one after `after` on; at
    /// most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        project: ProjectId,
        filter: &PostFilter,
        after: Option<(Timestamp, PostId)>,
        limit: i64,
    ) -> Result<Vec<(Timestamp, PostId)>, StoreError> {
        let mut connection = self.database.connection().await?;
        let rows: Vec<(Stamp, Uuid)> = ListPosts {
            project: project.0,
            after: after.map(|(at, id)| (stamp(at), id.0)),
            stamps: [filter.scheduled_after, filter.scheduled_before, filter.created_after, filter.created_before]
                .map(|at| at.map(stamp)),
            account: filter.account.map(|account| account.0),
            limit,
            filter,
        }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list posts"))?;
        Ok(rows.into_iter().map(|(at, id)| (time(at), PostId(id))).collect())
    }
}

/// The roll-up of `domain::post::roll_up` in SQL, over the targets of post `p`.
const ROLL_UP: &str = "(SELECT CASE \
     WHEN max(t.open) IS NOT NULL THEN (ARRAY['draft', 'scheduled', 'queued', 'publishing'])[max(t.open)] \
     WHEN bool_or(t.state = 'unconfirmed') THEN 'unconfirmed' \
     WHEN bool_and(t.state = 'deleted') THEN 'deleted' \
     WHEN bool_and(t.state = 'canceled') THEN 'canceled' \
     WHEN bool_and(t.state = 'delivered') THEN 'delivered' \
     WHEN NOT bool_or(t.state IN ('failed', 'canceled', 'partial')) THEN 'published' \
     WHEN bool_and(t.state IN ('failed', 'canceled')) THEN 'failed' \
     ELSE 'partial' END \
   FROM (SELECT state, CASE WHEN state = 'draft' THEN 1 WHEN state = 'scheduled' THEN 2 \
       WHEN state IN ('queued', 'needs_reconnect') THEN 3 \
       WHEN state = 'publishing' OR state = 'unconfirmed' AND next_at IS NOT NULL THEN 4 END AS open \
     FROM post_targets WHERE post_id = p.id) t)";

struct ListPosts<'f> {
    project: Uuid,
    after: Option<(Stamp, Uuid)>,
    stamps: [Option<Stamp>; 4],
    account: Option<Uuid>,
    limit: i64,
    filter: &'f PostFilter,
}

impl Query for ListPosts<'_> {
    type SqlType = (SqlStamp, sql::Uuid);
}

impl QueryId for ListPosts<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for ListPosts<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT p.created_at, p.id FROM posts p WHERE p.hidden_at IS NULL AND p.project_id = ");
        out.push_bind_param::<sql::Uuid, _>(&self.project)?;
        let texts = [
            (" AND p.external_id = ", &self.filter.external_id),
            (" AND p.external_ref = ", &self.filter.external_ref),
        ];
        for (sql, text) in texts {
            if let Some(text) = text {
                out.push_sql(sql);
                out.push_bind_param::<sql::Text, _>(text)?;
            }
        }
        let bounds =
            [" AND p.scheduled_at >= ", " AND p.scheduled_at < ", " AND p.created_at >= ", " AND p.created_at < "];
        for (sql, bound) in bounds.into_iter().zip(&self.stamps) {
            if let Some(bound) = bound {
                out.push_sql(sql);
                out.push_bind_param::<SqlStamp, _>(bound)?;
            }
        }
        self.targets(&mut out)?;
        if let Some(status) = self.filter.status {
            // A word of a closed list, never a caller's text.
            out.push_sql(&format!(" AND {ROLL_UP} = '{status}'"));
        }
        if let Some((created_at, id)) = &self.after {
            out.push_sql(" AND (p.created_at, p.id) < (");
            out.push_bind_param::<SqlStamp, _>(created_at)?;
            out.push_sql(", ");
            out.push_bind_param::<sql::Uuid, _>(id)?;
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY p.created_at DESC, p.id DESC LIMIT ");
        out.push_bind_param::<sql::BigInt, _>(&self.limit)
    }
}

impl ListPosts<'_> {
    fn targets<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.account.is_some() || self.filter.platform.is_some() {
            out.push_sql(" AND EXISTS (SELECT 1 FROM post_targets t WHERE t.post_id = p.id");
            if let Some(account) = &self.account {
                out.push_sql(" AND t.account_id = ");
                out.push_bind_param::<sql::Uuid, _>(account)?;
            }
            if let Some(platform) = self.filter.platform {
                out.push_sql(&format!(" AND t.platform = '{platform}'"));
            }
            out.push_sql(")");
        }
        if let Some(owner) = &self.filter.owner {
            out.push_sql(
                " AND NOT EXISTS (SELECT 1 FROM post_targets t JOIN social_accounts a ON a.id = t.account_id \
                 WHERE t.post_id = p.id AND a.external_id IS DISTINCT FROM ",
            );
            out.push_bind_param::<sql::Text, _>(owner)?;
            out.push_sql(")");
        }
        Ok(())
    }
}
