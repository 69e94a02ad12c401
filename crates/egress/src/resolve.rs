//! Names to addresses, with the guard in between: what is checked here is what is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::address::refusal;
use crate::error::UrlFault;

/// Looks names up. The door asks once per new connection and never twice for one connection, so a name that changes
/// its answer (DNS rebinding) gains nothing.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of `host`, most preferred first.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
pub(crate) struct SystemResolver {
    slots: Arc<Semaphore>,
}

/// `getaddrinfo` blocks a thread for as long as a name server stays silent; a bound keeps a dead one from eating the
/// blocking threads that file access needs too.
const CONCURRENT_LOOKUPS: usize = 64;

impl SystemResolver {
    pub(crate) fn new() -> Self {
        Self { slots: Arc::new(Semaphore::new(CONCURRENT_LOOKUPS)) }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the caller, who may have given up already.
            let _slot = slot;
            let mut found: Vec<IpAddr> = Vec::new();
            for address in (host.as_str(), 0).to_socket_addrs()? {
                if !found.contains(&address.ip()) {
                    found.push(address.ip());
                }
            }
            Ok(found)
        })
        .await
        .map_err(io::Error::other)?
    }
}

/// The addresses of `host` to connect to; refused as a whole when the guard applies and any one of them is bad.
pub(crate) async fn addresses(
    resolver: &dyn Resolve,
    host: &url::Host<&str>,
    port: u16,
    guarded: bool,
) -> Result<Vec<SocketAddr>, UrlFault> {
    let found = match host {
        url::Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        url::Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        url::Host::Domain(name) => resolver
            .resolve(name)
            .await
            .map_err(|error| UrlFault::Unresolved(format!("cannot resolve {name}: {error}")))?,
    };
    if found.is_empty() {
        return Err(UrlFault::Unresolved(format!("cannot resolve {host}: it has no address")));
    }
    if guarded && let Some(kind) = found.iter().find_map(|address| refusal(*address)) {
        return Err(UrlFault::Address { host: host.to_string(), kind });
    }
    Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}
