//! Somebody who calls an HTTP API.

use std::time::Duration;

use egress::{
    Body, Deadline, Door, EgressSettings, ExchangeError, HeaderMap, HeaderName, HeaderValue, Limits, Method, Request,
};
use serde_json::Value;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(90);
const LARGEST_ANSWER: usize = 64 << 20;

/// Calls one origin, with a key or without.
#[derive(Clone)]
pub struct Caller {
    origin: Url,
    key: Option<String>,
    door: Door,
}

/// An answer with its JSON.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// `null` when the body is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Caller {
    /// A caller without a key.
    ///
    /// # Panics
    /// When the origin cannot be called at all.
    pub fn of(origin: &Url) -> Self {
        let door = Door::new(&EgressSettings::default()).expect("the default door").only(origin);
        Self { origin: origin.clone(), key: None, door }
    }

    /// The same with a key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// Where it calls.
    pub fn origin(&self) -> &Url {
        &self.origin
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None, &[]).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// `POST` without a body.
    pub async fn poke(&self, path: &str) -> Reply {
        self.call(Method::POST, path, None, &[]).await
    }

    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body), &[]).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None, &[]).await
    }

    /// Any call that is answered.
    ///
    /// # Panics
    /// When it is not.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Reply {
        let body = body.map_or(Body::Empty, Body::Json);
        self.try_call(method.clone(), path, body, headers)
            .await
            .unwrap_or_else(|error| panic!("{method} {path} at {}: {error}", self.origin))
    }

    /// Any call, which may find nobody there.
    ///
    /// # Errors
    /// [`ExchangeError`] says whether the other side may have seen it.
    ///
    /// # Panics
    /// When the call itself makes no sense.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> Result<Reply, ExchangeError> {
        let header = |text: &str| HeaderValue::try_from(text).expect("a header's value");
        let mut request = Request::new(method, self.origin.join(path).expect("a path")).body(body);
        if let Some(key) = &self.key {
            request = request.header(HeaderName::from_static("authorization"), header(&format!("Bearer {key}")));
        }
        for (name, value) in headers {
            request = request.header(HeaderName::try_from(*name).expect("a header's name"), header(value));
        }
        let limits = Limits::new(Deadline::after(PATIENCE), LARGEST_ANSWER);
        let answer = self.door.exchange(request, limits).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        Ok(Reply {
            status: answer.status.as_u16(),
            headers: answer.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }
}

impl Reply {
    /// The body, once the status is what it should be.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }
}
