//! What is kept of a user's grant on X.

use serde::{Deserialize, Serialize};

/// The sealed JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct XTokens {
    pub(super) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// The app the grant was given to; without it a refresh token is of no use. Only beside tokens that a caller handed in:
    /// an app that Fanfare knows is asked for each time, so that a changed secret is the one that is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Of a confidential client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
}
