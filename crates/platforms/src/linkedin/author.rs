//! Who posts: a member, or an organisation that a member posts for. An account's id is LinkedIn's whole name of it, since a
//! member and an organisation are told apart by nothing else.

use domain::target::Refusal;
use serde_json::{Value, json};

use super::urn;
use crate::{Account, given, words};

const PERSON: &str = "urn:li:person:";
const ORGANIZATION: &str = "urn:li:organization:";

/// Whose name a post is made in, by the id within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author<'a> {
    Person(&'a str),
    Organization(&'a str),
}

impl<'a> Author<'a> {
    /// As the account was connected.
    pub(super) fn of(account: &Account<'a>) -> Result<Self, Refusal> {
        let urn = account.network_unique_id;
        let person = urn.strip_prefix(PERSON).filter(|id| words::is_id(id)).map(Self::Person);
        let organization = || urn::organization_id(urn).map(Self::Organization);
        person.or_else(organization).ok_or_else(|| given::refusal("the account has no name that LinkedIn could know"))
    }

    /// LinkedIn's name of it.
    pub(super) fn urn(self) -> String {
        match self {
            Self::Person(id) => format!("{PERSON}{id}"),
            Self::Organization(id) => format!("{ORGANIZATION}{id}"),
        }
    }

    /// What is kept beside the account, for what is checked without it.
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
