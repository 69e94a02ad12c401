//! What the gateway asks of the connector over `connect.v1`, and what it answers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::Account,
    ids::{AccountId, NetworkId, ProjectId},
    platform::Platform,
    policy::Mode,
};

/// Whatever is asked on `connect.v1`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum ConnectQuestion {
    /// Connect the profile that credentials belong to; answered by [`ConnectAnswer`].
    Credentials(ConnectRequest),
    /// Where to send a person's browser; answered by [`BeginAnswer`].
    Begin(Box<BeginRequest>),
    /// Seal a session's tokens to the accounts that their profiles have now; answered by [`ResealAnswer`].
    Reseal(ResealRequest),
}

/// The path that a network sends browsers back to with an app's answer, below the origin they reach the connector at.
pub fn callback_path(app: NetworkId) -> String {
    format!("/v1/oauth/callback/{app}")
}

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

/// Begin an attempt to connect on a network's consent page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BeginRequest {
    /// Of the session that is begun.
    pub id: Uuid,
    /// The tenant.
    pub project_id: ProjectId,
    /// Its half.
    pub mode: Mode,
    /// The network.
    pub platform: Platform,
    /// The owner that it is for.
    pub external_id: Option<String>,
    /// Where the browser goes in the end; checked against the project's list.
    pub redirect_uri: String,
    /// What to ask for; `None` for what the app or the network's rules say.
    pub scopes: Option<Vec<String>>,
    /// Connect whatever is found, without asking the caller.
    pub auto_finalize: bool,
    /// The caller's own, echoed to `redirect_uri`.
    pub state: Option<String>,
    /// The network's own, an object.
    pub platform_data: serde_json::Value,
    /// The dialect whose words the browser takes back.
    pub dialect: Option<String>,
    /// W3C `traceparent`.
    pub trace: Option<String>,
}

/// Where the browser is to go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum BeginAnswer {
    /// There.
    Begun {
        /// The network's page.
        auth_url: String,
        /// The attempt is over then.
        expires_at: jiff::Timestamp,
    },
    /// The project has no app for this network, and the operator none for everybody.
    NoApp {
        /// Which app is missing.
        variant: String,
    },
    /// The request cannot be granted as it is.
    Refused {
        /// Pointer into the request's body.
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

/// Seal a pending session's tokens anew, for profiles whose accounts came or went since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResealRequest {
    /// The session.
    pub session: Uuid,
    /// The tenant.
    pub project_id: ProjectId,
}

/// Whether it was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ResealAnswer {
    /// Each choice is sealed to the account that its profile has.
    Done,
    /// The session is over.
    Gone,
    /// It could not be done at the moment.
    Unavailable {
        /// What was seen.
        detail: String,
    },
}
