//! What is kept of a user's grant on an instance. It never runs out.

use domain::target::Refusal;
use serde::{Deserialize, Serialize};

use crate::{Account, stored};

/// The sealed JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct MastodonTokens {
    /// Put in front of paths: a token is never sent anywhere else.
    pub(super) base: String,
    pub(super) access_token: String,
}

impl MastodonTokens {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, Refusal> {
        stored::open(account)
    }
}
