//! Accounts as callers see them.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    account::{Account, AccountStatus},
    ids::{AccountId, ProjectId},
    platform::Platform,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Database, StoreError, types::sql};

/// What an account is on the page, and what its network said of it that is no secret (an instance's limits).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Known {
    /// As callers see it.
    pub account: Account,
    /// `null` while unknown.
    pub facts: Value,
}

/// Which accounts are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// The caller's user they belong to.
    pub external_id: Option<String>,
    /// The network.
    pub platform: Option<Platform>,
    /// Whether they can be used.
    pub status: Option<AccountStatus>,
    /// The handle.
    pub username: Option<String>,
    /// The network's id of the profile.
    pub network_unique_id: Option<String>,
    /// Besides the rest: what a key that is bound to an owner may see.
    pub owner: Option<String>,
}

/// An account; purged ones are not there.
///
/// # Errors
/// [`StoreError`].
pub async fn get(database: &Database, project: ProjectId, id: AccountId) -> Result<Option<Known>, StoreError> {
    Ok(get_many(database, project, &[id]).await?.pop())
}

/// Those of `ids` that are there, in no order; unknown, foreign and purged ones are left out.
///
/// # Errors
/// [`StoreError`].
pub async fn get_many(database: &Database, project: ProjectId, ids: &[AccountId]) -> Result<Vec<Known>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = database.connection().await?;
    load(&mut connection, project, ids.iter().map(|id| id.0).collect())
        .await
        .map_err(StoreError::from_diesel("read accounts"))
}

/// Accounts, newest first from the one after `after` on, disconnected ones included; at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    project: ProjectId,
    filter: &AccountFilter,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let mut connection = database.connection().await?;
    let list = ListAccounts { project: project.0, after: after.map(|id| id.0), limit, filter };
    let known = read(&mut connection, list).await.map_err(StoreError::from_diesel("list accounts"))?;
    Ok(known.into_iter().map(|known| known.account).collect())
}

/// The accounts of these ids, as part of somebody's transaction.
pub(crate) async fn load(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    ids: Vec<Uuid>,
) -> QueryResult<Vec<Known>> {
    read(connection, LoadAccounts { project: project.0, ids }).await
}

async fn read<Q>(connection: &mut AsyncPgConnection, query: Q) -> QueryResult<Vec<Known>>
where
    Q: Query<SqlType = (sql::Text,)> + QueryFragment<Pg> + QueryId + Send,
{
    let rows: Vec<(String,)> = query.load(connection).await?;
    rows.into_iter()
        .map(|(json,)| serde_json::from_str(&json))
        .collect::<Result<_, _>>()
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

/// The shape of [`Known`]. A purged account's row may stay because its posts do: it holds nothing of the profile, its
/// `network_unique_id` begins with `purged:`, which frees the profile for whoever connects it next, and it is not there
/// for anybody.
const SELECT: &str = "SELECT json_build_object('facts', a.facts, 'account', json_build_object(\
     'id', 'acc_' || replace(a.id::text, '-', ''), 'platform', a.platform, 'external_id', a.external_id, \
     'social_network_id', 'net_' || replace(a.social_network_id::text, '-', ''), \
     'network_unique_id', a.network_unique_id, 'username', a.username, 'display_name', a.display_name, \
     'profile_image_url', a.profile_image_url, 'profile_url', a.profile_url, 'account_type', a.account_type, \
     'status', a.status, 'scopes', a.scopes, 'token_expires_at', a.token_expires_at, \
     'last_synced_at', a.last_synced_at, 'created_at', a.created_at, 'updated_at', a.updated_at))::text \
   FROM social_accounts a WHERE a.network_unique_id NOT LIKE 'purged:%' AND a.project_id = ";

struct LoadAccounts {
    project: Uuid,
    ids: Vec<Uuid>,
}

impl Query for LoadAccounts {
    type SqlType = (sql::Text,);
}

impl QueryId for LoadAccounts {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for LoadAccounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(SELECT);
        out.push_bind_param::<sql::Uuid, _>(&self.project)?;
        out.push_sql(" AND a.id = ANY(");
        out.push_bind_param::<sql::Array<sql::Uuid>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Put together as it is needed, as the list of posts is, and for the same reason.
struct ListAccounts<'f> {
    project: Uuid,
    after: Option<Uuid>,
    limit: i64,
    filter: &'f AccountFilter,
}

impl Query for ListAccounts<'_> {
    type SqlType = (sql::Text,);
}

impl QueryId for ListAccounts<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for ListAccounts<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(SELECT);
        out.push_bind_param::<sql::Uuid, _>(&self.project)?;
        let texts = [
            (" AND a.external_id = ", &self.filter.external_id),
            (" AND a.username = ", &self.filter.username),
            (" AND a.network_unique_id = ", &self.filter.network_unique_id),
            (" AND a.external_id = ", &self.filter.owner),
        ];
        for (sql, text) in texts {
            if let Some(text) = text {
                out.push_sql(sql);
                out.push_bind_param::<sql::Text, _>(text)?;
            }
        }
        // Words of closed lists, never a caller's text.
        if let Some(platform) = self.filter.platform {
            out.push_sql(&format!(" AND a.platform = '{platform}'"));
        }
        if let Some(status) = self.filter.status {
            out.push_sql(&format!(" AND a.status = '{status}'"));
        }
        if let Some(after) = &self.after {
            out.push_sql(" AND a.id < ");
            out.push_bind_param::<sql::Uuid, _>(after)?;
        }
        out.push_sql(" ORDER BY a.id DESC LIMIT ");
        out.push_bind_param::<sql::BigInt, _>(&self.limit)
    }
}
