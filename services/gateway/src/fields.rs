//! Reading a request's fields so that every fault is told at once, each with its place.
//!
//! A request type has one function that reads it from an [`Object`]: it takes every field into a variable first and
//! only then builds the value, so that one missing field hides no other. Fields that were never asked for are unknown
//! and faults too.

use std::{cell::RefCell, fmt::Display, ops::RangeInclusive, str::FromStr};

use domain::fault::Fault;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// Notes one.
    pub(crate) fn add(&self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.note(Fault::new(pointer, code, detail));
    }

    /// Notes one that names a network or an account.
    pub(crate) fn note(&self, fault: Fault) {
        self.0.borrow_mut().push(fault);
    }

    /// Notes each U+0000 in a value, which PostgreSQL cannot store.
    pub(crate) fn refuse_nul(&self, value: &Value) {
        self.nul_below(String::new(), value);
    }

    fn nul_below(&self, pointer: String, value: &Value) {
        match value {
            Value::String(text) if text.contains('\0') => {
                self.add(pointer, "nul_character", "must not contain U+0000");
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.nul_below(format!("{pointer}/{index}"), item);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    let pointer = join(&pointer, name);
                    if name.contains('\0') {
                        self.add(pointer.clone(), "nul_character", "a field's name must not contain U+0000");
                    }
                    self.nul_below(pointer, value);
                }
            }
            _ => {}
        }
    }

    /// An error when there is any fault.
    ///
    /// # Errors
    /// [`Problem::Invalid`] with all of them.
    pub(crate) fn check(self) -> Result<(), Problem> {
        let faults = self.0.into_inner();
        if faults.is_empty() { Ok(()) } else { Err(Problem::Invalid(faults)) }
    }

    /// What was read, unless there is any fault.
    ///
    /// # Errors
    /// [`Problem::Invalid`] with all of them.
    pub(crate) fn check_read<T>(self, read: Option<T>) -> Result<T, Problem> {
        self.check()?;
        read.ok_or_else(|| Problem::Internal("a request was not read and nothing was found wrong with it".to_owned()))
    }

    /// Reads a body's object. `None` when it, or a field it needs, is at fault.
    pub(crate) fn object<T>(&self, value: &Value, read: impl FnOnce(&Object<'_>) -> Option<T>) -> Option<T> {
        Field { value: Some(value), pointer: String::new(), place: Place::Body, faults: self }.object(read)
    }

    /// Reads the parameters of a query, all of them texts.
    pub(crate) fn query<T>(&self, parameters: &Value, read: impl FnOnce(&Object<'_>) -> Option<T>) -> Option<T> {
        Field { value: Some(parameters), pointer: String::new(), place: Place::Query, faults: self }.object(read)
    }
}

/// RFC 6901: a name may hold the two characters that pointers use.
fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Pointers are JSON pointers.
    Body,
    /// Pointers are `?name`; numbers and flags are written as text.
    Query,
}

/// An object being read.
pub(crate) struct Object<'a> {
    fields: &'a Map<String, Value>,
    pointer: String,
    place: Place,
    faults: &'a Faults,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Object<'a> {
    /// A field that may be left out; `null` is the same as leaving it out.
    pub(crate) fn optional(&self, name: &'static str) -> Field<'a> {
        self.known.borrow_mut().push(name);
        let value = self.fields.get(name).filter(|value| !value.is_null());
        Field { value, pointer: self.place_of(name), place: self.place, faults: self.faults }
    }

    /// A field that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Field<'a> {
        let field = self.optional(name);
        if field.value.is_none() {
            field.fault("required", "is required");
        }
        field
    }

    /// A field where `null` means something else than leaving it out: `None` when it was left out or is at fault,
    /// `Some(None)` when it is `null`.
    pub(crate) fn nullable<T>(&self, name: &'static str, read: impl FnOnce(Field<'a>) -> Option<T>) -> Option<Option<T>> {
        let field = self.optional(name);
        if self.fields.get(name).is_some_and(Value::is_null) { Some(None) } else { read(field).map(Some) }
    }

    /// Notes a fault of the object itself.
    pub(crate) fn fault(&self, code: &'static str, detail: impl Into<String>) {
        self.faults.add(self.pointer.clone(), code, detail);
    }

    /// Notes a fault of one of its fields, whose pointer [`Field::pointer`] gave.
    pub(crate) fn fault_at(&self, pointer: String, code: &'static str, detail: impl Into<String>) {
        self.faults.add(pointer, code, detail);
    }

    fn place_of(&self, name: &str) -> String {
        match self.place {
            Place::Body => join(&self.pointer, name),
            Place::Query => format!("?{name}"),
        }
    }

    fn refuse_unknown(&self) {
        let known = self.known.borrow();
        for name in self.fields.keys().filter(|name| !known.contains(&name.as_str())) {
            let detail = match (known.is_empty(), self.place) {
                (true, Place::Body) => "is not a field here; there is none".to_owned(),
                (true, Place::Query) => "is not a parameter here; there is none".to_owned(),
                (false, Place::Body) => format!("is not a field here; there are {}", known.join(", ")),
                (false, Place::Query) => format!("is not a parameter here; there are {}", known.join(", ")),
            };
            self.faults.add(self.place_of(name), "unknown_field", detail);
        }
    }
}

