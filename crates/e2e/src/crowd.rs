//! Many accounts at once, put into the database as if they had been connected.

use domain::{
    ids::{AccountId, ProjectId},
    platform::Platform,
};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{Context, PublicRing};

use testkit::TestDatabase;

/// Somebody of a crowd.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// `acc_...`
    pub id: String,
    /// The network's id.
    pub account: String,
}

/// What accounts have of a network, all of them the same.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The network.
    pub platform: Platform,
    /// What was learned on connecting.
    pub facts: Value,
    /// What would be sealed on connecting.
    pub tokens: Value,
}

/// Puts `count` accounts of a network into a project that know nothing and open nothing there.
///
/// # Panics
/// When the database does not take them.
pub async fn gather(
    db: &TestDatabase,
    ring: &PublicRing,
    project: ProjectId,
    platform: Platform,
    count: usize,
) -> Vec<Somebody> {
    gather_with(db, ring, project, &Papers { platform, facts: Value::Null, tokens: json!({}) }, count).await
}

/// Puts `count` accounts into a project that all have these papers.
///
/// # Panics
/// When the database does not take them.
pub async fn gather_with(
    db: &TestDatabase,
    ring: &PublicRing,
    project: ProjectId,
    papers: &Papers,
    count: usize,
) -> Vec<Somebody> {
    let Papers { platform, facts, tokens: opened } = papers;
    let opened = opened.to_string();
    let project_id = project.0;
    let mut people = Vec::new();
    let mut accounts = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let id = Uuid::now_v7();
        let account = format!("n-{}", id.simple());
        let context = Context { table: "account_tokens", column: "sealed", row: id, project: project_id };
        let sealed = ring.seal(opened.as_bytes(), &context).expect("sealed");
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let row =
            format!("'{id}', '{project_id}', '{platform}', '{account}', 'somebody', 'person', 'active', '{facts}'");
        accounts.push(format!("({row})"));
        tokens.push(format!("('{id}', '{project_id}', '\\x{hex}')"));
        people.push(Somebody { id: AccountId(id).to_string(), account });
    }
    for (accounts, tokens) in accounts.chunks(500).zip(tokens.chunks(500)) {
        db.execute(&format!(
            "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, username, account_type, status, facts) \
             VALUES {}; INSERT INTO account_tokens (account_id, project_id, sealed) VALUES {}",
            accounts.join(", "),
            tokens.join(", ")
        ))
        .await;
    }
    people
}
