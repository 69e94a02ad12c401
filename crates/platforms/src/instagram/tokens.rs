//! What is kept of an account, and where it is called.

use domain::target::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::{BASE, DEFAULT_BASE};
use crate::{Account, Bases, Cx, exchange::Ask, facebook, given, stored, words};

/// The two ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum Login {
    /// Instagram's own.
    #[default]
    Instagram,
    /// Facebook's, for accounts that are linked to a page.
    Facebook,
}

impl Login {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "instagram" => Some(Self::Instagram),
            "facebook" => Some(Self::Facebook),
            _ => None,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
        }
    }

    /// Of an account by its facts.
    pub(super) fn of_facts(facts: &Value) -> Self {
        facts["login"].as_str().and_then(Self::of).unwrap_or_default()
    }

    pub(super) fn base(self, bases: &Bases) -> &str {
        match self {
            Self::Instagram => bases.get(BASE, DEFAULT_BASE),
            Self::Facebook => bases.get(facebook::spec::BASE, facebook::spec::DEFAULT_BASE),
        }
    }
}

/// The sealed JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct InstagramTokens {
    pub(super) login: Login,
    /// Of the account, or of the person who signed in with Facebook.
    pub(super) access_token: String,
    /// Of the page that the account is linked to: comments are written with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page_token: Option<String>,
}

/// An account as its calls need it.
pub(super) struct Held {
    pub(super) tokens: InstagramTokens,
    /// As it stands in paths.
    pub(super) id: String,
}

impl Held {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, Refusal> {
        let tokens = stored::open(account)?;
        match words::is_id(account.network_unique_id) {
            true => Ok(Self { tokens, id: account.network_unique_id.to_owned() }),
            false => Err(given::refusal("the account has no id that Instagram could know")),
        }
    }

    /// `path` is below the version and holds no unchecked input.
    pub(super) fn get(&self, cx: &Cx<'_>, path: &str) -> Ask {
        Ask::get(self.tokens.login.base(cx.bases), &below(path)).bearer(&self.tokens.access_token)
    }

    /// As [`Held::get`].
    pub(super) fn post(&self, cx: &Cx<'_>, path: &str) -> Ask {
        Ask::post(self.tokens.login.base(cx.bases), &below(path)).bearer(&self.tokens.access_token)
    }

    /// Comments through Facebook are a page's.
    pub(super) fn comment(&self, cx: &Cx<'_>, on: &str) -> Ask {
        let token = self.tokens.page_token.as_deref().unwrap_or(&self.tokens.access_token);
        Ask::post(self.tokens.login.base(cx.bases), &below(&format!("{on}/comments"))).bearer(token)
    }
}

/// Below the version, which both hosts have in common.
pub(super) fn below(path: &str) -> String {
    format!("/{}/{path}", facebook::spec::VERSION)
}
