//! The programs there are.

use std::fmt;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// The API and the relay.
    Gateway,
    /// Takes lanes and publishes.
    Publisher,
    /// Connects accounts and keeps tokens fresh.
    Connector,
    /// Delivers webhooks.
    Dispatcher,
    /// All of these in one.
    Fanfare,
    /// The networks.
    Sandbox,
}

impl Program {
    /// As its file is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Publisher => "publisher",
            Self::Connector => "connector",
            Self::Dispatcher => "dispatcher",
            Self::Fanfare => "fanfare",
            Self::Sandbox => "sandbox",
        }
    }

    pub(super) fn log(self) -> String {
        format!("{}.log", self.name())
    }

    /// What tells [`super::play`] which to be.
    pub(super) const fn role(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &["play", "gateway"],
            Self::Publisher => &["play", "publisher"],
            Self::Connector => &["play", "connector"],
            Self::Dispatcher => &["play", "dispatcher"],
            Self::Fanfare => &["play", "fanfare"],
            Self::Sandbox => &["play", "sandbox"],
        }
    }

    pub(super) const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Fanfare => &["up"],
            _ => &[],
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
