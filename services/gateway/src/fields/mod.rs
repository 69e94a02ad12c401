//! Reading a request's fields so that every fault is told at once, each with its place.
//!
//! A request type has one function that reads it from an [`Object`]: it takes every field into a variable first and
//! only then builds the value, so that one missing field hides no other. Fields that were never asked for are unknown
//! and faults too.

mod field;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use domain::fault::Fault;
use serde_json::{Map, Value};

pub(crate) use field::Field;

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
    pub(crate) fn nullable<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Field<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
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
