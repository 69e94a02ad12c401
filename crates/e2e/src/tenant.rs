//! A project, its key, and what its backend does.

use std::time::Duration;

use domain::{
    ids::{KeyId, ProjectId},
    platform::Platform,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
    post::Role,
};
use gateway::Scope;
use jiff::SignedDuration;
use platforms::{DraftPart, TargetDraft};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use store::{Database, audit::Actor, keys, projects};
use uuid::Uuid;

use crate::{
    Caller, World,
    waiting::{PATIENCE, eventually, within},
    world::Resident,
};

/// A project in test mode with a key that may do everything.
#[derive(Clone)]
pub struct Tenant {
    /// Its id.
    pub project: ProjectId,
    /// Its calls.
    pub caller: Caller,
    /// Where its accounts are.
    pub world: World,
}

/// A connected account.
#[derive(Debug, Clone)]
pub struct Connected {
    /// `acc_...`
    pub id: String,
    /// Where and who.
    pub resident: Resident,
}

/// What a project may decide that matters here.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    /// What happens to what nobody can know.
    pub on_unconfirmed: OnUnconfirmed,
    /// What happens to posts of an account whose token is no longer taken.
    pub on_auth_failure: OnAuthFailure,
}

impl Default for Policies {
    fn default() -> Self {
        Self { on_unconfirmed: OnUnconfirmed::Hold, on_auth_failure: OnAuthFailure::Hold }
    }
}

/// Makes a project and a key of it, as the operator would.
///
/// # Panics
/// When the database does not take them.
pub async fn move_in(database: &Database, gateway: &Caller, world: &World, policies: Policies) -> Tenant {
    let now = SystemClock.now();
    let project = projects::Project {
        id: ProjectId(Uuid::now_v7()),
        name: Uuid::new_v4().to_string(),
        mode: Mode::Test,
        redirect_uris: Vec::new(),
        cors_origins: Vec::new(),
        on_unconfirmed: policies.on_unconfirmed,
        on_auth_failure: policies.on_auth_failure,
        max_lateness: SignedDuration::from_hours(6),
        dialects: json!({}),
    };
    assert!(projects::insert(database, &project, now).await.expect("a new project"));
    let new = gateway::generate_key(Mode::Test);
    let key = keys::Key {
        id: KeyId(Uuid::now_v7()),
        name: "e2e".to_owned(),
        key_head: new.head,
        scopes: Scope::all().map(|scope| scope.word().to_owned()).collect(),
        external_id: None,
        created_at: now,
        expires_at: None,
    };
    let actor = Actor { project_id: project.id, name: "e2e".to_owned(), at: now };
    keys::insert(database, actor, key, new.hash, None).await.expect("a new key");
    Tenant { project: project.id, caller: gateway.with_key(&new.text), world: world.clone() }
}

impl Tenant {
    /// Makes an account at a network and connects it.
    pub async fn connect(&self, platform: Platform) -> Connected {
        let resident = self.world.settle(platform).await;
        self.connect_as(resident).await
    }

