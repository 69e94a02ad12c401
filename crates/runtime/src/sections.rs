//! The sections of settings that several services read the same way, and the names of all there are.
//!
//! A service's reference lists what that service reads and nothing else, so that each holds only the secrets it uses.
//! All of them can nevertheless be given one environment: what only others read is in [`KNOWN`] and is passed over.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, telemetry::LogFormat};

/// Every section of every service; and, of sections that several services read, the keys that only some of them do.
/// A test of the `fanfare` binary compares it with the references.
pub const KNOWN: &[&str] = &[
    "admin",
    "broker",
    "connector",
    "connector.admin.host",
    "connector.admin.port",
    "connector.host",
    "connector.port",
    "connector.public_url",
    "connector.shutdown_seconds",
    "database",
    "dispatcher",
    "dispatcher.admin.host",
    "dispatcher.admin.port",
    "dispatcher.shutdown_seconds",
    "egress",
    "fanfare",
    "gateway",
    "gateway.admin.host",
    "gateway.admin.port",
    "gateway.host",
    "gateway.oauth_url",
    "gateway.port",
    "gateway.shutdown_seconds",
    "gateway.workers",
    "log",
    "media",
    "media.kept_hours",
    "media.max_upload_bytes",
    "media.upload_seconds",
    "platforms",
    "publisher",
    "publisher.admin.host",
    "publisher.admin.port",
    "publisher.shutdown_seconds",
    "sandbox",
    "sandbox.data_dir",
    "sandbox.enforce_quotas",
    "sandbox.host",
    "sandbox.max_upload_bytes",
    "sandbox.port",
    "sandbox.processing_ms",
    "sandbox.workers",
    "vault",
    "vault.private_keys",
    "vault.public_keys",
];

/// `[vault]` of a service that opens what is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VaultSection {
    /// `fsk1_...` keys, separated by commas: all open, the first one's public half seals.
    pub private_keys: Secret,
}

/// `[sandbox]` of a service that sends there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SandboxSection {
    /// Its origin; empty where there is none.
    pub url: String,
}

/// `[log]`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogSection {
    /// JSON or text.
    pub format: LogFormat,
    /// `level` or `level,crate=level,...`.
    pub filter: String,
}
