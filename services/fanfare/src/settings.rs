//! What the operator decides. The reference is `default.toml`.

use std::time::Duration;

use bus::RabbitSettings;
use egress::EgressSection;
use runtime::{
    admin::AdminSettings,
    sections::{KNOWN, LogSection, SandboxSection, VaultSection},
    settings::SettingsError,
};
use serde::{Deserialize, Serialize};
use store::DatabaseSettings;

const DEFAULT: &str = include_str!("../default.toml");

/// Everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) fanfare: ProcessSection,
    pub(crate) gateway: GatewaySection,
    pub(crate) publisher: PublisherSection,
    pub(crate) dispatcher: DispatcherSection,
    pub(crate) connector: ConnectorSection,
    pub(crate) database: DatabaseSettings,
    pub(crate) broker: RabbitSettings,
    pub(crate) egress: EgressSection,
    pub(crate) vault: VaultSection,
    pub(crate) media: gateway::MediaSection,
    pub(crate) sandbox: sandbox::Settings,
    pub(crate) platforms: connector::DefaultAppsSection,
    pub(crate) log: LogSection,
}

/// `[fanfare]`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProcessSection {
    pub(crate) shutdown_seconds: u64,
    pub(crate) admin: AdminSettings,
}

/// `[gateway]`, without what the process has once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GatewaySection {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) workers: usize,
    pub(crate) public_url: String,
}

/// `[publisher]`, without what the process has once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PublisherSection {
    pub(crate) lanes: u32,
    pub(crate) send_timeout_ms: u64,
    pub(crate) grace_ms: u64,
    pub(crate) lease_ms: u64,
    pub(crate) quantum_ms: u64,
}

/// `[dispatcher]`, without what the process has once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DispatcherSection {
    pub(crate) endpoints: usize,
    pub(crate) exchange_timeout_ms: u64,
    pub(crate) lease_ms: u64,
}

/// `[connector]`, without what the process has once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ConnectorSection {
    pub(crate) questions: u16,
    pub(crate) identify_timeout_ms: u64,
    pub(crate) consent_timeout_ms: u64,
    pub(crate) lanes: usize,
    pub(crate) refresh_timeout_ms: u64,
    pub(crate) first_wait_ms: u64,
    pub(crate) longest_wait_ms: u64,
    pub(crate) lease_ms: u64,
}

impl Settings {
    /// Reads them over this process's environment.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable at fault.
    pub(crate) fn load() -> Result<Self, SettingsError> {
        runtime::settings::load(DEFAULT, KNOWN)
    }

    pub(crate) fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.fanfare.shutdown_seconds)
    }

    /// The settings of the gateway inside this process; its admin port is this process's.
    pub(crate) fn of_gateway(&self, public_keys: String) -> gateway::Settings {
        gateway::Settings {
            gateway: gateway::ServerSettings {
                host: self.gateway.host.clone(),
                port: self.gateway.port,
                workers: self.gateway.workers,
                public_url: self.gateway.public_url.clone(),
                oauth_url: String::new(),
                shutdown_seconds: self.fanfare.shutdown_seconds,
                admin: self.fanfare.admin.clone(),
            },
            database: self.database.clone(),
            broker: self.broker.clone(),
            egress: self.egress.clone(),
            vault: gateway::VaultSection { public_keys },
            media: self.media.clone(),
            sandbox: SandboxSection { url: self.sandbox.url.clone() },
            log: self.log.clone(),
        }
    }

    /// The settings of the publisher inside this process.
    pub(crate) fn of_publisher(&self) -> publisher::PublisherSettings {
        publisher::PublisherSettings {
            lanes: self.publisher.lanes,
            send_timeout_ms: self.publisher.send_timeout_ms,
            grace_ms: self.publisher.grace_ms,
            lease_ms: self.publisher.lease_ms,
            quantum_ms: self.publisher.quantum_ms,
            shutdown_seconds: self.fanfare.shutdown_seconds,
            admin: self.fanfare.admin.clone(),
        }
    }

    /// The settings of the dispatcher inside this process.
    pub(crate) fn of_dispatcher(&self) -> dispatcher::DispatcherSettings {
        dispatcher::DispatcherSettings {
            endpoints: self.dispatcher.endpoints,
            exchange_timeout_ms: self.dispatcher.exchange_timeout_ms,
            lease_ms: self.dispatcher.lease_ms,
            shutdown_seconds: self.fanfare.shutdown_seconds,
            admin: self.fanfare.admin.clone(),
        }
    }

    /// The settings of the connector inside this process; browsers reach it where callers reach the gateway.
    pub(crate) fn of_connector(&self) -> connector::ConnectorSettings {
        connector::ConnectorSettings {
            host: self.gateway.host.clone(),
            port: self.gateway.port,
            public_url: self.gateway.public_url.clone(),
            questions: self.connector.questions,
            identify_timeout_ms: self.connector.identify_timeout_ms,
            consent_timeout_ms: self.connector.consent_timeout_ms,
            lanes: self.connector.lanes,
            refresh_timeout_ms: self.connector.refresh_timeout_ms,
            first_wait_ms: self.connector.first_wait_ms,
            longest_wait_ms: self.connector.longest_wait_ms,
            lease_ms: self.connector.lease_ms,
            shutdown_seconds: self.fanfare.shutdown_seconds,
            admin: self.fanfare.admin.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
