//! A wire to the database, the broker or the networks that misbehaves when told to.
//!
//! It carries bytes and knows no protocol but for one thing: it can recognise a request by a stretch of its bytes, such as
//! the `COMMIT` of a transaction, to lose exactly that request or exactly its answer.

mod pump;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// What happens on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Everything goes through.
    Pass,
    /// Everything goes through, each piece so much later.
    Delay(Duration),
    /// A connection is reset once it has carried so many bytes, both ways together, in this mode.
    ResetAfter(u64),
    /// Connections are taken and stand, and nothing goes through until the mode changes.
    HalfOpen,
    /// What is open is reset, and nobody listens.
    Refuse,
    /// A request arrives; in place of its answer the connection is reset.
    SwallowReply(Mark),
    /// The connection is reset in place of passing a request on.
    DropRequest(Mark),
}

/// Which requests are struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Bytes that only such a request has.
    pub bytes: Vec<u8>,
    /// Each n-th of them, over all connections; at least 1.
    pub every: u64,
}

impl Mark {
    /// Each n-th request with this in it.
    pub fn every(every: u64, bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), every: every.max(1) }
    }

    /// PostgreSQL's simple query that ends a transaction.
    pub fn commits(every: u64) -> Self {
        Self::every(every, b"COMMIT\0")
    }
}

/// A wire that misbehaves for as long as this value lives.
pub struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    mode: watch::Sender<Mode>,
    there: Mutex<String>,
    /// Requests that bore the mark.
    marked: AtomicU64,
    /// Times that something was really done to a connection.
    strikes: AtomicU64,
}

impl Link {
    /// A wire to `there`, `127.0.0.1:5432`, on a free port.
    ///
    /// # Panics
    /// When nothing can listen.
    pub async fn to(there: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", crate::fleet::free_port())).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared {
            mode: watch::Sender::new(Mode::Pass),
            there: Mutex::new(there.to_owned()),
            marked: AtomicU64::default(),
            strikes: AtomicU64::default(),
        });
        let listening = tokio::spawn(listen(listener, address, Arc::clone(&shared)));
        Self { address, shared, listening }
    }

    /// A wire to where a URL leads, and the URL by way of it.
    ///
    /// # Panics
    /// When the URL names no host and port.
    pub async fn to_url(url: &str) -> (Self, String) {
        let mut url: Url = url.parse().expect("a URL");
        let port = url.port_or_known_default().or(match url.scheme() {
            "postgres" | "postgresql" => Some(5432),
            "amqp" => Some(5672),
            _ => None,
        });
        let link = Self::to(&format!("{}:{}", url.host_str().expect("a host"), port.expect("a port"))).await;
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(link.address.port())).expect("a port");
        (link, url.into())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, on open connections too.
    pub fn set(&self, mode: Mode) {
        self.shared.mode.send_replace(mode);
    }

    /// New connections lead there from now on; open ones stay.
    pub fn turn_to(&self, there: &str) {
        there.clone_into(&mut self.shared.there.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How often it really did something to a connection: resets and connections lost.
    pub fn strikes(&self) -> u64 {
        self.shared.strikes.load(Ordering::Relaxed)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn strike(&self) {
        self.strikes.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one more request that bears the mark is struck.
    fn falls_on(&self, mark: &Mark) -> bool {
        self.marked.fetch_add(1, Ordering::Relaxed).is_multiple_of(mark.every)
    }

    fn there(&self) -> String {
        self.there.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let mut modes = shared.mode.subscribe();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Some(open) = &listener else {
            if modes.wait_for(|mode| *mode != Mode::Refuse).await.is_err() {
                return;
            }
            // Somebody may have the port for a moment: a client that dialled it and was given it as its own.
            listener = TcpListener::bind(address).await.ok();
            if listener.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            continue;
        };
        tokio::select! {
            refused = modes.wait_for(|mode| *mode == Mode::Refuse) => match refused {
                Ok(_) => listener = None,
                Err(_) => return,
            },
            accepted = open.accept() => if let Ok((near, _)) = accepted {
                connections.spawn(carry(near, Arc::clone(&shared)));
            },
        }
    }
}

async fn carry(near: TcpStream, shared: Arc<Shared>) {
    let mut modes = shared.mode.subscribe();
    // A connection that is taken and never led on.
    if modes.wait_for(|mode| *mode != Mode::HalfOpen).await.is_err() {
        return;
    }
    let there = shared.there();
    let Ok(far) = TcpStream::connect(&there).await else {
        // Nobody is there, which the other side is told as it would be without a wire between.
        let _ = near.set_zero_linger();
        return;
    };
    pump::both_ways(near, far, shared).await;
}
