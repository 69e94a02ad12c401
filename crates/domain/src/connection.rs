//! What the gateway asks of the connector over `connect.v1`, and what it answers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::Account,
    ids::{AccountId, ProjectId},
    platform::Platform,
    policy::Mode,
};

/// The associated data of sealed credentials in a request: this table and column, the request's id as row.
pub const SEALED_IN: (&str, &str) = ("connect_requests", "credentials");

/// Connect the profile that these credentials belong to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectRequest {
    /// Names the request; part of what the credentials are sealed to.
    pub id: Uuid,
    /// The tenant.
    pub project_id: ProjectId,
    /// Its half.
    pub mode: Mode,
    /// The network.
    pub platform: Platform,
    /// The owner the profile is connected for.
    pub external_id: Option<String>,
    /// The caller's `credentials` as JSON, sealed. Base64.
    pub sealed_credentials: String,
    /// W3C `traceparent`.
    pub trace: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ConnectAnswer {
    /// The profile is connected.
    Connected {
        /// The account.
        account: Box<Account>,
        /// Whether it was not there before.
        is_new: bool,
    },
    /// The profile belongs to somebody else in this project. Nothing was changed.
    Owned {
        /// The account that has it.
        account_id: AccountId,
    },
    /// The network does not take the credentials.
    Refused {
        /// Pointer below `/credentials` where a field is at fault, else empty.
        pointer: String,
        /// A stable word.
        code: String,
        /// A sentence.
        detail: String,
    },
    /// The network cannot be asked at the moment.
    Unavailable {
        /// What was seen.
        detail: String,
    },
}
