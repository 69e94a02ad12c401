//! The door itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::{Body as _, Incoming};
use url::Url;

use crate::allow::AllowList;
use crate::connection::{Connection, SendFault};
use crate::deadline::{Deadline, until};
use crate::destination::{Destination, Scope};
use crate::dial::Dialer;
use crate::error::{AmbiguousKind, EgressError, ExchangeError, NotSentKind, UrlFault};
use crate::exchange::{self, Limits, Request, Response};
use crate::observe::{Exchanged, Observer, Outcome};
use crate::pool::Pool;
use crate::resolve::{Resolve, SystemResolver};
use crate::tls;

/// How the door is set up.
#[derive(Clone, Debug)]
pub struct EgressSettings {
    /// `host:port` pairs, `*` for any port, exempt from the address guard and from "HTTPS only". A host is compared as
    /// written: `localhost:*` does not open `127.0.0.1`.
    pub allow: Vec<String>,
    /// The most time for name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Sent where a request names no `user-agent` of its own.
    pub user_agent: String,
    /// Trusted certificates in PEM, in place of Mozilla's. When `None`, the environment's `SSL_CERT_FILE` is honoured.
    pub ca_file: Option<PathBuf>,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            user_agent: "Fanfare/1".to_owned(),
            ca_file: None,
        }
    }
}

struct Shared {
    allow: AllowList,
    dialer: Dialer,
    user_agent: HeaderValue,
    pool: Arc<Pool>,
}

/// All outbound HTTP leaves through here. Clones are cheap and share their idle connections.
///
/// HTTP/1.1 only, one exchange a connection at a time. Never here: a retry of a request of which a byte was written,
/// a proxy from the environment, cookies, decompression, silent redirects.
#[derive(Clone)]
pub struct Door {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
    observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Door {
    /// A door to the public internet with the system's resolver.
    ///
    /// # Errors
    /// [`EgressError`] for an unusable allow entry, user agent or certificate file.
    pub fn new(settings: &EgressSettings) -> Result<Self, EgressError> {
        Self::with_resolver(settings, Arc::new(SystemResolver::new()))
    }

    /// As [`Door::new`] with a resolver of the caller's; the guard judges its answers all the same.
    ///
    /// # Errors
    /// As [`Door::new`].
    pub fn with_resolver(settings: &EgressSettings, resolver: Arc<dyn Resolve>) -> Result<Self, EgressError> {
        let shared = Shared {
            allow: AllowList::new(&settings.allow)?,
            dialer: Dialer {
                resolver,
                tls: tls::client_config(settings.ca_file.as_deref())?,
                connect_timeout: settings.connect_timeout,
            },
            user_agent: HeaderValue::try_from(settings.user_agent.as_str())
                .map_err(|_| EgressError::UserAgent(settings.user_agent.clone()))?,
            pool: Arc::new(Pool::default()),
        };
        Ok(Self { shared: Arc::new(shared), scope: Arc::new(Scope::Public), observer: None })
    }

    /// A door for projects in test mode: only `origin` (scheme, host and port) may be reached. Any other is refused
    /// before DNS is asked, also one that the allow list names; `origin` itself is exempt from the address guard.
    #[must_use]
    pub fn only(&self, origin: &Url) -> Self {
        Self { scope: Arc::new(Scope::Only(origin.clone())), ..self.clone() }
    }

    /// The same door with `observer` told of each exchange.
    #[must_use]
    pub fn observed(&self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self.clone() }
    }

    /// Parses a URL that a user wrote and checks it as [`Door::check_url`] does. Prefer it where there is still text:
    /// an exemption holds only for a host in its plain spelling, which a parsed URL no longer shows.
    ///
    /// # Errors
    /// [`UrlFault`], fit to be shown to the caller.
    pub fn parse(&self, text: &str) -> Result<Url, UrlFault> {
        self.scope.parse(text, &self.shared.allow).map(|(url, _)| url)
    }

    /// The part of the guard that needs no DNS: scheme, user information, literal addresses.
    ///
    /// # Errors
    /// [`UrlFault`], fit to be shown to the caller.
    pub fn check_url(&self, url: &Url) -> Result<(), UrlFault> {
        self.scope.admit(url, &self.shared.allow).map(drop)
    }

    /// As [`Door::check_url`], and asks DNS within the connect timeout. A pass is advice: each later connection is
    /// judged again by the addresses it will use.
    ///
    /// # Errors
    /// [`UrlFault`]; `Unresolved` may pass with time, the others will not.
    pub async fn check_resolved(&self, url: &Url) -> Result<(), UrlFault> {
        let to = self.scope.admit(url, &self.shared.allow)?;
        let limit = Deadline::after(self.shared.dialer.connect_timeout);
        match until(limit, self.shared.dialer.addresses(&to)).await {
            Ok(found) => found.map(drop),
            Err(_expired) => Err(UrlFault::Unresolved(format!("resolving {} took too long", to.host))),
        }
    }

