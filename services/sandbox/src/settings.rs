//! What the operator of a sandbox decides. The reference is `default.toml` beside this crate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// Settings of one sandbox. Unknown keys are errors, missing ones take the default named here.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address to bind. Default `127.0.0.1`.
    pub host: IpAddr,
    /// Port to bind; 0 takes a free one. Default 8090.
    pub port: u16,
    /// Where the journal (ledger, accounts, tokens, keys) and uploaded bytes live. Default `.dev/sandbox`.
    pub data_dir: PathBuf,
    /// The origin that callers use, when it is not `http://<host>:<port>`: every URL the sandbox writes starts with it.
    pub public_url: Option<Url>,
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
            public_url: None,
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
}
