//! Connected accounts and who owns them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, NetworkId},
    platform::Platform,
    target::words,
};

words! {
    /// Whether an account can be used.
    AccountStatus {
        /// Its token works as far as we know.
        Active,
        /// Only connecting it again helps.
        NeedsReconnect,
        /// Its tokens are destroyed, its history is kept.
        Disconnected,
    }
}

/// A connected account, as callers see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// `acc_...`
    pub id: AccountId,
    /// The network.
    pub platform: Platform,
    /// The caller's user it belongs to.
    pub external_id: Option<String>,
    /// The OAuth app it was connected through.
    pub social_network_id: Option<NetworkId>,
    /// The network's id of the profile.
    pub network_unique_id: String,
    /// The handle.
    pub username: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// The picture.
    pub profile_image_url: Option<String>,
    /// The profile's page.
    pub profile_url: Option<String>,
    /// `person`, `page`, ...
    pub account_type: String,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// What its token may do.
    pub scopes: Vec<String>,
    /// When its token runs out.
    pub token_expires_at: Option<Timestamp>,
    /// When the profile was last read from the network.
    pub last_synced_at: Option<Timestamp>,
    /// When it was first connected.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
