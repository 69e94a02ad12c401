//! What a request carries.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use hyper::body::{Frame, SizeHint};

use crate::error::{ExchangeError, NotSentKind};
use crate::multipart::{self, Part};

/// A request's body. The variants but `Bytes` set their own `content-type` unless the request names one.
#[derive(Clone, Default)]
pub enum Body {
    /// No body.
    #[default]
    Empty,
    /// Bytes as they are.
    Bytes(Bytes),
    /// `application/json`.
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`, pairs in order.
    Form(Vec<(String, String)>),
    /// `multipart/form-data`, parts in order.
    Multipart(Vec<Part>),
}

impl Body {
    /// JSON of any serialisable value.
    ///
    /// # Errors
    /// When the value has no JSON form (a map with keys that are not strings, for one).
    pub fn json<T: serde::Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(|text| Self::Bytes(text.into()))
    }

    pub(crate) fn encode(self) -> Result<(Outgoing, Option<HeaderValue>), ExchangeError> {
        let json = HeaderValue::from_static("application/json");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        Ok(match self {
            Self::Empty => (Outgoing::default(), None),
            Self::Bytes(bytes) => (Outgoing::new([bytes]), None),
            Self::Json(value) => {
                let text = serde_json::to_vec(&value).map_err(|error| {
                    ExchangeError::not_sent(NotSentKind::Request, format!("cannot write the JSON body: {error}"))
                })?;
                (Outgoing::new([text.into()]), Some(json))
            }
            Self::Form(pairs) => {
                let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                (Outgoing::new([text.into()]), Some(form))
            }
            Self::Multipart(parts) => {
                let (chunks, content_type) = multipart::encode(parts)?;
                (Outgoing::new(chunks), Some(content_type))
            }
        })
    }
}

/// Shows the shape and never the content, which may hold a client secret or a token.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Json(_) => f.write_str("Json(..)"),
            Self::Form(pairs) => write!(f, "Form({} fields)", pairs.len()),
            Self::Multipart(parts) => write!(f, "Multipart({} parts)", parts.len()),
        }
    }
}

/// The encoded body: chunks of known length, so that parts of an upload are never copied together.
#[derive(Default)]
pub(crate) struct Outgoing {
    chunks: VecDeque<Bytes>,
    left: u64,
}

impl Outgoing {
    fn new(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let chunks: VecDeque<Bytes> = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
        let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Self { chunks, left }
    }

    pub(crate) fn len(&self) -> u64 {
        self.left
    }
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.pop_front();
        self.left -= chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
