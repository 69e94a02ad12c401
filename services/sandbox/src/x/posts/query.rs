//! Query parameters of reads: known names, known field names.

use std::collections::HashMap;

use jiff::Timestamp;
use url::form_urlencoded;

use super::super::{X, error};
use crate::answer::Refusal;
use crate::call::Call;

pub(in super::super) struct Query(HashMap<String, String>);

/// Fields asked for besides the usual ones.
pub(in super::super) struct Fields(Vec<String>);

impl Fields {
    pub(in super::super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field == name)
    }
}

impl Query {
    pub(in super::super) fn read(call: &Call<X>, known: &[&str]) -> Result<Self, Refusal> {
        let mut values = HashMap::new();
        for (name, value) in form_urlencoded::parse(call.request().query_string().as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                let message = format!("The query parameter [{name}] is not one of [{}]", known.join(","));
                return Err(error::invalid(&name, value, message));
            }
            values.insert(name, value);
        }
        Ok(Self(values))
    }

    pub(in super::super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(in super::super) fn fields(&self, name: &str, known: &[&str]) -> Result<Fields, Refusal> {
        let wanted: Vec<String> =
            self.get(name).into_iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
        match wanted.iter().find(|field| !known.contains(&field.as_str())) {
            Some(unknown) => {
                let message =
                    format!("The `{name}` query parameter value [{unknown}] is not one of [{}]", known.join(","));
                Err(error::invalid(name, unknown.clone(), message))
            }
            None => Ok(Fields(wanted)),
        }
    }

    pub(super) fn id(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.get(name).map(|text| id(name, text)).transpose()
    }

    pub(super) fn number(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let message = || format!("The `{name}` query parameter value [{text}] is not between {least} and {most}");
        number.map(Some).ok_or_else(|| error::invalid(name, text, message()))
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let message = || format!("The `{name}` query parameter value [{text}] is not a valid RFC 3339 time");
        text.parse().map(Some).map_err(|_| error::invalid(name, text, message()))
    }
}

/// An id: 1 to 19 digits.
pub(in super::super) fn id(parameter: &str, text: &str) -> Result<u64, Refusal> {
    let plain = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let message = || format!("The `{parameter}` query parameter value [{text}] is not valid");
    plain.then(|| text.parse().ok()).flatten().ok_or_else(|| error::invalid(parameter, text, message()))
}