/// One field, there or not. Reading one that is not there gives `None` and notes nothing.
pub(crate) struct Field<'a> {
    value: Option<&'a Value>,
    pointer: String,
    place: Place,
    faults: &'a Faults,
}

impl<'a> Field<'a> {
    /// Where it is.
    pub(crate) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The value as it is.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// Notes a fault of this field.
    pub(crate) fn fault(&self, code: &'static str, detail: impl Into<String>) {
        self.faults.add(self.pointer.clone(), code, detail);
    }

    fn typed<T>(&self, kind: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let read = read(self.value?);
        if read.is_none() {
            self.fault("wrong_type", format!("must be {kind}"));
        }
        read
    }

    /// A text with so many characters.
    pub(crate) fn text(self, length: RangeInclusive<usize>) -> Option<&'a str> {
        let text = self.typed("a string", Value::as_str)?;
        let found = text.chars().count();
        if found < *length.start() {
            let detail = match length.start() {
                1 => "must not be empty".to_owned(),
                least => format!("must have at least {least} characters; this has {found}"),
            };
            self.fault("too_short", detail);
            return None;
        }
        if found > *length.end() {
            self.fault("too_long", format!("must have at most {} characters; this has {found}", length.end()));
            return None;
        }
        Some(text)
    }

    /// A text as [`Field::text`] reads it, and the field, for a closer look.
    pub(crate) fn text_kept(self, length: RangeInclusive<usize>) -> Option<(&'a str, Self)> {
        let again = Self { pointer: self.pointer.clone(), ..self };
        Some((self.text(length)?, again))
    }

    /// Notes a fault and gives nothing.
    pub(crate) fn refuse<T>(&self, code: &'static str, detail: impl Into<String>) -> Option<T> {
        self.fault(code, detail);
        None
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.place {
            Place::Body => self.typed("true or false", Value::as_bool),
            Place::Query => self.typed("true or false", |value| value.as_str()?.parse().ok()),
        }
    }

    /// A whole number.
    pub(crate) fn integer(self, within: RangeInclusive<i64>) -> Option<i64> {
        let number = match self.place {
            Place::Body => self.typed("a whole number", Value::as_i64),
            Place::Query => self.typed("a whole number", |value| value.as_str()?.parse().ok()),
        }?;
        if !within.contains(&number) {
            let detail = format!("must be from {} to {}; this is {number}", within.start(), within.end());
            self.fault("out_of_range", detail);
            return None;
        }
        Some(number)
    }

    /// A text that is read as something else, an id for one; the error's words are shown.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(self, code: &'static str) -> Option<T> {
        let text = self.typed("a string", Value::as_str)?;
        text.parse().map_err(|error| self.fault(code, format!("{error}"))).ok()
    }

    /// One of a closed list of words.
    pub(crate) fn word<T: FromStr + strum::IntoEnumIterator + Into<&'static str>>(self) -> Option<T> {
        let text = self.typed("a string", Value::as_str)?;
        let read = text.parse().ok();
        if read.is_none() {
            let words: Vec<&str> = T::iter().map(Into::into).collect();
            self.fault("unknown_word", format!("must be one of {}", words.join(", ")));
        }
        read
    }

    /// RFC 3339 with an offset.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        let text = self.typed("a string", Value::as_str)?;
        let read = text.parse().ok();
        if read.is_none() {
            self.fault("invalid_time", "must be a time as 2026-12-01T15:00:00Z, with its offset");
        }
        read
    }

    /// ISO 8601 in units of one length: weeks, days of 24 hours and below.
    pub(crate) fn duration(self, within: RangeInclusive<SignedDuration>) -> Option<SignedDuration> {
        let text = self.typed("a string", Value::as_str)?;
        let Some(read) = duration(text) else {
            self.fault("invalid_duration", "must be an ISO 8601 duration as PT6H or P1D");
            return None;
        };
        if !within.contains(&read) {
            self.fault("out_of_range", format!("must be from {} to {}", within.start(), within.end()));
            return None;
        }
        Some(read)
    }

    /// A list with so many items, each read by `read`. `None` when it or one of its items is at fault.
    pub(crate) fn list<T>(self, length: RangeInclusive<usize>, read: impl Fn(Field<'a>) -> Option<T>) -> Option<Vec<T>> {
        let items = self.typed("a list", Value::as_array)?;
        if items.len() < *length.start() {
            self.fault("too_few", format!("must have at least {} items; this has {}", length.start(), items.len()));
        }
        if items.len() > *length.end() {
            // What is over the limit is not looked at: a huge list must not make a huge answer.
            self.fault("too_many", format!("must have at most {} items; this has {}", length.end(), items.len()));
        }
        let read: Vec<Option<T>> = items
            .iter()
            .take(*length.end())
            .enumerate()
            .map(|(index, value)| {
                let pointer = format!("{}/{index}", self.pointer);
                read(Field { value: Some(value), pointer, place: self.place, faults: self.faults })
            })
            .collect();
        if !length.contains(&items.len()) {
            return None;
        }
        read.into_iter().collect()
    }

    /// An object with known fields.
    pub(crate) fn object<T>(self, read: impl FnOnce(&Object<'a>) -> Option<T>) -> Option<T> {
        let fields = self.typed("an object", Value::as_object)?;
        let object = Object {
            fields,
            pointer: self.pointer,
            place: self.place,
            faults: self.faults,
            known: RefCell::default(),
        };
        let read = read(&object);
        object.refuse_unknown();
        read
    }

    /// An object whose field names are the caller's own, each read by `read` with its name.
    pub(crate) fn map<T>(self, most: usize, read: impl Fn(&'a str, Field<'a>) -> Option<T>) -> Option<Vec<(&'a str, T)>> {
        let fields = self.typed("an object", Value::as_object)?;
        if fields.len() > most {
            self.fault("too_many", format!("must have at most {most} fields; this has {}", fields.len()));
            return None;
        }
        let read: Vec<Option<(&str, T)>> = fields
            .iter()
            .map(|(name, value)| {
                let pointer = join(&self.pointer, name);
                let field = Field { value: Some(value), pointer, place: self.place, faults: self.faults };
                read(name, field).map(|value| (name.as_str(), value))
            })
            .collect();
        read.into_iter().collect()
    }

    /// An object of any content.
    pub(crate) fn any_object(self) -> Option<&'a Value> {
        self.typed("an object", |value| value.is_object().then_some(value))
    }
}

