//! Which clients there are.

use url::{Host, Url};

use super::super::Bluesky;
use crate::call::{Call, Speaks};
use crate::consent::Redirects;

/// A public client.
pub(super) struct Client {
    pub(super) id: String,
    redirects: Allowed,
    /// What it may ask for; `None`: anything.
    scopes: Option<Vec<String>>,
}

enum Allowed {
    /// As these but for the port.
    AnyPort(Vec<Url>),
    As(Redirects),
}

impl Client {
    pub(super) fn find(call: &Call<Bluesky>, id: &str) -> Option<Self> {
        if let Some(app) = call.core.apps.find(Bluesky::PLATFORM, id) {
            return Some(Self { id: app.client_id, redirects: Allowed::As(app.redirects), scopes: None });
        }
        loopback(id)
    }

    pub(super) fn takes(&self, uri: &str) -> bool {
        match &self.redirects {
            Allowed::As(redirects) => redirects.take(uri),
            Allowed::AnyPort(allowed) => {
                let same = |url: &Url| allowed.iter().any(|each| without_port(each) == without_port(url));
                Url::parse(uri).is_ok_and(|url| same(&url))
            }
        }
    }

    pub(super) fn may_ask(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|each| each == scope))
    }
}

fn without_port(url: &Url) -> (String, Option<String>, String, Option<String>) {
    let text = |text: &str| text.to_owned();
    (text(url.scheme()), url.host_str().map(text), text(url.path()), url.query().map(text))
}

/// A client on a developer's machine: `http://localhost`, with what a document would say in its query.
fn loopback(id: &str) -> Option<Client> {
    let url = Url::parse(id).ok()?;
    let is_bare = url.scheme() == "http" && url.host_str() == Some("localhost") && url.path() == "/";
    let is_plain = url.port().is_none() && url.fragment().is_none() && url.username().is_empty();
    // The port 80 that a URL leaves out may not be written either.
    if !is_bare || !is_plain || !id.starts_with("http://localhost") || id.starts_with("http://localhost:") {
        return None;
    }
    let (mut redirects, mut scopes) = (Vec::new(), None);
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "redirect_uri" => redirects.push(Url::parse(&value).ok().filter(is_this_machine)?),
            "scope" if scopes.is_none() => {
                scopes = Some(value.split_whitespace().map(str::to_owned).collect());
            }
            _ => return None,
        }
    }
    if redirects.is_empty() {
        redirects = ["http://127.0.0.1/", "http://[::1]/"].iter().filter_map(|uri| Url::parse(uri).ok()).collect();
    }
    let scopes = scopes.or_else(|| Some(vec!["atproto".to_owned()]));
    Some(Client { id: id.to_owned(), redirects: Allowed::AnyPort(redirects), scopes })
}

/// By address: the name `localhost` does not do in a redirect.
fn is_this_machine(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    here && url.scheme() == "http" && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_client_describes_itself() {
        let client = loopback("http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&scope=atproto%20blob%3A*%2F*")
            .expect("a client");
        assert!(client.takes("http://127.0.0.1:8080/cb") && client.takes("http://127.0.0.1/cb"));
        for bad in ["http://127.0.0.1/other", "http://[::1]/cb", "http://localhost/cb", "https://127.0.0.1/cb", "cb"] {
            assert!(!client.takes(bad), "{bad}");
        }
        assert!(client.may_ask("blob:*/*") && !client.may_ask("transition:generic"));
        let bare = loopback("http://localhost").expect("a client");
        assert!(bare.takes("http://[::1]:99/") && bare.may_ask("atproto") && !bare.may_ask("blob:*/*"));
    }

    #[test]
    fn others_are_no_loopback_clients() {
        for bad in [
            "https://localhost",
            "http://localhost:80",
            "http://localhost:8080",
            "http://localhost/path",
            "http://localhost.example",
            "http://localhost?colour=red",
            "http://localhost?redirect_uri=http%3A%2F%2Flocalhost%2Fcb",
            "http://localhost?redirect_uri=http%3A%2F%2Fexample.com%2F",
            "http://127.0.0.1",
            "localhost",
        ] {
            assert!(loopback(bad).is_none(), "{bad}");
        }
    }
}
