//! The accounts that posts are for, looked up for many posts at once.
//!
//! Every post that is accepted asks for its accounts. Those that ask while a look-up is under way are answered by the
//! next one together: fresh as a statement of their own, at a fraction of what it costs.

use std::collections::HashMap;

use diesel_async::RunQueryDsl;
use domain::{
    account::AccountStatus,
    ids::{AccountId, ProjectId},
    platform::Platform,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    Database, StoreError,
    budgets::app_subject,
    statement::statement,
    types::{Array, Nullable, sql, word},
};

/// Calls that may wait, and that are answered together at most.
const QUEUE: usize = 256;

/// An account as far as a post for it needs to know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Addressee {
    /// `acc_...`
    pub id: AccountId,
    /// Its network.
    pub platform: Platform,
    /// The network's id of the profile.
    pub network_unique_id: String,
    /// The handle.
    pub username: String,
    /// Whose it is.
    pub external_id: Option<String>,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// What its network said of it that is no secret; `null` while unknown.
    pub facts: Value,
    /// The key of the OAuth app it is connected through, as far as it is known.
    pub app: Uuid,
    /// Whether one more post may find a budget used up: half of one is used, or many posts wait already.
    pub is_busy: bool,
}

struct Wanted {
    project: ProjectId,
    ids: Vec<AccountId>,
    answer: oneshot::Sender<Result<Vec<Addressee>, StoreError>>,
}

/// Looks accounts up. Clones share their look-ups.
#[derive(Clone)]
pub struct Finder(mpsc::Sender<Wanted>);

impl Finder {
    /// Starts it; it ends with its last clone.
    pub fn new(database: Database) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(database, receiver));
        Self(sender)
    }

    /// Those of `ids` that the project has, in no order; purged ones are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, project: ProjectId, ids: Vec<AccountId>) -> Result<Vec<Addressee>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ended = || StoreError::Unavailable("looking accounts up has ended".to_owned());
        let (answer, found) = oneshot::channel();
        self.0.send(Wanted { project, ids, answer }).await.map_err(|_| ended())?;
        found.await.map_err(|_| ended())?
    }
}

async fn serve(database: Database, mut wanted: mpsc::Receiver<Wanted>) {
    let mut calls = Vec::new();
    while wanted.recv_many(&mut calls, QUEUE).await > 0 {
        let mut ids: Vec<_> = calls.iter().flat_map(|call| &call.ids).map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        match read(&database, ids).await {
            Ok(found) => calls.drain(..).for_each(|call| call.settle(&found)),
            Err(error) => {
                let (text, is_unavailable) = (error.to_string(), error.is_unavailable());
                for call in calls.drain(..) {
                    let error = if is_unavailable { StoreError::Unavailable } else { StoreError::Corrupt };
                    // Whoever went away has nothing to be told.
                    let _ = call.answer.send(Err(error(text.clone())));
                }
            }
        }
    }
}

impl Wanted {
    fn settle(self, found: &HashMap<(ProjectId, AccountId), Addressee>) {
        let mine = self.ids.iter().filter_map(|id| found.get(&(self.project, *id)).cloned()).collect();
        let _ = self.answer.send(Ok(mine));
    }
}

type Row = (Uuid, Uuid, String, String, String, Option<String>, String, Value, Uuid, bool);

statement! {
    FindAccounts { ids: Vec<Uuid> as Array<sql::Uuid> } -> (
        sql::Uuid, sql::Uuid, sql::Text, sql::Text, sql::Text, Nullable<sql::Text>, sql::Text, sql::Jsonb, sql::Uuid,
        sql::Bool
    ) {
        // No network lets an account send fewer than a hundred posts in a window: below half of that nobody has to look.
        concat!("SELECT a.project_id, a.id, a.platform, a.network_unique_id, a.username, a.external_id, a.status, a.facts, app.id, \
           EXISTS (SELECT 1 FROM (VALUES ('account', a.id), ('app', app.id)) AS k(scope, subject) \
             JOIN rate_budgets b ON b.scope = k.scope AND b.subject = k.subject \
             WHERE b.blocked_until > now() OR b.window_end > now() AND b.used >= b.limit_ / 2) \
           OR EXISTS (SELECT 1 FROM publish_queue q WHERE q.account_id = a.id OFFSET 49) \
         FROM social_accounts a CROSS JOIN LATERAL (SELECT ", app_subject!(), " AS id) AS app \
         WHERE a.id = ANY($1) AND a.network_unique_id NOT LIKE 'purged:%'")
    }
}

async fn read(database: &Database, ids: Vec<Uuid>) -> Result<HashMap<(ProjectId, AccountId), Addressee>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<Row> =
        FindAccounts { ids }.load(&mut connection).await.map_err(StoreError::from_diesel("look accounts up"))?;
    rows.into_iter().map(addressee).collect()
}

fn addressee(row: Row) -> Result<((ProjectId, AccountId), Addressee), StoreError> {
    let (project, id, platform, network_unique_id, username, external_id, status, facts, app, is_busy) = row;
    let (project, id) = (ProjectId(project), AccountId(id));
    let (platform, status) = (word(&platform)?, word(&status)?);
    let found = Addressee { id, platform, network_unique_id, username, external_id, status, facts, app, is_busy };
    Ok(((project, id), found))
}
