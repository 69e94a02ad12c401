//! The caller's `platform_data`, field by field.

use serde_json::{Map, Value};

use crate::words;

/// Longest value worth looking at.
const MAX_VALUE: usize = 1_000;

/// A field at fault, by its pointer below `/platform_data`, and a sentence about it.
pub(crate) type DataFault = (String, String);

/// `platform_data` of which only known fields are there.
pub(crate) struct PlatformData<'a>(Option<&'a Map<String, Value>>);

impl<'a> PlatformData<'a> {
    /// An object, or nothing at all.
    pub(crate) fn read(data: &'a Value, known: &[&str]) -> Result<Self, DataFault> {
        if data.is_null() {
            return Ok(Self(None));
        }
        let Some(fields) = data.as_object() else {
            return Err((String::new(), "must be an object".to_owned()));
        };
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let pointer = format!("/{}", words::clean(name).replace('~', "~0").replace('/', "~1"));
                Err((pointer, "is not known to this network".to_owned()))
            }
            None => Ok(Self(Some(fields))),
        }
    }

    /// A string that may be missing; `null` is the same as missing.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, DataFault> {
        let Some(value) = self.0.and_then(|fields| fields.get(name)).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let fault = |what: &str| Err((format!("/{name}"), what.to_owned()));
        match value.as_str().map(str::trim) {
            None => fault("must be a string"),
            Some("") => fault("is empty"),
            Some(text) if text.len() > MAX_VALUE => fault("is too long"),
            Some(text) if text.chars().any(char::is_control) => fault("holds control characters"),
            Some(text) => Ok(Some(text)),
        }
    }

    /// One of `words`, or nothing.
    pub(crate) fn choice(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, DataFault> {
        let Some(said) = self.text(name)? else { return Ok(None) };
        match words.iter().find(|word| **word == said) {
            Some(word) => Ok(Some(word)),
            None => Err((format!("/{name}"), format!("must be one of {}", words.join(", ")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_fault_is_named_by_its_pointer() {
        let read = |data: Value| -> Result<Option<&'static str>, DataFault> {
            PlatformData::read(&data, &["as"])?.choice("as", &["personal", "organization"])
        };
        assert_eq!(read(json!({"as": "personal"})), Ok(Some("personal")));
        for nothing in [json!(null), json!({}), json!({"as": null})] {
            assert_eq!(read(nothing), Ok(None));
        }
        let fault = |pointer: &str, what: &str| Err((pointer.to_owned(), what.to_owned()));
        assert_eq!(read(json!([])), fault("", "must be an object"));
        assert_eq!(read(json!({"a/b": 1})), fault("/a~1b", "is not known to this network"));
        assert_eq!(read(json!({"as": 7})), fault("/as", "must be a string"));
        assert_eq!(read(json!({"as": " "})), fault("/as", "is empty"));
        assert_eq!(read(json!({"as": "a\nb"})), fault("/as", "holds control characters"));
        assert_eq!(read(json!({"as": "a".repeat(2_000)})), fault("/as", "is too long"));
        assert_eq!(read(json!({"as": "page"})), fault("/as", "must be one of personal, organization"));
    }
}
