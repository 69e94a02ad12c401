//! Whose a setting is.

use config::{Map, Value, ValueKind};

use super::SettingsError;

/// What there is in the whole system: names of sections, and `section.key` for keys that only some of a section's
/// readers have. A service passes over the latter unless its own reference has them.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    names: &'a [&'a str],
    withheld: Option<(&'a str, &'a str)>,
}

impl<'a> Known<'a> {
    /// The same, where the key `section.key` is an error when it is set, and not passed over: for a secret that this
    /// process must never have been near. `reason` is for the operator.
    #[must_use]
    pub fn withholding(self, key: &'a str, reason: &'a str) -> Self {
        Self { withheld: Some((key, reason)), ..self }
    }
}

impl<'a> From<&'a [&'a str]> for Known<'a> {
    fn from(names: &'a [&'a str]) -> Self {
        Self { names, withheld: None }
    }
}

/// Which sections there are, and which are this service's.
pub(super) struct Sections<'a> {
    pub(super) own: &'a Map<String, Value>,
    pub(super) known: Known<'a>,
}

impl Sections<'_> {
    /// Whether a section is this service's; an error when it is nobody's.
    pub(super) fn owns(&self, section: &str, origin: &str) -> Result<bool, SettingsError> {
        if self.own.contains_key(section) {
            return Ok(true);
        }
        if self.known.names.contains(&section) {
            return Ok(false);
        }
        let sections = self.known.names.iter().copied().filter(|name| !name.contains('.'));
        let mut known: Vec<&str> = sections.chain(self.own.keys().map(String::as_str)).collect();
        known.sort_unstable();
        known.dedup();
        Err(SettingsError::UnknownSection {
            section: section.to_owned(),
            origin: origin.to_owned(),
            known: known.join(", "),
        })
    }

    /// Whether a key of a section of ours is there for others only; an error when it is set and must not be.
    pub(super) fn passes_over(
        &self,
        path: &[String],
        origin: &str,
        is_set: impl FnOnce() -> bool,
    ) -> Result<bool, SettingsError> {
        let key = path.join(".");
        if self.default_of(path).is_some() || !self.known.names.contains(&key.as_str()) {
            return Ok(false);
        }
        match self.known.withheld {
            Some((withheld, reason)) if withheld == key && is_set() => {
                Err(SettingsError::Withheld { key, origin: origin.to_owned(), reason: reason.to_owned() })
            }
            _ => Ok(true),
        }
    }

    /// Whether there is such a key, ours or another service's.
    pub(super) fn has(&self, path: &[String]) -> bool {
        self.default_of(path).is_some() || self.known.names.contains(&path.join(".").as_str())
    }

    /// The default at a path, if it has one.
    pub(super) fn default_of(&self, path: &[String]) -> Option<&Value> {
        let (section, keys) = path.split_first()?;
        keys.iter().try_fold(self.own.get(section)?, |value, key| match &value.kind {
            ValueKind::Table(table) => table.get(key),
            _ => None,
        })
    }
}
