//! Which URLs may be reached: the part of the guard that needs no DNS.

use url::{Host, Position, Url};

use crate::address::refusal;
use crate::allow::{AllowList, written_plainly};
use crate::error::UrlFault;

/// Where a connection goes, and the key under which it is kept. A connection that was opened without the guard is
/// never handed to an exchange that is under it, so the exemption is part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Destination {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) guarded: bool,
}

/// What a door lets through.
#[derive(Debug)]
pub(crate) enum Scope {
    /// Any public host.
    Public,
    /// One origin and nothing else; that origin is exempt from the guard.
    Only(Url),
}

impl Scope {
    /// Checks all that can be known without asking DNS.
    pub(crate) fn admit(&self, url: &Url, allow: &AllowList) -> Result<Destination, UrlFault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlFault::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::UserInfo);
        }
        let (Some(host), Some(port @ 1..)) = (url.host(), url.port_or_known_default()) else {
            return Err(UrlFault::Host);
        };
        let guarded = match self {
            Self::Only(origin) if origin.origin() != url.origin() => {
                return Err(UrlFault::Origin(origin[..Position::BeforePath].to_owned()));
            }
            Self::Only(_) => false,
            Self::Public => !allow.exempts(url),
        };
        if guarded {
            if url.scheme() != "https" {
                return Err(UrlFault::Scheme(url.scheme().to_owned()));
            }
            check_literal(&host)?;
        }
        Ok(Destination { https: url.scheme() == "https", host: host.to_string(), port, guarded })
    }

    /// Parses what a user wrote. An exemption holds only for a host in its plain spelling.
    pub(crate) fn parse(&self, text: &str, allow: &AllowList) -> Result<(Url, Destination), UrlFault> {
        let url = Url::parse(text).map_err(|error| UrlFault::Syntax(error.to_string()))?;
        let destination = self.admit(&url, allow)?;
        if !destination.guarded && !written_plainly(text, &url) {
            let kind = "an exempt host in another spelling";
            return Err(UrlFault::Address { host: destination.host, kind });
        }
        Ok((url, destination))
    }
}

/// No DNS runs for literal hosts, so they are checked here. The parser has already turned `0x7f.1`, `2130706433`,
/// `127.1`, full-width digits and a trailing dot into the address they mean.
fn check_literal(host: &Host<&str>) -> Result<(), UrlFault> {
    let kind = match host {
        Host::Ipv4(address) => refusal((*address).into()),
        Host::Ipv6(address) => refusal((*address).into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost")).then_some("a loopback address")
        }
    };
    match kind {
        Some(kind) => Err(UrlFault::Address { host: host.to_string(), kind }),
        None => Ok(()),
    }
}
