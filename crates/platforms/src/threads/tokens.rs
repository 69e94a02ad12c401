//! What is kept of a profile's grant on Threads.

use serde::{Deserialize, Serialize};

/// The sealed JSON. There is no refresh token: a long-lived token is traded for the next (fact sheet part 1, 4.4).
#[derive(Serialize, Deserialize)]
pub(super) struct ThreadsTokens {
    pub(super) access_token: String,
}
