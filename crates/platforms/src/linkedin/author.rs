//! Who posts: a member, or an organisation that a member posts for.

use serde_json::{Value, json};

use crate::Account;

/// Whose name a post is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author<'a> {
    Person(&'a str),
    Organization(&'a str),
}

impl<'a> Author<'a> {
    /// As the account was connected.
    pub(super) fn of(account: &Account<'a>) -> Self {
        if is_organization(account.facts) {
            Self::Organization(account.network_unique_id)
        } else {
            Self::Person(account.network_unique_id)
        }
    }

    /// LinkedIn's name of it.
    pub(super) fn urn(self) -> String {
        match self {
            Self::Person(id) => format!("urn:li:person:{id}"),
            Self::Organization(id) => format!("urn:li:organization:{id}"),
        }
    }

    /// What is kept beside the account.
    pub(super) fn facts(self) -> Value {
        match self {
            Self::Person(_) => json!({"kind": "person"}),
            Self::Organization(_) => json!({"kind": "organization"}),
        }
    }
}

/// Whether the account is known to be an organisation's.
pub(super) fn is_organization(facts: &Value) -> bool {
    facts["kind"] == "organization"
}