    /// Connects an account that is there.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn connect_as(&self, resident: Resident) -> Connected {
        let body =
            json!({"platform": resident.platform, "external_id": "user_42", "credentials": resident.credentials});
        // The connector may be a moment behind: "try again" is an answer too.
        let reply = eventually("an account can be connected", async || {
            let reply = self.caller.post("/v1/social-accounts", body.clone()).await;
            (reply.status != 503).then_some(reply)
        })
        .await;
        assert!(matches!(reply.status, 200 | 201), "connecting {}: {}", resident.platform, reply.text);
        let id = reply.body["id"].as_str().expect("an id").to_owned();
        assert_eq!(reply.body["network_unique_id"], resident.account, "{}", reply.text);
        Connected { id, resident }
    }

    /// One account on each network that takes words alone.
    pub async fn connect_everywhere(&self) -> Vec<Connected> {
        self.connect_on(&wordy().collect::<Vec<_>>()).await
    }

    /// One account on each of these networks.
    pub async fn connect_on(&self, platforms: &[Platform]) -> Vec<Connected> {
        let mut accounts = Vec::new();
        for platform in platforms {
            accounts.push(self.connect(*platform).await);
        }
        accounts
    }

    /// Posts a text to accounts at once, and returns the post as accepted.
    pub async fn post(&self, content: &str, accounts: &[Connected]) -> Value {
        self.post_body(json!({"content": content, "accounts": ids(accounts)})).await
    }

    /// Posts, and returns the post as accepted.
    pub async fn post_body(&self, body: Value) -> Value {
        self.caller.post("/v1/posts", body).await.expect(201)
    }

    /// A post as it is.
    pub async fn read(&self, post: &Value) -> Value {
        self.caller.get(&format!("/v1/posts/{}", id(post))).await.expect(200)
    }

    /// The post once nothing more happens to it by itself.
    pub async fn settled(&self, post: &Value) -> Value {
        self.settled_within(PATIENCE, post).await
    }

    /// As [`Tenant::settled`], with a patience of one's own.
    pub async fn settled_within(&self, patience: Duration, post: &Value) -> Value {
        let mut last = Value::Null;
        let look = async || {
            last = self.read(post).await;
            is_settled(&last).then(|| last.clone())
        };
        let waiting = within(patience + Duration::from_secs(60), "a post settles", look);
        match tokio::time::timeout(patience, waiting).await {
            Ok(post) => post,
            Err(_) => {
                let attempts = self.attempts(post).await;
                panic!("the post did not settle: {:#}\nattempts: {attempts:#?}", self.read(post).await);
            }
        }
    }

    /// The post once its only target stands there.
    pub async fn becomes(&self, post: &Value, status: &str) -> Value {
        let look = async || {
            let post = self.read(post).await;
            (post["targets"][0]["status"] == status).then_some(post)
        };
        match tokio::time::timeout(PATIENCE, within(PATIENCE * 2, "a target gets there", look)).await {
            Ok(post) => post,
            Err(_) => panic!("the target did not become {status}: {:#}", self.read(post).await),
        }
    }

    /// The attempts log of a post, all of it.
    pub async fn attempts(&self, post: &Value) -> Vec<Value> {
        self.list(&format!("/v1/posts/{}/attempts", id(post))).await
    }

    /// Everything a list has, page by page.
    ///
    /// # Panics
    /// When it is no list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = format!("{path}?limit=100");
        loop {
            let page = self.caller.get(&next).await.expect(200);
            all.extend(page["data"].as_array().expect("a list").iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { return all };
            next = format!("{path}?limit=100&cursor={cursor}");
        }
    }

    /// Each part of the post that is said to be live is in the ledger exactly once, under the id that is said, and
    /// nothing else of the post is.
    ///
    /// # Panics
    /// When it is not so.
    pub async fn is_in_ledger_once(&self, post: &Value, accounts: &[Connected]) {
        for target in post["targets"].as_array().expect("targets") {
            let account = accounts.iter().find(|account| target["account_id"] == account.id).expect("its account");
            let entries = self.world.ledger_of(&account.resident.account).await;
            let said: Vec<_> = target["parts"]
                .as_array()
                .expect("parts")
                .iter()
                .filter(|part| part["status"] == "published")
                .map(|part| part["platform_post_id"].as_str().expect("an id of what is live"))
                .collect();
            let live: Vec<_> = entries.iter().filter_map(|entry| entry["platform_post_id"].as_str()).collect();
            assert_eq!(live, said, "on {}: {entries:#?}\n{post:#}", account.resident.platform);
        }
    }
}

impl Connected {
    /// Its network.
    pub fn platform(&self) -> Platform {
        self.resident.platform
    }
}

/// Whether nothing more happens to the post by itself.
pub fn is_settled(post: &Value) -> bool {
    let settled = ["published", "partial", "delivered", "failed", "canceled", "deleted", "unconfirmed"];
    post["status"].as_str().is_some_and(|status| settled.contains(&status))
}

/// The id of anything that has one.
///
/// # Panics
/// When it has none.
pub fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of:#}"))
}

/// The ids of accounts as a post names them.
pub fn ids(accounts: &[Connected]) -> Vec<&str> {
    accounts.iter().map(|account| account.id.as_str()).collect()
}

/// The target of an account.
///
/// # Panics
/// When the post has none.
pub fn target_of<'a>(post: &'a Value, account: &Connected) -> &'a Value {
    let targets = post["targets"].as_array().expect("targets");
    targets
        .iter()
        .find(|target| target["account_id"] == account.id)
        .unwrap_or_else(|| panic!("no such target: {post:#}"))
}

/// The networks that take a post without a file.
pub fn wordy() -> impl Iterator<Item = Platform> {
    Platform::all().filter(|platform| takes_words(*platform))
}

fn takes_words(platform: Platform) -> bool {
    let part = DraftPart { role: Role::Main, content: "Hello", media: Vec::new() };
    let draft = TargetDraft { parts: vec![part], options: Value::Null };
    platforms::network(platform).check(&draft, &Value::Null).is_empty()
}
