//! The social networks in a box, by their own API.

use domain::platform::Platform;
use serde_json::{Value, json};

use crate::Caller;

/// A running sandbox, wherever it runs.
#[derive(Clone)]
pub struct World {
    caller: Caller,
}

/// An account at a network, not connected to anything.
#[derive(Debug, Clone)]
pub struct Resident {
    /// Where.
    pub platform: Platform,
    /// The network's id of it.
    pub account: String,
    /// Its handle.
    pub username: String,
    /// What `POST /v1/social-accounts` takes.
    pub credentials: Value,
}

impl World {
    /// The sandbox a caller reaches.
    pub fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// Its callers' way in.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Makes an account.
    pub async fn settle(&self, platform: Platform) -> Resident {
        self.resident(json!({"platform": platform})).await
    }

    /// Fresh credentials of an account that is there.
    pub async fn settle_again(&self, platform: Platform, username: &str) -> Resident {
        self.resident(json!({"platform": platform, "username": username})).await
    }

    async fn resident(&self, body: Value) -> Resident {
        let reply = self.caller.post("/_sandbox/accounts", body).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
        let text = |name: &str| reply.body[name].as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned();
        Resident {
            platform: reply.body["platform"].as_str().and_then(|word| word.parse().ok()).expect("a network"),
            account: text("account"),
            username: text("username"),
            credentials: reply.body["credentials"].clone(),
        }
    }

    /// Sets a fault.
    pub async fn fault(&self, fault: Value) {
        self.caller.post("/_sandbox/faults", fault).await.expect(201);
    }

    /// Takes all faults back.
    pub async fn no_faults(&self) {
        self.caller.delete("/_sandbox/faults").await.expect(204);
    }

    /// Everything that became public, in order.
    pub async fn ledger(&self) -> Vec<Value> {
        self.entries("/_sandbox/ledger").await
    }

    /// Everything that became public on one account, in order.
    pub async fn ledger_of(&self, account: &str) -> Vec<Value> {
        let account: String = url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
        self.entries(&format!("/_sandbox/ledger?account={account}")).await
    }

    /// The texts that became public on one account, in order.
    pub async fn texts_of(&self, account: &str) -> Vec<String> {
        let entries = self.ledger_of(account).await;
        entries.iter().map(|entry| entry["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn entries(&self, path: &str) -> Vec<Value> {
        let body = self.caller.get(path).await.expect(200);
        body["data"].as_array().unwrap_or_else(|| panic!("{body:#}")).clone()
    }
}
