//! What the operator decides. The reference is `default.toml`.

use std::time::Duration;

use bus::RabbitSettings;
use egress::EgressSection;
use runtime::{
    admin::AdminSettings,
    secret::Secret,
    sections::{KNOWN, LogSection, SandboxSection, VaultSection},
    settings::SettingsError,
};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

/// The reference.
const DEFAULT: &str = include_str!("../default.toml");

/// All the publisher reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct Settings {
    pub publisher: PublisherSettings,
    pub gateway: GatewaySection,
    pub database: DatabaseSettings,
    pub broker: RabbitSettings,
    pub egress: EgressSection,
    pub vault: VaultSection,
    pub media: MediaSection,
    pub sandbox: SandboxSection,
    pub log: LogSection,
}

/// `[publisher]`: how lanes are worked on.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct PublisherSettings {
    pub lanes: u32,
    pub send_timeout_ms: u64,
    pub grace_ms: u64,
    pub lease_ms: u64,
    pub quantum_ms: u64,
    pub shutdown_seconds: u64,
    pub admin: AdminSettings,
}

/// `[gateway]`, as far as it concerns who links to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct GatewaySection {
    pub public_url: String,
}

/// `[media]`, as far as it concerns who reads files and links to them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct MediaSection {
    pub directory: std::path::PathBuf,
    pub signing_key: Secret,
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
        Duration::from_secs(self.publisher.shutdown_seconds)
    }
}

impl PublisherSettings {
    pub(crate) const fn send_timeout(&self) -> Duration {
        Duration::from_millis(self.send_timeout_ms)
    }

    pub(crate) const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(crate) const fn quantum(&self) -> Duration {
        Duration::from_millis(self.quantum_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::settings::{Environment, load_from};

    #[test]
    fn the_reference_is_complete() {
        let settings: Settings = load_from(DEFAULT, KNOWN, &Environment::default()).unwrap();
        assert_eq!(settings.publisher.send_timeout(), Duration::from_secs(30));
    }
}
