//! A project with accounts, and posts for them.

use domain::{
    ids::{AccountId, ContainerId, PostId, ProjectId, TargetId},
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
    post::Post,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    Database,
    lanes::{Lanes, LeaseSettings},
    posts::{Created, Idempotency, NewContainer, NewPost, NewTarget, Posts},
    projects::{self, Project},
    targets::Targets,
};
use testkit::TestDatabase;
use uuid::Uuid;

pub(crate) struct House {
    pub(crate) server: TestDatabase,
    pub(crate) database: Database,
    pub(crate) posts: Posts,
    pub(crate) lanes: Lanes,
    pub(crate) targets: Targets,
    pub(crate) project: ProjectId,
}

impl House {
    pub(crate) async fn new() -> Self {
        let server = testkit::database().await;
        let database = server.open();
        let project = ProjectId(Uuid::now_v7());
        let row = Project {
            id: project,
            name: "acme".to_owned(),
            mode: Mode::Test,
            redirect_uris: Vec::new(),
            cors_origins: Vec::new(),
            on_unconfirmed: OnUnconfirmed::Hold,
            on_auth_failure: OnAuthFailure::Hold,
            max_lateness: SignedDuration::from_hours(6),
            dialects: json!({}),
        };
        let lanes = Lanes::new(database.clone(), LeaseSettings::default());
        let house = Self {
            posts: Posts::new(database.clone()),
            targets: Targets::new(database.clone()),
            lanes,
            project,
            server,
            database,
        };
        assert!(projects::insert(&house.database, &row, house.now().await).await.unwrap());
        house
    }

    /// The database's time: tests of what is due must not depend on two clocks.
    pub(crate) async fn now(&self) -> Timestamp {
        self.targets.now().await.unwrap()
    }

    pub(crate) async fn account(&self) -> AccountId {
        let id = AccountId(Uuid::now_v7());
        self.server
            .execute(&format!(
                "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, username, account_type, status) \
                 VALUES ('{}', '{}', 'x', '{}', 'alice', 'person', 'active')",
                id.0,
                self.project.0,
                id.0.simple()
            ))
            .await;
        self.server
            .execute(&format!(
                "INSERT INTO account_tokens (account_id, project_id, sealed, version) VALUES ('{}', '{}', '', 1)",
                id.0, self.project.0
            ))
            .await;
        id
    }

    /// A post of one part that is due now.
    pub(crate) async fn post(&self, accounts: &[AccountId]) -> NewPost {
        let now = self.now().await;
        let container = ContainerId(Uuid::now_v7());
        NewPost {
            id: PostId(Uuid::now_v7()),
            project_id: self.project,
            external_id: None,
            external_ref: None,
            fingerprint: b"what was asked for".to_vec(),
            scheduled_at: None,
            due: Some(now),
            config: json!({}),
            account_config: json!({}),
            warnings: Vec::new(),
            max_lateness: SignedDuration::from_hours(6),
            trace: None,
            created_at: now,
            containers: vec![NewContainer {
                id: container,
                account_id: None,
                position: 0,
                content: "Hello".to_owned(),
                media: Vec::new(),
            }],
            targets: accounts
                .iter()
                .map(|account| NewTarget {
                    id: TargetId(Uuid::now_v7()),
                    account_id: *account,
                    platform: Platform::X,
                    username: "alice".to_owned(),
                    owner: None,
                    parts: vec![container],
                })
                .collect(),
            idempotency: None,
        }
    }

    pub(crate) async fn accept(&self, post: NewPost) -> Created {
        self.posts.create(post).await.unwrap().unwrap()
    }

    pub(crate) async fn accepted(&self, post: NewPost) -> Post {
        match self.accept(post).await {
            Created::Fresh(post) => post,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn read(&self, id: PostId) -> Post {
        self.posts.get(self.project, id).await.unwrap().unwrap()
    }

    /// Types of the events so far, in the order they were recorded.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.server.texts("SELECT type FROM events ORDER BY xid, id").await
    }
}

pub(crate) fn keyed(key: &str, fingerprint: &str, now: Timestamp) -> Option<Idempotency> {
    Some(Idempotency {
        key: key.to_owned(),
        fingerprint: fingerprint.as_bytes().to_vec(),
        expires_at: now + SignedDuration::from_hours(24),
    })
}
