//! One field, read as what it should be.

use std::{cell::RefCell, fmt::Display, ops::RangeInclusive, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Faults, Object, Place, join};

/// One field, there or not. Reading one that is not there gives `None` and notes nothing.
pub(crate) struct Field<'a> {
    pub(super) value: Option<&'a Value>,
    pub(super) pointer: String,
    pub(super) place: Place,
    pub(super) faults: &'a Faults,
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
    pub(crate) fn list<T>(
        self,
        length: RangeInclusive<usize>,
        read: impl Fn(Field<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
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
        let object =
            Object { fields, pointer: self.pointer, place: self.place, faults: self.faults, known: RefCell::default() };
        let read = read(&object);
        object.refuse_unknown();
        read
    }

    /// An object whose field names are the caller's own, each read by `read` with its name.
    pub(crate) fn map<T>(
        self,
        most: usize,
        read: impl Fn(&'a str, Field<'a>) -> Option<T>,
    ) -> Option<Vec<(&'a str, T)>> {
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
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let span: jiff::Span = text.parse().ok()?;
    let (whole_days, rest) = (i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()), span.weeks(0).days(0));
    if rest.get_months() != 0 || rest.get_years() != 0 {
        return None;
    }
    let rest = SignedDuration::try_from(rest).ok()?;
    rest.checked_add(SignedDuration::from_secs(whole_days.checked_mul(86_400)?))
}
