//! Parameters of a request: query, form, multipart and JSON come to the same (fact sheet part 1, section 2.1).

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{Bytes, Payload};
use serde_json::Value;
use url::form_urlencoded;

use super::Problem;
use crate::body::{self, PartsProblem};

/// Taken everywhere.
const EVERYWHERE: [&str; 4] = ["access_token", "appsecret_proof", "format", "locale"];
/// Taken wherever something is read.
const FIELDS: &str = "fields";

/// The longest body that is not an upload, in bytes.
const LONGEST: usize = 1 << 20;

/// Values by name; those of a form are all text.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, Bytes>,
    /// Something is to be changed rather than read.
    is_post: bool,
}

impl Params {
    /// The parameters of a request whose body is something else.
    pub(crate) fn query(request: &HttpRequest) -> Self {
        let mut params = Self::default();
        params.pairs(form_urlencoded::parse(request.query_string().as_bytes()).into_owned());
        params
    }

    /// The parameters of a request. `uploads` is the most that a multipart body may hold, in bytes.
    pub(crate) async fn read(request: &HttpRequest, payload: Payload, uploads: usize) -> Result<Self, Problem> {
        let mut params = Self::query(request);
        if request.method() == Method::POST {
            params.is_post = true;
            params.body(request, payload, uploads).await?;
        }
        Ok(params)
    }

    async fn body(&mut self, request: &HttpRequest, payload: Payload, uploads: usize) -> Result<(), Problem> {
        let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if content_type == "multipart/form-data" {
            return self.multipart(request, payload, uploads).await;
        }
        let body = body::collect(payload, LONGEST).await.ok_or_else(too_large)?;
        match content_type {
            "application/json" => match serde_json::from_slice(&body) {
                Ok(Value::Object(map)) => self.values.extend(map),
                _ => return Err(Problem::invalid("The request body is not a JSON object")),
            },
            "application/x-www-form-urlencoded" => self.pairs(form_urlencoded::parse(&body).into_owned()),
            _ if body.is_empty() => {}
            other => return Err(Problem::invalid(format!("Unsupported content type: {other}"))),
        }
        Ok(())
    }

    async fn multipart(&mut self, request: &HttpRequest, payload: Payload, uploads: usize) -> Result<(), Problem> {
        let parts = body::parts(request.headers(), payload, uploads.saturating_add(LONGEST)).await;
        let parts = parts.map_err(|problem| match problem {
            PartsProblem::TooLarge => too_large(),
            PartsProblem::Malformed => Problem::invalid("The multipart body cannot be read"),
        })?;
        for part in parts {
            // A part with a content type of its own is a file, as browsers write it.
            match part.content_type {
                Some(kind) if !kind.starts_with("text/plain") => drop(self.files.insert(part.name, part.bytes)),
                _ => {
                    let text = String::from_utf8_lossy(&part.bytes).into_owned();
                    self.values.insert(part.name, text.into());
                }
            }
        }
        Ok(())
    }

    fn pairs(&mut self, pairs: impl Iterator<Item = (String, String)>) {
        self.values.extend(pairs.map(|(name, value)| (name, value.into())));
    }

    /// Refuses what is not documented for this call.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let names = self.values.keys().chain(self.files.keys());
        let mut bare = names.map(|name| name.split('[').next().unwrap_or_default());
        let reads = |name: &str| !self.is_post && name == FIELDS;
        match bare.find(|name| !known.contains(name) && !EVERYWHERE.contains(name) && !reads(name)) {
            Some(unknown) => {
                Err(Problem::invalid(format!("Unknown parameter (the sandbox is strict): {}", clipped(unknown))))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn file(&self, name: &str) -> Option<&Bytes> {
        self.files.get(name)
    }

    /// Text; numbers and booleans are read as such.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.get(name)
            .map(|value| match value {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                Value::Bool(flag) => Ok(flag.to_string()),
                _ => Err(wrong(name, "a string")),
            })
            .transpose()
    }

    /// Text that is not empty.
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    /// A word that has to be there.
    pub(crate) fn needed(&self, name: &str) -> Result<String, Problem> {
        self.word(name)?.ok_or_else(|| Problem::invalid(format!("The parameter {name} is required")))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.word(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(wrong(name, "a boolean")),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.word(name)?.map(|text| text.parse().map_err(|_| wrong(name, "an integer"))).transpose()
    }

    /// A list: JSON's own, JSON as text, `name[0]=`, or words between commas.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Value>, Problem> {
        if let Some(Value::Array(items)) = self.get(name) {
            return Ok(items.clone());
        }
        if let Some(text) = self.word(name)? {
            return match text.starts_with('[') {
                true => serde_json::from_str(&text).map_err(|_| wrong(name, "an array")),
                false => Ok(text.split(',').map(|item| item.trim().into()).collect()),
            };
        }
        let indexed = (0..).map_while(|index| self.get(&format!("{name}[{index}]")));
        Ok(indexed.map(structured).collect())
    }

    /// A list of ids, which are text or numbers.
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<u64>, Problem> {
        let id = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        self.list(name)?.iter().map(|value| id(value).ok_or_else(|| wrong(name, "a list of ids"))).collect()
    }

    /// A structured value: JSON's own or JSON as text.
    pub(crate) fn structure(&self, name: &str) -> Option<Value> {
        self.get(name).map(structured)
    }
}

fn structured(value: &Value) -> Value {
    let inside = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    inside.unwrap_or_else(|| value.clone())
}

fn clipped(name: &str) -> String {
    name.chars().take(60).collect()
}

fn wrong(name: &str, kind: &str) -> Problem {
    Problem::invalid(format!("Param {name} must be {kind}"))
}

fn too_large() -> Problem {
    Problem::invalid("The request is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Params {
        let mut params = Params::default();
        params.pairs(form_urlencoded::parse(text.as_bytes()).into_owned());
        params
    }

    #[test]
    fn a_list_is_written_in_four_ways() {
        let mut json = Params::default();
        json.values.insert("ids".to_owned(), serde_json::json!(["1", 2]));
        let written = [json, form("ids=1,2"), form("ids=[\"1\",2]"), form("ids[0]=1&ids[1]=2")];
        for params in written {
            assert_eq!(params.ids("ids").expect("ids"), [1, 2], "{params:?}");
            assert!(params.only(&["ids"]).is_ok() && params.only(&["other"]).is_err());
        }
        assert!(form("ids=1,x").ids("ids").is_err() && form("ids=[1").list("ids").is_err());
    }

    #[test]
    fn words_are_read_strictly() {
        let params = form("published=maybe&limit=-1&message=&access_token=t");
        assert!(params.flag("published").is_err() && params.number("limit").is_err());
        assert_eq!(params.text("message").expect("text").as_deref(), Some(""));
        assert!(params.word("message").expect("text").is_none() && params.needed("message").is_err());
    }
}
