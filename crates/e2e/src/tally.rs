//! What posts say, held against what became public. Every text of an account is told apart by its words, so posts that
//! are tallied say different things.

use std::collections::HashMap;

use serde_json::Value;

/// One thing that became public, as the ledger of a network has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// The network's id of the account.
    pub account: String,
    /// What it says.
    pub text: String,
    /// The network's id of it.
    pub id: String,
    /// The id of what it replies to.
    pub parent: Option<String>,
}

impl Public {
    /// What the sandbox's ledger tells.
    pub fn in_ledger(entries: &[Value]) -> Vec<Self> {
        let text = |entry: &Value, name: &str| word(&entry[name]).to_owned();
        entries
            .iter()
            .map(|entry| Self {
                account: text(entry, "account"),
                text: text(entry, "text"),
                id: text(entry, "platform_post_id"),
                parent: entry["parent"].as_str().map(str::to_owned),
            })
            .collect()
    }
}

/// Numbers of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Targets of all posts.
    pub targets: usize,
    /// Targets that say `published`.
    pub published: usize,
    /// Targets that say `partial`.
    pub partial: usize,
    /// Targets that say `unconfirmed`.
    pub unconfirmed: usize,
    /// Targets that say `failed`.
    pub failed: usize,
    /// Targets that say `canceled`.
    pub canceled: usize,
    /// Sends begun, as the targets count them.
    pub attempts: u64,
    /// Things that are public.
    pub live: usize,
    /// Things that are public once more than they should be.
    pub doubled: usize,
    /// Parts that say `published` under an id that the ledger does not have for them.
    pub lost: usize,
    /// Parts that say they are not live, and are.
    pub falsely_failed: usize,
}

impl Tally {
    /// Of posts as the API tells them and of ledgers. `names` are accounts' ids with the networks' ids of them.
    ///
    /// # Panics
    /// When a target is of an account without a name, or a part of no container.
    pub fn of(posts: &[Value], names: &HashMap<String, String>, public: &[Public]) -> Self {
        let mut live: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for one in public {
            live.entry((&one.account, &one.text)).or_default().push(&one.id);
        }
        let mut tally =
            Self { live: public.len(), doubled: live.values().map(|ids| ids.len() - 1).sum(), ..Self::default() };
        for post in posts {
            for target in list(&post["targets"]) {
                tally.target(post, target, names, &live);
            }
        }
        tally
    }

    fn target(
        &mut self,
        post: &Value,
        target: &Value,
        names: &HashMap<String, String>,
        live: &HashMap<(&str, &str), Vec<&str>>,
    ) {
        self.targets += 1;
        self.attempts += target["attempts"].as_u64().unwrap_or_default();
        match word(&target["status"]) {
            "published" => self.published += 1,
            "partial" => self.partial += 1,
            "unconfirmed" => self.unconfirmed += 1,
            "failed" => self.failed += 1,
            "canceled" => self.canceled += 1,
            _ => {}
        }
        let account = names.get(word(&target["account_id"])).unwrap_or_else(|| panic!("whose is {target:#}"));
        for part in list(&target["parts"]) {
            let container = list(&post["containers"]).iter().find(|container| container["id"] == part["container_id"]);
            let text = word(&container.unwrap_or_else(|| panic!("what does {part:#} say"))["content"]);
            let ids = live.get(&(account.as_str(), text)).map_or(&[][..], Vec::as_slice);
            match word(&part["status"]) {
                "published" => self.lost += usize::from(!ids.contains(&word(&part["platform_post_id"]))),
                "unconfirmed" => {}
                _ => self.falsely_failed += usize::from(!ids.is_empty()),
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
