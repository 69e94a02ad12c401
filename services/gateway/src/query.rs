//! A request's query, read as strictly as a body: a misspelt filter is a fault and never silently all there is.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::{Map, Value};

use crate::{
    fields::{Faults, Object},
    problem::Problem,
};

/// The parameters as they came in.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the parameters with `read`; every fault at once, its pointer being `?` and the parameter's name. An empty
    /// parameter counts as left out.
    ///
    /// # Errors
    /// [`Problem::Invalid`].
    pub(crate) fn read<T>(self, read: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Problem> {
        let faults = Faults::default();
        let mut fields = Map::new();
        for (name, value) in self.0 {
            if name.contains('\0') || value.contains('\0') {
                faults.add(format!("?{name}"), "nul_character", "must not contain U+0000");
            }
            let value = if value.is_empty() { Value::Null } else { Value::String(value) };
            if fields.insert(name.clone(), value).is_some() {
                faults.add(format!("?{name}"), "repeated", "must be given once");
            }
        }
        let fields = Value::Object(fields);
        let read = faults.query(&fields, read);
        faults.check_read(read)
    }
}

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        ready(Ok(Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())))
    }
}
