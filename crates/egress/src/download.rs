//! A body read piece by piece, with redirects followed by hand.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::{Body as _, Incoming};
use url::Url;

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::destination::Destination;
use crate::door::Door;
use crate::error::{AmbiguousKind, ExchangeError};
use crate::exchange::Request;

/// The most redirects followed.
const MAX_REDIRECTS: usize = 3;

/// The bounds of a download.
#[derive(Clone, Copy, Debug)]
pub struct DownloadLimits {
    /// One deadline for everything, redirects and body included.
    pub deadline: Deadline,
    /// The most bytes of the body; a longer one is an error, before its first byte when the server says its length.
    pub max_bytes: u64,
}

/// An answer whose body is still to be read. Dropping it closes the connection.
pub struct Download {
    status: StatusCode,
    headers: HeaderMap,
    url: Url,
    size: Option<u64>,
    left: u64,
    deadline: Deadline,
    to: Destination,
    /// `None` once the body has ended or failed.
    open: Option<(Connection, Incoming)>,
    door: Door,
}

impl Download {
    /// The status of the last hop; anything but success is for the caller to judge.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the last hop.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The declared content type, with its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }

    /// The declared length in bytes.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Where the last redirect led.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The next piece; `None` at the end of the body.
    ///
    /// # Errors
    /// [`ExchangeError::Ambiguous`] when the deadline passes, the connection breaks or the body is larger than the cap.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ExchangeError> {
        let Some((mut connection, mut body)) = self.open.take() else {
            return Ok(None);
        };
        match connection.next(&mut body, self.status, self.deadline).await? {
            Some(piece) => {
                let Some(left) = self.left.checked_sub(piece.len() as u64) else {
                    connection.abandon();
                    return Err(too_large(&self.to.host, self.status));
                };
                self.left = left;
                self.open = Some((connection, body));
                Ok(Some(piece))
            }
            None => {
                self.door.keep(self.to.clone(), connection, &self.headers).await;
                Ok(None)
            }
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.status)
            .field("host", &self.to.host)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// Gets `url` and hands over its body in pieces. Up to three redirects are followed, each one guarded as if it
    /// had been asked for itself; a redirect without a usable `location` is returned as the answer.
    ///
    /// # Errors
    /// As [`Door::exchange`]; a refused hop after the first is `NotSent` with the kind `Guard` or `Url`.
    pub async fn download(&self, url: &Url, limits: DownloadLimits) -> Result<Download, ExchangeError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let request = Request::new(Method::GET, url.clone()).header(ACCEPT, HeaderValue::from_static("*/*"));
            let (head, connection, to) = self.observe_start(request, limits.deadline).await?;
            let (parts, body) = head.into_parts();
            if parts.status.is_redirection()
                && let Some(location) = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok())
                && let Some(next) = self.hop(&url, location)?
            {
                url = next;
                continue;
            }
            let size = body.size_hint().exact();
            if size.is_some_and(|size| size > limits.max_bytes) {
                connection.abandon();
                return Err(too_large(&to.host, parts.status));
            }
            return Ok(Download {
                status: parts.status,
                headers: parts.headers,
                url,
                size,
                left: limits.max_bytes,
                deadline: limits.deadline,
                to,
                open: Some((connection, body)),
                door: self.clone(),
            });
        }
        Err(ExchangeError::Ambiguous {
            kind: AmbiguousKind::TooManyRedirects,
            message: format!("more than {MAX_REDIRECTS} redirects, the last one to {}", url.host_str().unwrap_or("?")),
            status: None,
        })
    }

    /// The URL of the next hop; `None` when `location` is not one. What the server wrote in full is held to the same
    /// rules as what a user wrote.
    fn hop(&self, from: &Url, location: &str) -> Result<Option<Url>, ExchangeError> {
        match Url::parse(location) {
            Ok(_) => Ok(Some(self.parse(location)?)),
            Err(url::ParseError::RelativeUrlWithoutBase) => Ok(from.join(location).ok()),
            Err(_) => Ok(None),
        }
    }
}

fn too_large(host: &str, status: StatusCode) -> ExchangeError {
    ExchangeError::Ambiguous {
        kind: AmbiguousKind::BodyTooLarge,
        message: format!("the answer of {host} is larger than allowed"),
        status: Some(status),
    }
}
