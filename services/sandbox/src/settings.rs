//! What the operator of a sandbox decides. The reference is `default.toml`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use runtime::admin::AdminSettings;
use runtime::settings::{SettingsError, load};
use runtime::telemetry::LogFormat;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::SandboxError;

/// The reference.
const DEFAULT: &str = include_str!("../default.toml");

/// Sections that other services read from the same environment.
const OTHERS: &[&str] = &[
    "broker",
    "connector",
    "database",
    "dispatcher",
    "egress",
    "fanfare",
    "gateway",
    "media",
    "platforms",
    "publisher",
    "shutdown",
    "vault",
];

/// Everything a sandbox that runs as a process of its own needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceSettings {
    /// The sandbox itself.
    pub sandbox: Settings,
    /// The admin port.
    pub admin: AdminSettings,
    /// Logs.
    pub log: LogSettings,
}

/// How the log looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogSettings {
    /// JSON or text.
    pub format: LogFormat,
    /// `level` or `level,crate=level,...`.
    pub filter: String,
}

impl ServiceSettings {
    /// The defaults, a file and the environment, in that order.
    pub fn load() -> Result<Self, SettingsError> {
        load(DEFAULT, OTHERS)
    }
}

/// Settings of one sandbox. Missing ones take the default named here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Address to bind. Default `127.0.0.1`.
    pub host: IpAddr,
    /// Port to bind; 0 takes a free one. Default 8090.
    pub port: u16,
    /// Where the journal (ledger, accounts, tokens, keys) and uploaded bytes live. Default `.dev/sandbox`.
    pub data_dir: PathBuf,
    /// The origin that callers use, without a path: every URL the sandbox writes starts with it. Empty, the default, is
    /// `http://<host>:<port>`.
    pub url: String,
    /// Whether the networks' rate limits are enforced from the start; `POST /_sandbox/quotas` changes it. Default off.
    pub enforce_quotas: bool,
    /// Largest upload taken on any network, in bytes, also where the network itself takes more. Default 64 MiB.
    pub max_upload_bytes: usize,
    /// How long a video or animation is "processing", in milliseconds of the sandbox's clock. Default 1000.
    pub processing_ms: u64,
    /// HTTP worker threads. Default 2.
    pub workers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8090,
            data_dir: PathBuf::from(".dev/sandbox"),
            url: String::new(),
            enforce_quotas: false,
            max_upload_bytes: 64 * 1024 * 1024,
            processing_ms: 1000,
            workers: 2,
        }
    }
}

impl Settings {
    /// The address to bind.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
    /// The origin for callers of a sandbox that listens at `address`; no slash at the end.
    pub(crate) fn origin(&self, address: SocketAddr) -> Result<String, SandboxError> {
        if self.url.is_empty() {
            return Ok(format!("http://{address}"));
        }
        let refused = || SandboxError::Origin { url: self.url.clone() };
        let url = Url::parse(&self.url).map_err(|_| refused())?;
        let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
        if plain { Ok(url.origin().ascii_serialization()) } else { Err(refused()) }
    }
}

#[cfg(test)]
mod tests {
    use runtime::settings::{Environment, load_from};

    use super::*;

    #[test]
    fn the_reference_says_what_the_defaults_are() {
        let none: [(&str, &str); 0] = [];
        let loaded: ServiceSettings = load_from(DEFAULT, OTHERS, &Environment::of(none)).expect("the reference");
        let shown = |settings: &Settings| serde_json::to_value(settings).expect("plain data");
        assert_eq!(shown(&loaded.sandbox), shown(&Settings::default()));
    }

    #[test]
    fn an_origin_has_no_path() {
        let address = Settings::default().address();
        let origin = |url: &str| Settings { url: url.to_owned(), ..Settings::default() }.origin(address).ok();
        assert_eq!(origin("").as_deref(), Some("http://127.0.0.1:8090"));
        assert_eq!(origin("https://box.example/").as_deref(), Some("https://box.example"));
        for bad in ["box.example", "ftp://box.example", "https://box.example/a", "https://box.example/?a"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
