//! A gateway with projects that have accounts, and what was written of theirs.

use std::ops::Deref;

use domain::{
    ids::{AccountId, ProjectId},
    platform::Platform,
};
use gateway::{Scope, Settings};
use serde_json::Value;
use uuid::Uuid;

use crate::kit::{self, Answer, Gateway};

/// A gateway with more than one project.
pub(crate) struct House(Gateway);

/// A key of one of them.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) project: ProjectId,
    client: kit::Client,
}

impl Deref for House {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.0
    }
}

impl Deref for Client {
    type Target = kit::Client;

    fn deref(&self) -> &kit::Client {
        &self.client
    }
}

impl Client {
    /// A call under an idempotency key.
    pub(crate) async fn keyed(&self, path: &str, key: &str, body: Value) -> Answer {
        self.post_once(key, path, body).await
    }
}

impl House {
    pub(crate) async fn start() -> Self {
        Self(Gateway::start().await)
    }

    pub(crate) async fn without_sandbox() -> Self {
        Self::start_with(|settings| settings.sandbox.url = String::new()).await
    }

    /// One with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self(Gateway::start_with(change).await)
    }

    /// A new project in test mode and a key with every scope.
    pub(crate) async fn client(&self) -> Client {
        let project = self.other_project().await;
        let client = self.client_of(&project, Scope::all().collect(), None).await;
        Client { project: project.id, client }
    }

    /// Another key of a project.
    pub(crate) async fn key(&self, project: ProjectId, owner: Option<&str>, scopes: &[Scope]) -> Client {
        let project = store::projects::find(&self.store, project).await.unwrap().unwrap();
        Client { project: project.id, client: self.client_of(&project, scopes.to_vec(), owner).await }
    }

    /// An account as if it had been connected.
    pub(crate) async fn account(&self, client: &Client, platform: Platform, owner: Option<&str>) -> AccountId {
        let id = AccountId(Uuid::now_v7());
        let owner = owner.map_or("NULL".to_owned(), |owner| format!("'{owner}'"));
        self.db
            .execute(&format!(
                "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, external_id, username, \
                   account_type, status) \
                 VALUES ('{0}', '{1}', '{platform}', 'n-{0}', {owner}, 'alice', 'person', 'active'); \
                 INSERT INTO account_tokens (account_id, project_id, sealed) VALUES ('{0}', '{1}', '\\x00')",
                id.0, client.project.0
            ))
            .await;
        id
    }

    /// Rows of all the tables that accepting a post writes to.
    pub(crate) async fn rows(&self) -> i64 {
        let tables = [
            "posts",
            "post_containers",
            "post_progress",
            "post_targets",
            "target_parts",
            "publish_queue",
            "events",
            "idempotency_keys",
            "jobs",
        ];
        let counts = tables.map(|table| format!("(SELECT count(*) FROM {table})"));
        self.count(&format!("SELECT {}", counts.join(" + "))).await
    }

    /// A number from the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.db.count(sql).await
    }
}

impl Answer {
    /// Place and code of every fault, sorted.
    #[track_caller]
    pub(crate) fn faults(self) -> Vec<(String, String)> {
        let body = self.expect(422);
        assert_eq!(body["code"], "validation_failed", "{body:#}");
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let mut faults: Vec<_> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| (text(fault, "pointer"), text(fault, "code")))
            .collect();
        faults.sort();
        faults
    }
}

/// What [`Answer::faults`] should be.
pub(crate) fn faults(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut expected: Vec<_> = expected.iter().map(|(at, code)| ((*at).to_owned(), (*code).to_owned())).collect();
    expected.sort();
    expected
}
