//! Faults in what a caller sent: all of them at once, each with a JSON pointer.

use serde::Serialize;

use crate::{ids::AccountId, platform::Platform};

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// RFC 6901 pointer into the request's body, `/containers/0/content`.
    pub pointer: String,
    /// A stable word for programs, `text_too_long`.
    pub code: &'static str,
    /// A sentence for people. Never holds a secret.
    pub detail: String,
    /// The network whose rule was broken, where it is a network's rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The account the rule was applied for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

impl Fault {
    /// A fault of the request itself, not of a network's rule.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into(), platform: None, account_id: None }
    }
}
