//! One fault and its words.

use serde::{Deserialize, Serialize};

use crate::network::Platform;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// The platform's own refusal of the content.
    Reject,
    /// The platform's own 429, with its reset headers.
    Throttle,
    /// The account's token is expired from now on, until it is refreshed.
    ExpireToken,
    /// The user has withdrawn the grant.
    RevokeToken,
    /// Answers late, or media is processed slowly.
    Slow,
    /// Public, then the connection closes without an answer.
    DropReplyAfterAccept,
    /// Public, then a 5xx.
    ErrorAfterAccept,
    /// Public, then 200 with something that is not JSON.
    GarbageAfterAccept,
    /// A 5xx, nothing public.
    ErrorBeforeAccept,
    /// Never answers, nothing public.
    Hang,
    /// The connection closes before anything is public.
    DropConnection,
}

/// When in a request a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Before,
    Processing,
    After,
}

impl FaultKind {
    /// Whether the fault belongs to a stage of an operation; `processes` says that uploads have a processing state here.
    pub(crate) fn strikes(self, stage: Stage, processes: bool) -> bool {
        let own = match self {
            Self::DropReplyAfterAccept | Self::ErrorAfterAccept | Self::GarbageAfterAccept => Stage::After,
            Self::Slow if processes => Stage::Processing,
            _ => Stage::Before,
        };
        own == stage
    }

    /// The word on the wire, read back.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// The call that makes something public.
    Publish,
    /// Uploading, and asking how far it is.
    Media,
    /// Opening a session, exchanging a code.
    Token,
    /// Refreshing a session or a token.
    Refresh,
    /// Reading posts, as one does to learn what became of a lost answer.
    Probe,
    /// Deleting a post.
    Delete,
    /// Reading who the account is, and what the server's limits are.
    Identity,
    /// In a fault: all of them.
    #[serde(rename = "*")]
    Any,
}

/// Details; each is for the faults it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Params {
    /// `slow`: milliseconds. Default 2000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    /// `throttle`: seconds from now to the reset that the answer names. Default 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reset_s: Option<u32>,
    /// `reject`, `error_before_accept`, `error_after_accept`: another status than the platform's usual one, 400 to 599.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// `reject`: the platform's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Params {
    pub(crate) const DEFAULT_DELAY_MS: u64 = 2000;
    pub(crate) const DEFAULT_RESET_S: u32 = 30;
    const LONGEST_DELAY_MS: u64 = 3_600_000;

    /// What is wrong with the values, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.delay_ms.is_some_and(|delay| delay > Self::LONGEST_DELAY_MS) {
            return Some("params.delay_ms is at most 3600000");
        }
        if self.status.is_some_and(|status| !(400..600).contains(&status)) {
            return Some("params.status is from 400 to 599");
        }
        None
    }

    pub(crate) fn delay_ms(&self) -> u64 {
        self.delay_ms.unwrap_or(Self::DEFAULT_DELAY_MS)
    }

    pub(crate) fn reset_s(&self) -> u32 {
        self.reset_s.unwrap_or(Self::DEFAULT_RESET_S)
    }
}

/// A fault as it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFault {
    /// Every platform when absent.
    #[serde(default)]
    pub(crate) platform: Option<Platform>,
    /// A `network_unique_id`; every account when absent.
    #[serde(default)]
    pub(crate) account: Option<String>,
    pub(crate) operation: Operation,
    pub(crate) fault: FaultKind,
    /// How many requests it strikes; 1 when absent, all when `null`.
    #[serde(default = "once")]
    pub(crate) times: Option<u32>,
    #[serde(default)]
    pub(crate) params: Params,
}

fn once() -> Option<u32> {
    Some(1)
}

/// A fault that is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) plan: NewFault,
    /// How many requests it has struck so far.
    pub(crate) struck: u32,
}

impl Fault {
    pub(crate) fn used_up(&self) -> bool {
        self.plan.times.is_some_and(|times| self.struck >= times)
    }
}
