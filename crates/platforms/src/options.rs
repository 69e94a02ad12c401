//! A network's options as a caller wrote them, read strictly.

use serde_json::{Map, Value};

use crate::RuleFault;

/// An object of nonsense is not answered with as much of it.
const MAX_UNKNOWN: usize = 20;

/// Reads options one by one and notes every fault with its pointer.
pub(crate) struct Options<'a> {
    network: &'static str,
    prefix: String,
    fields: Option<&'a Map<String, Value>>,
    faults: Vec<RuleFault>,
}

impl<'a> Options<'a> {
    /// Options of which only `known` ones may be there; `null` is the same as none.
    pub(crate) fn new(network: &'static str, options: &'a Value, known: &[&str]) -> Self {
        Self::below(network, String::new(), options, known)
    }

    fn below(network: &'static str, prefix: String, value: &'a Value, known: &[&str]) -> Self {
        let mut options = Self { network, prefix, fields: value.as_object(), faults: Vec::new() };
        match options.fields {
            Some(fields) => {
                for name in fields.keys().filter(|name| !known.contains(&name.as_str())).take(MAX_UNKNOWN) {
                    let detail = format!("{network} has no option of this name; it has {}", known.join(", "));
                    options.fault(name, "unknown_option", detail);
                }
            }
            None if value.is_null() => {}
            None => options.fault_at(String::new(), "invalid_option", "must be an object".to_owned()),
        }
        options
    }

    fn fault_at(&mut self, pointer: String, code: &'static str, detail: String) {
        self.faults.push(RuleFault { part: None, pointer: format!("{}{pointer}", self.prefix), code, detail });
    }

    /// Notes a fault of the option `name`.
    pub(crate) fn fault(&mut self, name: &str, code: &'static str, detail: String) {
        // RFC 6901: a name may hold the two characters that pointers use.
        let name = name.replace('~', "~0").replace('/', "~1");
        self.fault_at(format!("/{name}"), code, detail);
    }

    /// Whether the option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.fields.and_then(|fields| fields.get(name)).filter(|value| !value.is_null())
    }

    fn typed<T>(&mut self, name: &str, kind: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.value(name)?;
        let read = read(value);
        if read.is_none() {
            self.fault(name, "invalid_option", format!("must be {kind}"));
        }
        read
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// Any text.
    pub(crate) fn text(&mut self, name: &str) -> Option<&'a str> {
        self.typed(name, "a string", Value::as_str)
    }

    /// One of a few words.
    pub(crate) fn choice(&mut self, name: &str, words: &[&str]) -> Option<&'a str> {
        let kind = format!("one of {}", words.join(", "));
        self.typed(name, &kind, |value| value.as_str().filter(|word| words.contains(word)))
    }

    /// A whole number within bounds, both included.
    pub(crate) fn integer(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let kind = format!("a whole number from {min} to {max}");
        self.typed(name, &kind, |value| value.as_u64().filter(|number| (min..=max).contains(number)))
    }

    /// A list of texts; `min` to `max` of them.
    pub(crate) fn texts(&mut self, name: &str, min: usize, max: usize) -> Option<Vec<&'a str>> {
        let kind = format!("a list of {min} to {max} strings");
        self.typed(name, &kind, |value| {
            let items = value.as_array().filter(|items| (min..=max).contains(&items.len()))?;
            items.iter().map(Value::as_str).collect()
        })
    }

    /// An object; its faults are added by [`Options::merge`].
    pub(crate) fn object(&mut self, name: &str, known: &[&str]) -> Option<Options<'a>> {
        let value = self.typed(name, "an object", |value| value.is_object().then_some(value))?;
        Some(Self::below(self.network, format!("{}/{name}", self.prefix), value, known))
    }

    /// Takes over the faults of an inner object.
    pub(crate) fn merge(&mut self, inner: Options<'a>) {
        self.faults.extend(inner.faults);
    }

    /// Notes that an option which must be there is missing.
    pub(crate) fn require(&mut self, name: &str) {
        if !self.has(name) {
            self.fault(name, "missing_option", "is missing".to_owned());
        }
    }

    /// At most one of `names` may be there; the later ones are at fault.
    pub(crate) fn exclusive(&mut self, names: &[&str]) {
        let given: Vec<&str> = names.iter().copied().filter(|name| self.has(name)).collect();
        for name in given.iter().skip(1) {
            let detail = format!("{} does not take `{name}` together with `{}`", self.network, given[0]);
            self.fault(name, "conflicting_options", detail);
        }
    }

    /// Every fault.
    pub(crate) fn finish(self) -> Vec<RuleFault> {
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_has_its_pointer() {
        // given
        let value = json!({"a/b": 1, "flag": "yes", "poll": {"options": ["x"], "more": 1}, "none": null});
        // when
        let mut options = Options::new("Net", &value, &["flag", "poll", "none", "must"]);
        options.flag("flag");
        options.require("must");
        let mut poll = options.object("poll", &["options"]).expect("given above");
        poll.texts("options", 2, 4);
        options.merge(poll);
        // then
        let seen: Vec<_> = options.finish().into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        let expected = [
            ("/a~1b", "unknown_option"),
            ("/flag", "invalid_option"),
            ("/must", "missing_option"),
            ("/poll/more", "unknown_option"),
            ("/poll/options", "invalid_option"),
        ];
        assert_eq!(seen, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn what_is_not_an_object_is_one_fault() {
        assert_eq!(Options::new("Net", &json!("x"), &[]).finish().len(), 1);
        assert_eq!(Options::new("Net", &Value::Null, &[]).finish().len(), 0);
    }
}
