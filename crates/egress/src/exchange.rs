//! The values of one exchange: request, limits, response.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use url::{Position, Url};

use crate::body::{Body, Outgoing};
use crate::deadline::Deadline;
use crate::error::{ExchangeError, NotSentKind};

/// A request. `host`, `content-length` and what frames a message belong to the door and may not be set.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; without user information.
    pub url: Url,
    /// The headers besides the door's own.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Body::Empty }
    }

    /// Sets a header in place of any value it had.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// Names only: paths hold bot tokens, headers hold bearer tokens, bodies hold client secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .finish()
    }
}

/// The bounds of one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One deadline for everything: name, connection, request and answer.
    pub deadline: Deadline,
    /// The most bytes of the answer's body to read.
    pub max_response_bytes: usize,
    /// Keep the first `max_response_bytes` of a longer body instead of failing.
    pub truncate: bool,
}

impl Limits {
    /// A longer body than `max_response_bytes` is an error.
    #[must_use]
    pub fn new(deadline: Deadline, max_response_bytes: usize) -> Self {
        Self { deadline, max_response_bytes, truncate: false }
    }

    /// A longer body is cut instead.
    #[must_use]
    pub fn truncating(mut self) -> Self {
        self.truncate = true;
        self
    }
}

/// A complete answer, whatever its status; redirects are answers too.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as sent: nothing is decompressed.
    pub body: Bytes,
    /// From the call to the last byte read.
    pub elapsed: Duration,
    /// Whether the body was cut at the cap.
    pub truncated: bool,
}

/// Neither header values nor the body, which may hold tokens.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("elapsed", &self.elapsed)
            .field("truncated", &self.truncated)
            .finish()
    }
}

/// The request as it goes on the wire.
pub(crate) fn encode(request: Request, user_agent: &HeaderValue) -> Result<http::Request<Outgoing>, ExchangeError> {
    let fault = |message: String| ExchangeError::not_sent(NotSentKind::Request, message);
    let Request { method, url, mut headers, body } = request;
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, TE, UPGRADE] {
        if headers.contains_key(&name) {
            return Err(fault(format!("the header {name} is set by the door")));
        }
    }
    let uri = Uri::try_from(&url[Position::BeforePath..Position::AfterQuery])
        .map_err(|error| fault(format!("the URL cannot be sent: {error}")))?;
    let host = HeaderValue::try_from(&url[Position::BeforeHost..Position::AfterPort])
        .map_err(|error| fault(format!("the host cannot be sent: {error}")))?;
    let (body, content_type) = body.encode()?;
    headers.insert(HOST, host);
    headers.entry(USER_AGENT).or_insert_with(|| user_agent.clone());
    if let Some(content_type) = content_type {
        headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
    if body.len() > 0 || matches!(method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let mut message = http::Request::new(body);
    *message.method_mut() = method;
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    Ok(message)
}