/// Months and years have no length of their own and are refused.
fn duration(text: &str) -> Option<SignedDuration> {
    let span: jiff::Span = text.parse().ok()?;
    let (whole_days, rest) = (i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()), span.weeks(0).days(0));
    if rest.get_months() != 0 || rest.get_years() != 0 {
        return None;
    }
    let rest = SignedDuration::try_from(rest).ok()?;
    rest.checked_add(SignedDuration::from_secs(whole_days.checked_mul(86_400)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug)]
    struct Thing {
        name: String,
        count: i64,
    }

    fn read(object: &Object<'_>) -> Option<Thing> {
        let name = object.required("name").text(1..=5);
        let count = object.required("count").integer(1..=10);
        object.optional("tags").list(0..=2, |tag| tag.text(1..=3));
        object.optional("inner").object(|inner| inner.required("at").timestamp());
        Some(Thing { name: name?.to_owned(), count: count? })
    }

    fn faults(value: &Value) -> Vec<(String, &'static str)> {
        let faults = Faults::default();
        faults.refuse_nul(value);
        let read = faults.object(value, read);
        match faults.check_read(read) {
            Err(Problem::Invalid(faults)) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
            other => panic!("expected faults, not {other:?}"),
        }
    }

    #[test]
    fn every_fault_is_told_at_once_each_with_its_place() {
        // given
        let value = json!({
            "name": "too long", "tags": ["a\0", 7], "inner": {"at": "tomorrow", "x/y": 1}, "surprise~": null,
        });
        // when
        let mut found = faults(&value);
        found.sort();
        // then
        let expected = [
            ("/count", "required"),
            ("/inner/at", "invalid_time"),
            ("/inner/x~1y", "unknown_field"),
            ("/name", "too_long"),
            ("/surprise~0", "unknown_field"),
            ("/tags/0", "nul_character"),
            ("/tags/1", "wrong_type"),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn what_is_no_object_is_one_fault() {
        assert_eq!(faults(&json!([1])), [(String::new(), "wrong_type")]);
    }

    #[test]
    fn a_good_one_is_read() {
        let faults = Faults::default();
        let thing = faults.object(&json!({"name": "a", "count": 2, "tags": null}), read);
        let thing = faults.check_read(thing).unwrap();
        assert_eq!((thing.name.as_str(), thing.count), ("a", 2));
    }

    #[test]
    fn durations_have_a_length_of_their_own() {
        assert_eq!(duration("PT6H"), Some(SignedDuration::from_hours(6)));
        assert_eq!(duration("P1DT1S"), Some(SignedDuration::from_secs(86_401)));
        assert_eq!(duration("P2W"), Some(SignedDuration::from_hours(14 * 24)));
        for text in ["P1M", "P1Y", "6h later", "", "PT"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn null_can_mean_something_else_than_leaving_out() {
        let faults = Faults::default();
        let value = json!({"a": null, "b": "x"});
        faults.object(&value, |object| {
            assert_eq!(object.nullable("a", |field| field.text(0..=9)), Some(None));
            assert_eq!(object.nullable("b", |field| field.text(0..=9)), Some(Some("x")));
            assert_eq!(object.nullable("c", |field| field.text(0..=9)), None);
            Some(())
        });
        faults.check().unwrap();
    }
}
