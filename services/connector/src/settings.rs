//! What the operator decides. The reference is `default.toml`.

use std::time::Duration;

use bus::RabbitSettings;
use domain::job::LANES_PER_MESSAGE;
use egress::EgressSection;
use runtime::{
    admin::AdminSettings,
    sections::{KNOWN, LogSection, SandboxSection, VaultSection},
    settings::SettingsError,
};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

use crate::default_apps::DefaultAppsSection;

/// The reference.
const DEFAULT: &str = include_str!("../default.toml");

/// All the connector reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct Settings {
    pub connector: ConnectorSettings,
    pub database: DatabaseSettings,
    pub broker: RabbitSettings,
    pub egress: EgressSection,
    pub vault: VaultSection,
    pub sandbox: SandboxSection,
    pub platforms: DefaultAppsSection,
    pub log: LogSection,
}

/// `[connector]`: where browsers reach it, how accounts are connected and kept fresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct ConnectorSettings {
    pub host: String,
    pub port: u16,
    pub public_url: String,
    pub questions: u16,
    pub identify_timeout_ms: u64,
    pub consent_timeout_ms: u64,
    pub lanes: usize,
    pub refresh_timeout_ms: u64,
    pub first_wait_ms: u64,
    pub longest_wait_ms: u64,
    pub lease_ms: u64,
    pub shutdown_seconds: u64,
    pub admin: AdminSettings,
}

impl Settings {
    /// Reads them over this process's environment.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable at fault.
    pub fn load() -> Result<Self, SettingsError> {
        runtime::settings::load(DEFAULT, KNOWN)
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.connector.shutdown_seconds)
    }
}

impl ConnectorSettings {
    pub(crate) const fn identify_timeout(&self) -> Duration {
        Duration::from_millis(self.identify_timeout_ms)
    }

    pub(crate) const fn consent_timeout(&self) -> Duration {
        Duration::from_millis(self.consent_timeout_ms)
    }

    pub(crate) const fn refresh_timeout(&self) -> Duration {
        Duration::from_millis(self.refresh_timeout_ms)
    }

    pub(crate) const fn first_wait(&self) -> Duration {
        Duration::from_millis(self.first_wait_ms)
    }

    pub(crate) const fn longest_wait(&self) -> Duration {
        Duration::from_millis(self.longest_wait_ms)
    }

    pub(crate) const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// A message of the bus is taken whole, so there is room for the largest.
    pub(crate) fn permits(&self) -> usize {
        self.lanes.max(LANES_PER_MESSAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::settings::{Environment, load_from};

    #[test]
    fn the_reference_is_complete() {
        let settings: Settings = load_from(DEFAULT, KNOWN, &Environment::default()).unwrap();
        assert!(settings.connector.identify_timeout() < bus::CALL_TTL);
        assert!(settings.connector.refresh_timeout() < settings.shutdown_deadline());
        assert!(settings.connector.consent_timeout() < settings.shutdown_deadline());
        assert_eq!(settings.connector.port, 8081);
    }
}
