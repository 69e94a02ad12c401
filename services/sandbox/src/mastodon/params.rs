//! Request parameters as Rails reads them: a form with brackets in its names, or JSON, come to the same.

use actix_web::web::Bytes;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{Mastodon, error};
use crate::answer::Refusal;
use crate::call::Call;

/// Values of one request, by name; those of a form are all text.
#[derive(Debug, Default)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// The body of a request.
    pub(super) fn body(call: &Call<Mastodon>, body: &Bytes) -> Result<Self, Refusal> {
        let content_type = call.header("content-type").unwrap_or_default();
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(map)) => Ok(Self(map)),
                _ => Err(error::bad_request("There was a problem in the JSON you submitted: not an object")),
            },
            "application/x-www-form-urlencoded" => Self::pairs(form_urlencoded::parse(body).into_owned()),
            "" if body.is_empty() => Ok(Self::default()),
            other => Err(error::bad_request(format!("Unsupported content type: {other}"))),
        }
    }

    pub(super) fn query(call: &Call<Mastodon>) -> Result<Self, Refusal> {
        Self::pairs(form_urlencoded::parse(call.request().query_string().as_bytes()).into_owned())
    }

    /// `a=1`, `a[]=1`, `a[b]=1`, `a[b][]=1`.
    pub(super) fn pairs(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Refusal> {
        let mut map = Map::new();
        for (name, value) in pairs {
            let unreadable = || error::bad_request(format!("Invalid parameter name: {name}"));
            let (key, rest) = name.split_once('[').map_or((name.as_str(), ""), |(key, rest)| (key, rest));
            let slot = map.entry(key.to_owned());
            match rest {
                "" => {
                    slot.or_insert(Value::Null);
                    map.insert(key.to_owned(), value.into());
                }
                "]" => push(slot.or_insert_with(|| Value::Array(Vec::new())), value).ok_or_else(unreadable)?,
                rest => {
                    let inner = slot.or_insert_with(|| Value::Object(Map::new()));
                    let inner = inner.as_object_mut().ok_or_else(unreadable)?;
                    match rest.strip_suffix("][]").or(rest.strip_suffix(']')) {
                        Some(field) if rest.ends_with("][]") => {
                            let list = inner.entry(field.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                            push(list, value).ok_or_else(unreadable)?;
                        }
                        Some(field) if !field.contains('[') => {
                            inner.insert(field.to_owned(), value.into());
                        }
                        _ => return Err(unreadable()),
                    }
                }
            }
        }
        Ok(Self(map))
    }

    /// Refuses what is not documented.
    pub(super) fn only(self, known: &[&str]) -> Result<Self, Refusal> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => Err(error::unprocessable(format!("Unknown parameter (the sandbox is strict): {unknown}"))),
            None => Ok(self),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Text; numbers and booleans are read as such.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.get(name).map(|value| scalar(value).ok_or_else(|| wrong(name))).transpose()
    }

    /// Text that is not empty.
    pub(super) fn word(&self, name: &str) -> Result<Option<String>, Refusal> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some(text) = self.word(name)? else {
            return Ok(None);
        };
        match text.as_str() {
            "true" | "1" | "on" | "t" => Ok(Some(true)),
            "false" | "0" | "off" | "f" => Ok(Some(false)),
            _ => Err(wrong(name)),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.word(name)?.map(|text| text.parse().map_err(|_| wrong(name))).transpose()
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Refusal> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(|item| scalar(item).ok_or_else(|| wrong(name))).collect(),
            Some(_) => Err(wrong(name)),
        }
    }

    pub(super) fn nested(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self(map.clone()))),
            Some(_) => Err(wrong(name)),
        }
    }
}

fn push(list: &mut Value, item: String) -> Option<()> {
    list.as_array_mut()?.push(item.into());
    Some(())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn wrong(name: &str) -> Refusal {
    error::unprocessable(format!("Validation failed: {name} is invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_as_rails_reads_them() {
        let form = b"status=a+b&media_ids[]=1&media_ids[]=2&poll[options][]=x&poll[options][]=y&poll[expires_in]=300";
        let params = Params::pairs(form_urlencoded::parse(form).into_owned()).expect("readable");
        assert_eq!(params.text("status").ok().flatten().as_deref(), Some("a b"));
        assert_eq!(params.list("media_ids").expect("a list"), ["1", "2"]);
        let poll = params.nested("poll").expect("readable").expect("there");
        assert_eq!(poll.list("options").expect("a list"), ["x", "y"]);
        assert_eq!(poll.number("expires_in").ok().flatten(), Some(300));
    }

    #[test]
    fn nonsense_is_refused_and_not_fatal() {
        for form in ["a=1&a[]=2", "a[]=1&a[b]=2", "a[b=1", "a[b][c]=1", "a[b]=1&a[b][]=2"] {
            assert!(Params::pairs(form_urlencoded::parse(form.as_bytes()).into_owned()).is_err(), "{form}");
        }
    }
}
