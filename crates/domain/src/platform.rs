//! The networks, by name and number.

use serde::{Deserialize, Serialize};

/// A network that Fanfare can publish to. The name is the contract's; the number is stored, so it never changes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Platform {
    /// X, API v2.
    X,
    /// Facebook pages.
    Facebook,
    /// Instagram, by both of its logins.
    Instagram,
    /// Bluesky and other AT Protocol servers.
    Bluesky,
    /// Mastodon and servers that speak its API.
    Mastodon,
}

impl Platform {
    /// Every network, in the order the contract lists them.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The contract's name, `x`, `bluesky`, ...
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The number stored in `jobs.queue`.
    pub const fn number(self) -> i16 {
        match self {
            Self::X => 1,
            Self::Facebook => 2,
            Self::Instagram => 3,
            Self::Bluesky => 9,
            Self::Mastodon => 10,
        }
    }
}
