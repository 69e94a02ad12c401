//! Credentials as a caller handed them in.

use domain::target::{ErrorCode, Refusal};
use serde_json::{Map, Value};

/// Longest single value worth looking at.
const MAX_VALUE: usize = 8 * 1024;

/// Reads credentials field by field and remembers every fault; messages name fields and never show their values.
pub(crate) struct Given<'a> {
    fields: Option<&'a Map<String, Value>>,
    faults: Vec<String>,
}

impl<'a> Given<'a> {
    /// Credentials of which only `known` fields may be there.
    pub(crate) fn new(given: &'a Value, known: &[&str]) -> Self {
        let fields = given.as_object();
        let mut faults = Vec::new();
        match fields {
            None => faults.push("`credentials` must be an object".to_owned()),
            Some(fields) => {
                let unknown = fields.keys().filter(|name| !known.contains(&name.as_str()));
                faults.extend(unknown.map(|name| format!("`{}` is not known here", crate::words::clean(name))));
            }
        }
        Self { fields, faults }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.fields.and_then(|fields| fields.get(name)).filter(|value| !value.is_null())
    }

    /// A string that may be missing.
    pub(crate) fn optional(&mut self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        match value.as_str().map(str::trim) {
            Some("") => self.faults.push(format!("`{name}` is empty")),
            Some(text) if text.len() > MAX_VALUE => self.faults.push(format!("`{name}` is too long")),
            Some(text) if text.chars().any(char::is_control) => {
                self.faults.push(format!("`{name}` holds control characters"));
            }
            Some(text) => return Some(text),
            None => self.faults.push(format!("`{name}` must be a string")),
        }
        None
    }

    /// A string that must be there; empty once a fault was noted, which [`Given::finish`] reports.
    pub(crate) fn required(&mut self, name: &str) -> &'a str {
        if self.fields.is_some() && self.value(name).is_none() {
            self.faults.push(format!("`{name}` is missing"));
        }
        self.optional(name).unwrap_or_default()
    }

    /// A list of strings that may be missing.
    pub(crate) fn list(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let items: Option<Vec<String>> =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match items {
            Some(items) if items.len() <= 100 && items.iter().all(|item| item.len() <= 200) => items,
            Some(_) => {
                self.faults.push(format!("`{name}` is too long"));
                Vec::new()
            }
            None => {
                self.faults.push(format!("`{name}` must be a list of strings"));
                Vec::new()
            }
        }
    }

    /// Notes a fault of a field's content.
    pub(crate) fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(format!("`{name}` {what}"));
    }

    /// Every fault at once.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.faults.is_empty() { Ok(()) } else { Err(refusal(self.faults.join("; "))) }
    }
}

/// Credentials that cannot be used, before the network was asked or by what it said.
pub(crate) fn refusal(message: impl Into<String>) -> Refusal {
    Refusal::Rejected { code: ErrorCode::PlatformError, message: message.into(), http_status: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_is_named_and_no_value_is_shown() {
        // given
        let value = json!({"identifer": "alice", "app_password": 1_234_567, "service": " "});
        // when
        let mut given = Given::new(&value, &["service", "identifier", "app_password"]);
        given.optional("service");
        given.required("identifier");
        given.required("app_password");
        // then
        let Err(Refusal::Rejected { message, .. }) = given.finish() else { panic!("not refused") };
        assert_eq!(
            message,
            "`identifer` is not known here; `service` is empty; `identifier` is missing; `app_password` must be a string"
        );
    }

    #[test]
    fn null_is_the_same_as_missing() {
        let value = json!({"service": null});
        let mut given = Given::new(&value, &["service"]);
        assert_eq!(given.optional("service"), None);
        assert!(given.finish().is_ok());
    }
}
