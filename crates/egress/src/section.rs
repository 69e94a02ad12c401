//! The door as the operator sets it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::door::EgressSettings;

/// `[egress]` of a service's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EgressSection {
    /// As in [`EgressSettings`].
    pub allow: Vec<String>,
    /// The most time for name, TCP and TLS together, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Trusted certificates in PEM, in place of Mozilla's; empty for Mozilla's.
    pub ca_file: PathBuf,
}

impl From<&EgressSection> for EgressSettings {
    fn from(section: &EgressSection) -> Self {
        let ca_file = &section.ca_file;
        Self {
            allow: section.allow.clone(),
            connect_timeout: Duration::from_millis(section.connect_timeout_ms),
            ca_file: (!ca_file.as_os_str().is_empty()).then(|| ca_file.clone()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_file_that_is_not_named_is_none() {
        let named = |ca_file: &str| {
            let section =
                EgressSection { allow: vec!["a:1".to_owned()], connect_timeout_ms: 250, ca_file: ca_file.into() };
            EgressSettings::from(&section)
        };
        assert_eq!(named("").ca_file, None);
        let settings = named("/etc/roots.pem");
        assert_eq!(settings.ca_file, Some("/etc/roots.pem".into()));
        assert_eq!((settings.connect_timeout, settings.allow), (Duration::from_millis(250), vec!["a:1".to_owned()]));
    }
}
