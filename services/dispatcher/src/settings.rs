//! Settings; `default.toml` is the reference.

use std::{path::PathBuf, time::Duration};

use bus::RabbitSettings;
use egress::EgressSettings;
use runtime::{admin::AdminSettings, secret::Secret, settings::SettingsError, telemetry::LogFormat};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

/// The reference, with the defaults.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// What the receiver sees.
pub const USER_AGENT: &str = "Fanfare-Webhooks/1";

/// Everything a dispatcher that runs alone needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// PostgreSQL.
    pub database: DatabaseSettings,
    /// RabbitMQ.
    pub broker: RabbitSettings,
    /// The private keys.
    pub vault: VaultSection,
    /// The door out.
    pub egress: EgressSection,
    /// Its own part, also when it runs inside another process.
    pub dispatcher: DispatcherSettings,
    /// Logs.
    pub log: LogSection,
}

/// What opens sealed secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VaultSection {
    /// `fsk1_...`, separated by commas.
    pub private_keys: Secret,
}

/// What the door lets through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EgressSection {
    /// `host:port` pairs exempt from the address guard.
    pub allow: Vec<String>,
    /// PEM; empty for Mozilla's roots.
    pub ca_file: PathBuf,
    /// Name, TCP and TLS.
    pub connect_timeout_ms: u64,
}

/// How deliveries are made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DispatcherSettings {
    /// Endpoints served at once.
    pub endpoints: usize,
    /// The whole exchange, connecting included.
    pub exchange_timeout_ms: u64,
    /// How long a lane is held without being renewed.
    pub lease_ms: u64,
    /// From the first signal to the hard end.
    pub shutdown_seconds: u64,
    /// The admin port.
    pub admin: AdminSettings,
}

/// How logs look.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogSection {
    /// `json` or `pretty`.
    pub format: LogFormat,
    /// `info,dispatcher=debug`
    pub filter: String,
}

impl Settings {
    /// The defaults under what the environment and the settings file say.
    ///
    /// # Errors
    /// [`SettingsError`] naming the variable or key at fault.
    pub fn load() -> Result<Self, SettingsError> {
        runtime::settings::load(DEFAULT_TOML, SECTIONS)
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.dispatcher.shutdown_seconds)
    }

    pub(crate) fn egress(&self) -> EgressSettings {
        let ca_file = &self.egress.ca_file;
        EgressSettings {
            allow: self.egress.allow.clone(),
            connect_timeout: Duration::from_millis(self.egress.connect_timeout_ms),
            user_agent: USER_AGENT.to_owned(),
            ca_file: (!ca_file.as_os_str().is_empty()).then(|| ca_file.clone()),
        }
    }
}

/// The sections of all services: what none of them has is a misspelling.
const SECTIONS: &[&str] = &[
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

impl DispatcherSettings {
    pub(crate) fn exchange_timeout(&self) -> Duration {
        Duration::from_millis(self.exchange_timeout_ms)
    }

    /// Shorter ones would be lost to any hiccup.
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms.max(1_000))
    }

    /// A message of the bus is taken whole, so there is room for the largest.
    pub(crate) fn permits(&self) -> usize {
        self.endpoints.max(domain::job::LANES_PER_MESSAGE)
    }
}

#[cfg(test)]
mod tests {
    use runtime::settings::{Environment, load_from};

    use super::*;

    #[test]
    fn the_reference_holds_what_the_contract_says() {
        let nothing: [(&str, &str); 0] = [];
        let settings: Settings = load_from(DEFAULT_TOML, SECTIONS, &Environment::of(nothing)).unwrap();
        let egress = settings.egress();
        assert_eq!(egress.connect_timeout, Duration::from_secs(5));
        assert_eq!(settings.dispatcher.exchange_timeout(), Duration::from_secs(20));
        assert_eq!(egress.user_agent, "Fanfare-Webhooks/1");
        assert!(egress.allow.is_empty() && egress.ca_file.is_none());
    }
}
