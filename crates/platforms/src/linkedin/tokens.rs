//! What is kept of a member's grant on LinkedIn.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long LinkedIn may call a token revoked that it has just handed out.
const SETTLES: SignedDuration = SignedDuration::from_secs(60);

/// The sealed JSON.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LinkedinTokens {
    pub(super) access_token: String,
    /// Only apps that LinkedIn approved for it are given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// When LinkedIn handed the access token out to us; not known of what a caller brought along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issued_at: Option<Timestamp>,
}

impl LinkedinTokens {
    /// Whether the token may be too new for all of LinkedIn's servers to know it.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.issued_at.is_some_and(|at| now.duration_since(at) < SETTLES)
    }
}
