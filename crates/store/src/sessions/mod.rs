//! Attempts to connect on a network's consent page.
//!
//! An attempt is begun before the browser leaves, redeemed once when it comes back, and pending from when its profiles
//! are found until a caller finalizes it. Its state and its name are kept as hashes: who can read the table can go on
//! with nobody's attempt.

mod begin;
mod finalize;
mod found;
mod pending;
mod redeem;
mod reseal;

use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
    policy::Mode,
};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use begin::{NewSession, begin};
pub use finalize::{Finalize, Finalized, Rejected, Selection, finalize};
pub use found::{Choice, MOST_CHOICES, fail, found};
pub use pending::{Chosen, Page, Pending, choose, forget, pending};
pub use redeem::{Redeemed, redeem};
pub use reseal::{Resealed, list_sealed, reseal};

use crate::{
    StoreError,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time, word},
};

/// What a state or a session's name is looked up by. It needs no salt: both are random and long.
pub fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// An attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its own.
    pub id: Uuid,
    /// The tenant.
    pub project_id: ProjectId,
    /// Its half.
    pub mode: Mode,
    /// The network.
    pub platform: Platform,
    /// Which of its logins or instances.
    pub variant: String,
    /// The app; `None` for the operator's.
    pub social_network_id: Option<NetworkId>,
    /// The owner it is for.
    pub external_id: Option<String>,
    /// Where the browser goes in the end.
    pub redirect_uri: String,
    /// The caller's own, echoed.
    pub caller_state: Option<String>,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// Whether whatever is found is connected without asking the caller.
    pub auto_finalize: bool,
    /// The network's own, an object.
    pub platform_data: Value,
    /// The dialect whose words the browser takes back.
    pub dialect: Option<String>,
    /// What its beginning kept, sealed to `connect_sessions.sealed`, row `id`; `None` once it was used.
    pub sealed: Option<Vec<u8>>,
    /// W3C `traceparent` of whoever began it.
    pub trace: Option<String>,
    /// It is over then.
    pub expires_at: Timestamp,
}

/// What came of looking for an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Sought<T> {
    /// It is there.
    Here(T),
    /// It was, and is finalized, failed or too old.
    Over,
    /// There is none.
    Unknown,
}

type SessionRow = (
    (Uuid, Uuid, String, String, String, Option<Uuid>, Option<String>, String),
    (Option<String>, Vec<String>, bool, Value, Option<String>, Option<Vec<u8>>, Option<String>, Stamp),
);

type SqlSession = (
    (sql::Uuid, sql::Uuid, sql::Text, sql::Text, sql::Text, Nullable<sql::Uuid>, Nullable<sql::Text>, sql::Text),
    (
        Nullable<sql::Text>,
        Array<sql::Text>,
        sql::Bool,
        sql::Jsonb,
        Nullable<sql::Text>,
        Nullable<sql::Bytea>,
        Nullable<sql::Text>,
        SqlStamp,
    ),
);

fn session(row: SessionRow) -> Result<Session, StoreError> {
    let (
        (id, project, mode, platform, variant, network, external_id, redirect_uri),
        (caller_state, scopes, auto_finalize, platform_data, dialect, sealed, trace, expires_at),
    ) = row;
    Ok(Session {
        id,
        project_id: project.into(),
        mode: word(&mode)?,
        platform: word(&platform)?,
        variant,
        social_network_id: network.map(NetworkId),
        external_id,
        redirect_uri,
        caller_state,
        scopes,
        auto_finalize,
        platform_data,
        dialect,
        sealed,
        trace,
        expires_at: time(expires_at),
    })
}

/// The columns of a [`SessionRow`], over `connect_sessions s` and its `projects p`.
macro_rules! columns {
    () => {
        "s.id, s.project_id, p.mode, s.platform, s.variant, s.social_network_id, s.external_id, s.redirect_uri, \
         s.caller_state, s.scopes, s.auto_finalize, s.platform_data, s.dialect, s.sealed, s.trace, s.expires_at"
    };
}
use columns;
