//! Reading a record's objects field by field. Every field that is not asked for is refused.

use serde_json::{Map, Value};

use super::super::error;
use crate::answer::Refusal;

/// Why a record is not valid, in the words of the reference PDS where they are known.
#[derive(Debug)]
pub(in super::super) struct Invalid(String);

impl Invalid {
    pub(super) fn new(path: &str, problem: impl AsRef<str>) -> Self {
        Self(format!("{path} {}", problem.as_ref()))
    }

    pub(in super::super) fn refusal(self) -> Refusal {
        error::invalid_request(format!("Invalid app.bsky.feed.post record: {}", self.0))
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.0
    }
}

/// An object at a path such as `Record/embed/images/0`.
pub(super) struct Fields<'a> {
    pub(super) path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// An object with no other fields than `known` and `$type`, which may be left out but not be another than `name`.
    pub(super) fn of(value: &'a Value, path: String, name: &str, known: &[&str]) -> Result<Self, Invalid> {
        let map = value.as_object().ok_or_else(|| Invalid::new(&path, "must be an object"))?;
        if let Some(unknown) = map.keys().find(|key| *key != "$type" && !known.contains(&key.as_str())) {
            return Err(Invalid::new(&format!("{path}/{unknown}"), "is not a documented field"));
        }
        match map.get("$type") {
            None => {}
            Some(Value::String(given)) if given == name => {}
            Some(other) => return Err(Invalid::new(&format!("{path}/$type"), format!("must be {name}, got {other}"))),
        }
        Ok(Self { path, map })
    }

    pub(super) fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.path)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    pub(super) fn required(&self, key: &str) -> Result<&'a Value, Invalid> {
        self.get(key).ok_or_else(|| Invalid::new(&self.path, format!("must have the property \"{key}\"")))
    }

    pub(super) fn string(&self, key: &str) -> Result<&'a str, Invalid> {
        text(self.required(key)?, &self.at(key))
    }

    pub(super) fn optional_string(&self, key: &str) -> Result<Option<&'a str>, Invalid> {
        self.get(key).map(|value| text(value, &self.at(key))).transpose()
    }

    pub(super) fn integer(&self, key: &str, least: u64) -> Result<u64, Invalid> {
        let number = self.required(key)?.as_u64().filter(|number| *number >= least);
        number.ok_or_else(|| Invalid::new(&self.at(key), format!("must be an integer of at least {least}")))
    }

    /// An optional list of at most `most`.
    pub(super) fn list(&self, key: &str, most: usize) -> Result<&'a [Value], Invalid> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) if items.len() <= most => Ok(items),
            Some(Value::Array(_)) => {
                Err(Invalid::new(&self.at(key), format!("must not have more than {most} elements")))
            }
            Some(_) => Err(Invalid::new(&self.at(key), "must be an array")),
        }
    }
}

pub(super) fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str, Invalid> {
    value.as_str().ok_or_else(|| Invalid::new(path, "must be a string"))
}

/// `did:method:rest`.
pub(super) fn is_did(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let (scheme, method, rest) = (parts.next(), parts.next(), parts.next());
    let lower = |method: &str| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_lowercase());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:%-".contains(&byte);
    scheme == Some("did")
        && method.is_some_and(lower)
        && rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain) && !rest.ends_with([':', '%']))
}

/// An absolute URI in the loose sense of the protocol: a scheme, a colon and no spaces.
pub(super) fn is_uri(text: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let well_formed = |(head, rest): (&str, &str)| scheme(head) && !rest.is_empty();
    text.len() <= 8192
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
        && text.split_once(':').is_some_and(well_formed)
}
