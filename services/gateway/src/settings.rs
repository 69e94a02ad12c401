//! What the operator decides. The reference is `default.toml`.

use std::time::Duration;

use bus::RabbitSettings;
use runtime::{admin::AdminSettings, secret::Secret, settings::SettingsError, telemetry::LogFormat};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

/// The reference.
pub const DEFAULT: &str = include_str!("../default.toml");

/// The sections of all services: what none of them has is a misspelling.
pub const SECTIONS: &[&str] = &[
    "broker",
    "connector",
    "database",
    "dispatcher",
    "egress",
    "fanfare",
    "gateway",
    "log",
    "media",
    "platforms",
    "publisher",
    "sandbox",
    "vault",
];

/// All the gateway reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct Settings {
    pub gateway: ServerSettings,
    pub database: DatabaseSettings,
    pub broker: RabbitSettings,
    pub egress: EgressSection,
    pub vault: VaultSection,
    pub media: MediaSection,
    pub sandbox: SandboxSection,
    pub log: LogSection,
}

/// `[gateway]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct ServerSettings {
    pub host: String,
    pub port: u16,
    pub workers: usize,
    pub public_url: String,
    pub shutdown_seconds: u64,
    pub admin: AdminSettings,
}

/// `[egress]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct EgressSection {
    pub allow: Vec<String>,
}

/// `[vault]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct VaultSection {
    pub public_keys: String,
}

/// `[media]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct MediaSection {
    pub directory: std::path::PathBuf,
    pub signing_key: Secret,
    pub max_upload_bytes: u64,
    pub upload_seconds: u32,
    pub kept_hours: u32,
}

/// `[sandbox]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct SandboxSection {
    pub url: String,
}

/// `[log]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "default.toml documents each")]
pub struct LogSection {
    pub format: LogFormat,
    pub filter: String,
}

impl Settings {
    /// Reads them over this process's environment.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable at fault.
    pub fn load() -> Result<Self, SettingsError> {
        runtime::settings::load(DEFAULT, SECTIONS)
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.gateway.shutdown_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::settings::{Environment, load_from};

    #[test]
    fn the_reference_is_complete_and_its_sections_are_known() {
        let none: [(String, String); 0] = [];
        let settings: Settings = load_from(DEFAULT, SECTIONS, &Environment::of(none)).unwrap();
        assert_eq!(settings.gateway.port, 8080);
        let shown = serde_json::to_value(&settings).unwrap();
        for section in shown.as_object().unwrap().keys() {
            assert!(SECTIONS.contains(&section.as_str()), "{section}");
        }
    }
}