    /// One request, one answer; never a second try of anything that may have been sent.
    ///
    /// # Errors
    /// [`ExchangeError::NotSent`] only when no byte of the request was written; everything else is
    /// [`ExchangeError::Ambiguous`].
    pub async fn exchange(&self, request: Request, limits: Limits) -> Result<Response, ExchangeError> {
        let began = Instant::now();
        let seen = self.observer.as_ref().map(|_| (request.url.clone(), request.method.clone()));
        let result = self.perform(request, limits, began).await;
        if let Some((url, method)) = &seen {
            self.tell(url, method, began, result.as_ref().map(|response| response.status));
        }
        result
    }

    async fn perform(&self, request: Request, limits: Limits, began: Instant) -> Result<Response, ExchangeError> {
        let (head, mut connection, to) = self.start(request, limits.deadline).await?;
        let (parts, mut body) = head.into_parts();
        let status = parts.status;
        let too_large = |connection: &Connection| {
            connection.abandon();
            let message = format!("the answer of {} is larger than {} bytes", to.host, limits.max_response_bytes);
            ExchangeError::Ambiguous { kind: AmbiguousKind::BodyTooLarge, message, status: Some(status) }
        };
        if !limits.truncate && body.size_hint().lower() > limits.max_response_bytes as u64 {
            return Err(too_large(&connection));
        }
        let mut collected = BytesMut::new();
        let mut truncated = false;
        while let Some(piece) = connection.next(&mut body, status, limits.deadline).await? {
            let room = limits.max_response_bytes - collected.len();
            if piece.len() > room {
                if !limits.truncate {
                    return Err(too_large(&connection));
                }
                collected.extend_from_slice(&piece[..room]);
                truncated = true;
                break;
            }
            collected.extend_from_slice(&piece);
        }
        if truncated {
            connection.abandon();
        } else {
            self.keep(to, connection, &parts.headers).await;
        }
        let body = collected.freeze();
        Ok(Response { status, headers: parts.headers, body, elapsed: began.elapsed(), truncated })
    }

    /// [`Door::start`] with the observer told of the head, for downloads.
    pub(crate) async fn observe_start(&self, request: Request, deadline: Deadline) -> Result<Started, ExchangeError> {
        let began = Instant::now();
        let (url, method) = (request.url.clone(), request.method.clone());
        let result = self.start(request, deadline).await;
        self.tell(&url, &method, began, result.as_ref().map(|(head, ..)| head.status()));
        result
    }

    async fn start(&self, request: Request, deadline: Deadline) -> Result<Started, ExchangeError> {
        let to = self.scope.admit(&request.url, &self.shared.allow)?;
        let mut message = exchange::encode(request, &self.shared.user_agent)?;
        if deadline.has_passed() {
            let message = format!("the deadline passed before the request to {} began", to.host);
            return Err(ExchangeError::not_sent(NotSentKind::Deadline, message));
        }
        while let Some(mut connection) = self.shared.pool.take(&to) {
            match connection.send(message, deadline).await {
                Ok(head) => return Ok((head, connection, to)),
                // It closed between the look and the first byte, so taking another is not a second try.
                Err(SendFault::Unused(unsent)) => message = *unsent,
                Err(SendFault::Failed(error)) => return Err(error),
            }
        }
        let mut connection = self.shared.dialer.dial(&to, deadline).await?;
        match connection.send(message, deadline).await {
            Ok(head) => Ok((head, connection, to)),
            Err(SendFault::Unused(_)) => {
                let message = format!("{} closed the connection before the request was written", to.host);
                Err(ExchangeError::not_sent(NotSentKind::Connect, message))
            }
            Err(SendFault::Failed(error)) => Err(error),
        }
    }

    pub(crate) async fn keep(&self, to: Destination, mut connection: Connection, headers: &HeaderMap) {
        if connection.settle().await {
            self.shared.pool.put(to, connection, headers);
        }
    }

    fn tell(&self, url: &Url, method: &http::Method, began: Instant, ended: Result<StatusCode, &ExchangeError>) {
        if let Some(observer) = &self.observer {
            let outcome = ended.map_or_else(Outcome::from, Outcome::Answered);
            let host = url.host_str().unwrap_or_default();
            observer.exchanged(&Exchanged { host, method, outcome, elapsed: began.elapsed() });
        }
    }
}

type Started = (http::Response<Incoming>, Connection, Destination);
