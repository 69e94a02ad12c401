//! The operator's own OAuth apps, for projects that bring none.

use std::collections::BTreeMap;

use domain::platform::Platform;
use runtime::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::{ConnectorError, Networks};

/// The variant of networks that have one of each.
pub(crate) const DEFAULT_VARIANT: &str = "default";

/// What an app of that variant is called in settings; others have `_` and their name behind it.
const KEY: &str = "default_app";

/// `[platforms.<name>]`: of each network its apps, by `default_app` or `default_app_<variant>`.
pub type DefaultAppsSection = BTreeMap<Platform, BTreeMap<String, DefaultApp>>;

/// `[platforms.<name>.default_app]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DefaultApp {
    /// The network's name of it; empty where there is no app.
    pub client_id: String,
    /// Empty where the network knows it as a public client.
    pub client_secret: Secret,
    /// What is asked for when nobody says; empty for the network's usual scopes.
    pub scopes: Vec<String>,
}

/// The apps that there are, by network and variant.
#[derive(Debug, Clone, Default)]
pub struct DefaultApps(BTreeMap<(Platform, String), DefaultApp>);

impl DefaultApps {
    /// Reads them from settings.
    ///
    /// # Errors
    /// [`ConnectorError::App`] where a network has no such app, or an app is only half there.
    pub fn of(section: &DefaultAppsSection, networks: &Networks) -> Result<Self, ConnectorError> {
        let mut apps = BTreeMap::new();
        for (platform, own) in section {
            for (key, app) in own {
                let bad = |problem: &'static str| ConnectorError::App { setting: format!("{platform}.{key}"), problem };
                let variant = variant(key).ok_or_else(|| bad("is not called default_app or default_app_<variant>"))?;
                if app.client_id.is_empty() {
                    match app.client_secret.is_empty() && app.scopes.is_empty() {
                        true => continue,
                        false => return Err(bad("has no client_id")),
                    }
                }
                let rules = networks(*platform).consent().and_then(|consent| consent.rules(variant));
                if rules.is_none() {
                    return Err(bad("is an app that this network has no use for"));
                }
                apps.insert((*platform, variant.to_owned()), app.clone());
            }
        }
        Ok(Self(apps))
    }

    pub(crate) fn get(&self, platform: Platform, variant: &str) -> Option<&DefaultApp> {
        self.0.get(&(platform, variant.to_owned()))
    }
}

fn variant(key: &str) -> Option<&str> {
    match key.strip_prefix(KEY)? {
        "" => Some(DEFAULT_VARIANT),
        rest => rest.strip_prefix('_').filter(|variant| !variant.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_named_by_their_variant() {
        for (key, expected) in [
            ("default_app", Some(DEFAULT_VARIANT)),
            ("default_app_facebook", Some("facebook")),
            ("default_app_", None),
            ("default_apps", None),
            ("app", None),
        ] {
            assert_eq!(variant(key), expected, "{key}");
        }
    }
}
