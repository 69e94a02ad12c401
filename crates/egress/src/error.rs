//! What can go wrong, told apart by the one question that matters: may the other side have seen the request?

use http::StatusCode;

/// The door could not be built from its settings.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// An entry of the allow list that could never match.
    #[error("egress.allow entry {entry:?} is not usable: {reason}")]
    Allow {
        /// The entry as configured.
        entry: String,
        /// What to write instead.
        reason: String,
    },
    /// The user agent holds characters that no header may hold.
    #[error("the user agent {0:?} cannot be sent as a header")]
    UserAgent(String),
    /// The file of trusted certificates is missing or holds none.
    #[error("cannot read trusted certificates from {path}: {reason}")]
    Roots {
        /// The file named by the settings or by `SSL_CERT_FILE`.
        path: String,
        /// The reader's own words.
        reason: String,
    },
    /// The TLS library refused its own configuration.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Why a URL may not be reached. Messages are fit for the caller of the API and do not show which private address a
/// name has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Not a URL at all.
    #[error("not a valid URL: {0}")]
    Syntax(String),
    /// A scheme other than `https`, or other than `http` and `https` where the host is exempt.
    #[error("the URL's scheme must be https, not {0}")]
    Scheme(String),
    /// `user:password@` in the URL.
    #[error("the URL must not contain a user name or password")]
    UserInfo,
    /// No host, or a port of zero.
    #[error("the URL must name a host and a port that can be reached")]
    Host,
    /// The host is, or resolves to, an address that the guard refuses.
    #[error("{host} leads to {kind}, which is not allowed")]
    Address {
        /// The host as written in the URL.
        host: String,
        /// The kind of address, with its article.
        kind: &'static str,
    },
    /// A door limited to one origin was asked for another.
    #[error("only {0} may be reached in test mode")]
    Origin(String),
    /// The host's name does not resolve, for now or for good.
    #[error("{0}")]
    Unresolved(String),
}

/// Where an exchange ended before a byte of the request was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotSentKind {
    /// The URL's form: scheme, user information, no host.
    Url,
    /// The request cannot be written: a header of the door's own was set, or a value holds forbidden characters.
    Request,
    /// The address guard or the test-mode origin refused.
    Guard,
    /// The name did not resolve.
    Dns,
    /// No connection: refused, unreachable, too slow, or gone before the first byte.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The exchange's deadline passed first.
    Deadline,
}

/// How an exchange ended after the request may have begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AmbiguousKind {
    /// The deadline passed.
    Timeout,
    /// The connection was closed or reset.
    Reset,
    /// The answer is not HTTP.
    Protocol,
    /// The answer's body is larger than the cap.
    BodyTooLarge,
    /// A download was redirected more than three times.
    TooManyRedirects,
}

/// An exchange without a complete answer. Messages name the host and never the path or query, which may hold a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Certain: not one byte of the request left this process.
    #[error("{message}")]
    NotSent {
        /// Where it ended.
        kind: NotSentKind,
        /// What was attempted and what came of it.
        message: String,
    },
    /// The other side may have seen the request, in whole or in part, and may have acted on it.
    #[error("{message}")]
    Ambiguous {
        /// How it ended.
        kind: AmbiguousKind,
        /// What was attempted and what came of it.
        message: String,
        /// The status, when the answer's head had arrived.
        status: Option<StatusCode>,
    },
}

impl ExchangeError {
    pub(crate) fn not_sent(kind: NotSentKind, message: impl Into<String>) -> Self {
        Self::NotSent { kind, message: message.into() }
    }
}

impl From<UrlFault> for ExchangeError {
    fn from(fault: UrlFault) -> Self {
        let kind = match fault {
            UrlFault::Address { .. } | UrlFault::Origin(_) => NotSentKind::Guard,
            UrlFault::Unresolved(_) => NotSentKind::Dns,
            UrlFault::Syntax(_) | UrlFault::Scheme(_) | UrlFault::UserInfo | UrlFault::Host => NotSentKind::Url,
        };
        Self::not_sent(kind, fault.to_string())
    }
}
