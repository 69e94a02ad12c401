//! Many accounts at once, put into the database as if they had been connected.

use domain::{
    ids::{AccountId, ProjectId},
    platform::Platform,
};
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

/// Puts `count` accounts of a network into a project.
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
    let project_id = project.0;
    let mut people = Vec::new();
    let mut accounts = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let id = Uuid::now_v7();
        let account = format!("n-{}", id.simple());
        let context = Context { table: "account_tokens", column: "sealed", row: id, project: project_id };
        let sealed = ring.seal(b"{}", &context).expect("sealed");
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        accounts.push(format!("('{id}', '{project_id}', '{platform}', '{account}', 'somebody', 'person', 'active')"));
        tokens.push(format!("('{id}', '{project_id}', '\\x{hex}')"));
        people.push(Somebody { id: AccountId(id).to_string(), account });
    }
    for (accounts, tokens) in accounts.chunks(500).zip(tokens.chunks(500)) {
        db.execute(&format!(
            "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, username, account_type, status) \
             VALUES {}; INSERT INTO account_tokens (account_id, project_id, sealed) VALUES {}",
            accounts.join(", "),
            tokens.join(", ")
        ))
        .await;
    }
    people
}
