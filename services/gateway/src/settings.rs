//! What the operator decides. The reference is `default.toml`.

use std::time::Duration;

use bus::RabbitSettings;
use egress::EgressSection;
use runtime::{
    admin::AdminSettings,
    secret::Secret,
    sections::{KNOWN, LogSection, SandboxSection},
    settings::{Environment, Known, SettingsError},
};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

/// The reference.
const DEFAULT: &str = include_str!("../default.toml");

/// What only seals is not to be told how to open: not even a mistaken deployment gets that far.
const WITHHELD: (&str, &str) =
    ("vault.private_keys", "the gateway seals and must not be able to open; it takes vault.public_keys alone");

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
    pub oauth_url: String,
    pub shutdown_seconds: u64,
    pub admin: AdminSettings,
}

/// `[vault]`, without what opens.
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

impl Settings {
    /// Reads them over this process's environment.
    ///
    /// # Errors
    /// As [`Settings::load_from`].
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_from(&Environment::of_process())
    }

    /// Reads them over the given variables.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable at fault; [`SettingsError::Withheld`] when there are private keys.
    pub fn load_from(environment: &Environment) -> Result<Self, SettingsError> {
        let known = Known::from(KNOWN).withholding(WITHHELD.0, WITHHELD.1);
        runtime::settings::load_from(DEFAULT, known, environment)
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.gateway.shutdown_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_complete() {
        assert_eq!(Settings::load_from(&Environment::default()).unwrap().gateway.port, 8080);
    }

    #[test]
    fn private_keys_are_refused_by_name() {
        for name in ["FANFARE__VAULT__PRIVATE_KEYS", "FANFARE__VAULT__PRIVATE_KEYS_FILE"] {
            let refused = Settings::load_from(&Environment::of([(name, "fsk1_secret")])).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("must not be able to open"), "{refused}");
            assert!(!refused.contains("fsk1_secret"), "{refused}");
        }
    }
}
