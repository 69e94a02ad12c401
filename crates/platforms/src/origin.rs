//! Addresses of servers that a user or a server named.

use domain::target::Refusal;
use egress::Door;
use url::{Host, Url};

use crate::given;

/// An address as it is put in front of paths: scheme, host, port and maybe a path, without a slash at the end.
///
/// The door's own check stops what a user writes to reach the inside; here only the form is set right. A path is kept,
/// since some servers live under one.
pub(crate) fn parse(door: &Door, field: &str, text: &str) -> Result<Origin, Refusal> {
    let url = door.parse(&with_scheme(text)).map_err(|fault| given::refusal(format!("`{field}`: {fault}")))?;
    Origin::of(&url).ok_or_else(|| given::refusal(format!("`{field}` must be an address without query or fragment")))
}

/// The same form without a door: what an address is called, and not whether it may be reached.
pub(crate) fn read(text: &str) -> Option<Origin> {
    Origin::from_server(&with_scheme(text))
}

fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("https://{}", text.trim_start_matches('/')) }
}

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    url: Url,
}

impl Origin {
    /// `None` for what is no plain address of a web server.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        plain.then(|| Self { url: url.clone() })
    }

    /// An address that a server named.
    pub(crate) fn from_server(text: &str) -> Option<Self> {
        Self::of(&Url::parse(text.trim()).ok()?)
    }

    /// To be put in front of `/path`.
    pub(crate) fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// `host[:port][/path]`: names the server among all others.
    pub(crate) fn realm(&self) -> String {
        let base = self.base();
        base.split_once("://").map_or(base, |(_, rest)| rest).to_owned()
    }

    /// Whether it is a scheme, a host and a port only.
    pub(crate) fn is_bare(&self) -> bool {
        self.url.path() == "/"
    }

    /// Whether it is this very machine's, by its name.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether both are served by the same scheme, host and port.
    pub(crate) fn shares_host_with(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }
}

/// Whether an address is this very machine's, by its name.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_without_scheme_and_slash() {
        for (text, base, realm) in [
            ("https://M.Example/", "https://m.example", "m.example"),
            ("https://m.example:443", "https://m.example", "m.example"),
            ("https://m.example:8443/", "https://m.example:8443", "m.example:8443"),
            (
                "http://127.0.0.1:8090/mastodon/one/",
                "http://127.0.0.1:8090/mastodon/one",
                "127.0.0.1:8090/mastodon/one",
            ),
        ] {
            let origin = Origin::from_server(text).expect(text);
            assert_eq!((origin.base(), origin.realm().as_str()), (base, realm));
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, is_loopback) in [
            ("http://127.0.0.1:8090", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("https://localhost.example", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(read(text).expect(text).is_loopback(), is_loopback, "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_address_is_none() {
        for text in [
            "",
            "m.example",
            "ftp://m.example",
            "https://u:p@m.example",
            "https://m.example/?a",
            "https://m.example/#a",
        ] {
            assert_eq!(Origin::from_server(text), None, "{text}");
        }
    }
}
