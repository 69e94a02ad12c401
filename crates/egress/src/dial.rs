//! From a destination to an open connection: name, guard, TCP, TLS. Whatever fails here was certainly not sent.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::connection::{Connection, Duplex};
use crate::deadline::{Deadline, until};
use crate::destination::Destination;
use crate::error::{ExchangeError, NotSentKind, UrlFault};
use crate::link::{Link, LinkStream};
use crate::resolve::{Resolve, addresses};

/// RFC 8305 recommends 250 ms before the next address is tried beside the first.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

pub(crate) struct Dialer {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) connect_timeout: Duration,
}

impl Dialer {
    /// Opens a connection within the connect timeout and before `deadline`, whichever comes first.
    pub(crate) async fn dial(&self, to: &Destination, deadline: Deadline) -> Result<Connection, ExchangeError> {
        let limit = deadline.earlier(Deadline::after(self.connect_timeout));
        let late = |kind, step: &str| {
            let kind = if deadline.has_passed() { NotSentKind::Deadline } else { kind };
            ExchangeError::not_sent(kind, format!("{step} {} took too long", to.host))
        };
        let addresses = until(limit, self.addresses(to)).await.map_err(|_| late(NotSentKind::Dns, "resolving"))??;
        let tcp = until(limit, connect_any(addresses))
            .await
            .map_err(|_| late(NotSentKind::Connect, "connecting to"))?
            .map_err(|error| refused(NotSentKind::Connect, "connect to", to, &error))?;
        // Requests are written whole; waiting for more to send would only delay them.
        tcp.set_nodelay(true).map_err(|error| refused(NotSentKind::Connect, "connect to", to, &error))?;
        let link = Link::new(tcp);
        let plain = LinkStream(Arc::clone(&link));
        let stream: Box<dyn Duplex> = if to.https {
            let name = server_name(to)?;
            let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(name, plain);
            let stream = until(limit, handshake)
                .await
                .map_err(|_| late(NotSentKind::Tls, "the TLS handshake with"))?
                .map_err(|error| refused(NotSentKind::Tls, "agree on TLS with", to, &error))?;
            Box::new(stream)
        } else {
            Box::new(plain)
        };
        Connection::open(stream, link, to.host.clone())
            .await
            .map_err(|error| refused(NotSentKind::Connect, "speak HTTP with", to, &io::Error::other(error)))
    }

    /// The addresses that a connection to `to` would try, already past the guard.
    pub(crate) async fn addresses(&self, to: &Destination) -> Result<Vec<SocketAddr>, UrlFault> {
        let host = url::Host::parse(&to.host).map_err(|error| UrlFault::Syntax(error.to_string()))?;
        let host = match &host {
            url::Host::Domain(name) => url::Host::Domain(name.as_str()),
            url::Host::Ipv4(address) => url::Host::Ipv4(*address),
            url::Host::Ipv6(address) => url::Host::Ipv6(*address),
        };
        addresses(self.resolver.as_ref(), &host, to.port, to.guarded).await
    }
}

fn refused(kind: NotSentKind, attempt: &str, to: &Destination, error: &io::Error) -> ExchangeError {
    ExchangeError::not_sent(kind, format!("cannot {attempt} {}: {error}", to.host))
}

/// The name that the certificate must carry: without the root's dot or an IPv6 address's brackets.
fn server_name(to: &Destination) -> Result<ServerName<'static>, ExchangeError> {
    let bare = to.host.trim_start_matches('[').trim_end_matches([']', '.']);
    ServerName::try_from(bare.to_owned()).map_err(|error| {
        ExchangeError::not_sent(NotSentKind::Tls, format!("{} is no name for a certificate: {error}", to.host))
    })
}

/// Connects to the first address that answers, starting another after a failure or a short wait, so that a name with
/// one dead address is only that much slower.
async fn connect_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut trying = FuturesUnordered::new();
    let mut failure = None;
    loop {
        match waiting.next() {
            Some(address) => trying.push(TcpStream::connect(address)),
            None if trying.is_empty() => {
                return Err(failure.unwrap_or_else(|| io::Error::other("the name has no address")));
            }
            None => {}
        }
        let last = waiting.len() == 0;
        tokio::select! {
            Some(tried) = trying.next() => match tried {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(error),
            },
            () = tokio::time::sleep(NEXT_ADDRESS_AFTER), if !last => {}
        }
    }
}
