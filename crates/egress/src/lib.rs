//! The only door out: every outbound HTTP call of every service goes through a [`Door`].
//!
//! It answers one question exactly: *may the other side have seen the request?* [`ExchangeError::NotSent`] means that
//! not one byte of it left this process; whatever happens after the first byte is [`ExchangeError::Ambiguous`], and is
//! for the caller to resolve by asking, never by sending again on a guess.
//!
//! Built on hyper's HTTP/1.1 connection rather than on a full client, because three promises need the socket itself:
//! a write past the deadline is refused right before the kernel (a process may have been frozen in between), what the
//! kernel still holds is dropped on expiry, and the bytes written are counted below TLS.

mod address;
mod allow;
mod body;
mod connection;
mod deadline;
mod destination;
mod dial;
mod door;
mod download;
mod error;
mod exchange;
mod link;
mod multipart;
mod observe;
mod pool;
mod resolve;
mod section;
mod tls;

pub use address::refusal;
pub use body::Body;
pub use deadline::Deadline;
pub use door::{Door, EgressSettings};
pub use download::{Download, DownloadLimits};
pub use error::{AmbiguousKind, EgressError, ExchangeError, NotSentKind, UrlFault};
pub use exchange::{Limits, Request, Response};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use multipart::Part;
pub use observe::{Exchanged, Observer, Outcome};
pub use resolve::Resolve;
pub use section::EgressSection;
pub use url::Url;
