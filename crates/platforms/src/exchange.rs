//! One request to a network and its answer, with the limits every call has.

use egress::{Body, ExchangeError, HeaderMap, HeaderName, HeaderValue, Limits, Method, Request, header};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Cx, failure, words};
use domain::target::Refusal;

/// No answer of these APIs comes near this; a longer one is not from the network's API.
pub(crate) const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A request being put together.
#[derive(Clone)]
pub(crate) struct Ask {
    request: Result<Request, String>,
    secrets: Vec<String>,
}

impl Ask {
    /// `base` is an origin, with or without a path; `path` starts with a slash and holds no unchecked input.
    pub(crate) fn new(method: Method, base: &str, path: &str) -> Self {
        let request = Url::parse(&format!("{}{path}", base.trim_end_matches('/')))
            .map(|url| Request::new(method, url))
            .map_err(|error| format!("the address of the server is not usable: {error}"));
        Self { request, secrets: Vec::new() }
    }

    pub(crate) fn get(base: &str, path: &str) -> Self {
        Self::new(Method::GET, base, path)
    }

    pub(crate) fn post(base: &str, path: &str) -> Self {
        Self::new(Method::POST, base, path)
    }

    /// The method and the address; `None` where the address is not usable.
    pub(crate) fn target(&self) -> Option<(&str, &Url)> {
        self.request.as_ref().ok().map(|request| (request.method.as_str(), &request.url))
    }

    /// Adds a query parameter, escaped.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        if let Ok(request) = &mut self.request {
            request.url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// `Authorization: Bearer`. The token is kept out of every message, also when the network echoes it.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.authorization("Bearer", token)
    }

    /// `Authorization` of any scheme.
    pub(crate) fn authorization(mut self, scheme: &str, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        match HeaderValue::try_from(format!("{scheme} {secret}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.header(header::AUTHORIZATION, value)
            }
            Err(_) => {
                self.request = Err("the token holds characters that no header may hold".to_owned());
                self
            }
        }
    }

    /// Names a secret of the body, to be kept out of messages.
    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request = self.request.map(|request| request.header(name, value));
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.request = self.request.map(|request| request.body(body));
        self
    }

    /// One exchange.
    pub(crate) async fn send(self, cx: &Cx<'_>) -> Result<Answer, ExchangeError> {
        let request =
            self.request.map_err(|message| ExchangeError::NotSent { kind: egress::NotSentKind::Request, message })?;
        let limits = Limits::new(cx.deadline, MAX_ANSWER_BYTES);
        let response = cx.door.exchange(request, limits).await?;
        Ok(Answer {
            status: response.status.as_u16(),
            headers: response.headers,
            body: response.body.to_vec(),
            secrets: self.secrets,
        })
    }

    /// One exchange of a call that may be repeated at will: a lost one is "not now".
    pub(crate) async fn call(self, cx: &Cx<'_>) -> Result<Answer, Refusal> {
        self.send(cx).await.map_err(failure::not_now)
    }
}

/// A complete answer. Everything in it was written by somebody else; it is not `Debug`, since it may hold tokens.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    secrets: Vec<String>,
}

impl Answer {
    /// An answer as tests make them.
    #[cfg(test)]
    pub(crate) fn canned(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(*value).ok()?)))
            .collect();
        Self { status, headers, body: body.as_bytes().to_vec(), secrets: Vec::new() }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, where it is JSON of that shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body of a success, where it is JSON of that shape.
    pub(crate) fn success<T: DeserializeOwned>(&self) -> Option<T> {
        if self.is_success() { self.json() } else { None }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What the network said, fit to be stored and shown; the request's secrets are struck out.
    pub(crate) fn words(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            if said.contains(secret.as_str()) {
                said = said.replace(secret.as_str(), "[secret]");
            }
        }
        let said = words::clean(&said);
        if said.is_empty() { format!("HTTP {}", self.status) } else { said }
    }
}
