//! Settings; `default.toml` is the reference.

use std::time::Duration;

use bus::RabbitSettings;
use egress::{EgressSection, EgressSettings};
use runtime::{
    admin::AdminSettings,
    sections::{KNOWN, LogSection, VaultSection},
    settings::SettingsError,
};
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

impl Settings {
    /// The defaults under what the environment and the settings file say.
    ///
    /// # Errors
    /// [`SettingsError`] naming the variable or key at fault.
    pub fn load() -> Result<Self, SettingsError> {
        runtime::settings::load(DEFAULT_TOML, KNOWN)
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.dispatcher.shutdown_seconds)
    }

    pub(crate) fn egress(&self) -> EgressSettings {
        EgressSettings { user_agent: USER_AGENT.to_owned(), ..(&self.egress).into() }
    }
}

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
        let settings: Settings = load_from(DEFAULT_TOML, KNOWN, &Environment::default()).unwrap();
        let egress = settings.egress();
        assert_eq!(egress.connect_timeout, Duration::from_secs(5));
        assert_eq!(settings.dispatcher.exchange_timeout(), Duration::from_secs(20));
        assert_eq!(egress.user_agent, "Fanfare-Webhooks/1");
        assert!(egress.allow.is_empty() && egress.ca_file.is_none());
    }
}
