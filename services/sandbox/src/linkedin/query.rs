//! Query parameters; an unknown one is refused.

use std::collections::HashMap;

use url::form_urlencoded;

use super::{LinkedIn, error};
use crate::answer::Refusal;
use crate::call::Call;

pub(super) struct Query(HashMap<String, String>);

impl Query {
    pub(super) fn read(call: &Call<LinkedIn>, known: &[&str]) -> Result<Self, Refusal> {
        let mut values = HashMap::new();
        for (name, value) in form_urlencoded::parse(call.request().query_string().as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                let message = format!("Unpermitted query parameter (the sandbox is strict): {name}");
                return Err(error::bad_request("ILLEGAL_ARGUMENT", message));
            }
            values.insert(name, value);
        }
        Ok(Self(values))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Refuses a parameter that has another value than this one, or none.
    pub(super) fn must_be(&self, name: &str, wanted: &str) -> Result<(), Refusal> {
        if self.get(name) == Some(wanted) {
            return Ok(());
        }
        Err(error::bad_request("ILLEGAL_ARGUMENT", format!("{name} must be {wanted}")))
    }
}
