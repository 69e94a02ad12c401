//! Where browsers come in, when the connector is a process of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use url::Url;

use crate::{ConnectorError, ConnectorSettings};

/// An address that connections may come in at, before anybody answers.
pub struct Listening {
    pub(crate) listener: TcpListener,
    /// Where.
    pub addr: SocketAddr,
    /// The origin browsers use.
    pub origin: Url,
}

/// Binds.
///
/// # Errors
/// [`ConnectorError`] when the address is taken, or the public one is no origin.
pub fn bind(settings: &ConnectorSettings) -> Result<Listening, ConnectorError> {
    let at = |source| ConnectorError::Bind { host: settings.host.clone(), port: settings.port, source };
    let listener = TcpListener::bind((settings.host.as_str(), settings.port)).map_err(at)?;
    let addr = listener.local_addr().map_err(at)?;
    Ok(Listening { listener, addr, origin: origin(&settings.public_url, addr)? })
}

fn origin(public_url: &str, addr: SocketAddr) -> Result<Url, ConnectorError> {
    // "Any address" is nothing a browser could go to.
    let host = match addr.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let own = format!("http://{}", SocketAddr::new(host, addr.port()));
    let text = if public_url.is_empty() { &own } else { public_url };
    let bad = |problem: String| ConnectorError::Setting { key: "connector.public_url", problem };
    let url: Url = text.parse().map_err(|error| bad(format!("is not a URL: {error}")))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match matches!(url.scheme(), "http" | "https") && plain {
        true => Ok(url),
        false => Err(bad("must be an origin as https://connect.example.com, without a path".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_an_address_they_can_go_to() {
        let origin = |public: &str, addr: &str| origin(public, addr.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(origin("", "0.0.0.0:81").unwrap(), "http://127.0.0.1:81/");
        assert_eq!(origin("", "[::1]:81").unwrap(), "http://[::1]:81/");
        assert_eq!(origin("https://connect.example", "0.0.0.0:81").unwrap(), "https://connect.example/");
        for bad in ["connect.example", "ftp://a", "https://a/b", "https://u@a", "https://a/?x"] {
            assert!(origin(bad, "0.0.0.0:81").is_err(), "{bad}");
        }
    }
}
