//! OAuth apps: one ready-made for each network and variant, and those made by `POST /_sandbox/apps`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rand::Rng;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::lock::locked;
use crate::network::Platform;

/// An app that is there from the start. Its secret is no secret: the same in every sandbox, so that it can stand in a
/// test's settings and outlives `DELETE /_sandbox`.
pub(crate) struct ReadyMade {
    pub(crate) variant: &'static str,
    pub(crate) client_id: &'static str,
    /// `None`: a public client.
    pub(crate) client_secret: Option<&'static str>,
}

/// What a network's client ids look like.
#[derive(Clone, Copy)]
pub(crate) enum ClientIds {
    /// Letters and digits.
    Word,
    /// Sixteen digits.
    Number,
    /// The https address of a document that describes the client.
    Address,
}

impl ClientIds {
    fn fresh(self) -> String {
        match self {
            Self::Word => opaque(25),
            Self::Number => rand::rng().random_range(1_000_000_000_000_000..10_000_000_000_000_000u64).to_string(),
            Self::Address => format!("https://{}.test/client-metadata.json", opaque(12).to_lowercase()),
        }
    }
}

/// Where an app may have people sent back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Redirects {
    /// Anywhere on this machine.
    Loopback,
    /// Character by character one of these.
    Exactly(Vec<String>),
}

impl Redirects {
    pub(crate) fn take(&self, uri: &str) -> bool {
        match self {
            Self::Loopback => is_loopback(uri),
            Self::Exactly(uris) => uris.iter().any(|each| each == uri),
        }
    }
}

/// Whether an address is an http one on this machine.
fn is_loopback(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    here && matches!(url.scheme(), "http" | "https") && url.fragment().is_none()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) platform: Platform,
    pub(crate) variant: String,
    pub(crate) client_id: String,
    /// `None`: a public client.
    pub(crate) client_secret: Option<String>,
    pub(crate) redirects: Redirects,
}

impl App {
    /// An app with a new name and, unless it is public, a new secret.
    pub(crate) fn new(platform: Platform, variant: &str, is_public: bool, redirects: Redirects) -> Self {
        let client_secret = (!is_public).then(|| opaque(40));
        let client_id = platform.entry().client_ids.fresh();
        Self { platform, variant: variant.to_owned(), client_id, client_secret, redirects }
    }

    fn ready_made(platform: Platform, app: &ReadyMade) -> Self {
        Self {
            platform,
            variant: app.variant.to_owned(),
            client_id: app.client_id.to_owned(),
            client_secret: app.client_secret.map(str::to_owned),
            redirects: Redirects::Loopback,
        }
    }

    /// Whether this proves to be the app: its secret, or nothing for one that has none.
    pub(crate) fn is_proven_by(&self, secret: Option<&str>) -> bool {
        self.client_secret.as_deref() == secret
    }
}

/// All apps, by their network and client id.
pub(crate) struct Apps(Mutex<BTreeMap<(&'static str, String), App>>);

impl Default for Apps {
    fn default() -> Self {
        let ready = Platform::ALL.into_iter().flat_map(|platform| {
            let made = platform.entry().apps.iter().map(move |app| App::ready_made(platform, app));
            made.map(|app| ((app.platform.name(), app.client_id.clone()), app))
        });
        Self(Mutex::new(ready.collect()))
    }
}

impl Apps {
    pub(crate) fn find(&self, platform: Platform, client_id: &str) -> Option<App> {
        locked(&self.0).get(&(platform.name(), client_id.to_owned())).cloned()
    }

    pub(crate) fn add(&self, app: App) {
        locked(&self.0).insert((app.platform.name(), app.client_id.clone()), app);
    }

    pub(crate) fn list(&self) -> Vec<App> {
        locked(&self.0).values().cloned().collect()
    }
}

/// Random letters and digits, for secrets, codes and tokens.
pub(crate) fn opaque(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_made_app_takes_this_machine_only() {
        for good in ["http://127.0.0.1:8080/a?b=c", "http://localhost/", "https://[::1]:1/cb", "http://127.9.9.9/"] {
            assert!(Redirects::Loopback.take(good), "{good}");
        }
        for bad in [
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://example.com/?localhost",
            "http://localhost@example.com/",
            "http://localhost/#a",
            "javascript:localhost",
            "localhost",
            "",
        ] {
            assert!(!Redirects::Loopback.take(bad), "{bad}");
        }
    }

    #[test]
    fn a_strict_app_compares_every_character() {
        let strict = Redirects::Exactly(vec!["https://app.example/cb".to_owned()]);
        assert!(strict.take("https://app.example/cb"));
        for bad in ["https://app.example/cb/", "https://app.example/cb?a", "https://APP.example/cb", ""] {
            assert!(!strict.take(bad), "{bad}");
        }
    }
}
