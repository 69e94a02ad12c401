//! A wire that remembers everything that goes over it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// What went one way over one connection.
type Track = Arc<Mutex<Vec<u8>>>;

/// A wire for as long as this value lives.
pub struct Tape {
    address: SocketAddr,
    tracks: Arc<Mutex<Vec<(Track, Track)>>>,
    listening: JoinHandle<()>,
}

impl Tape {
    /// A wire to `there`, `127.0.0.1:5672`, on a free port.
    ///
    /// # Panics
    /// When nothing can listen.
    pub async fn to(there: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", crate::fleet::free_port())).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let tracks = Arc::default();
        let listening = tokio::spawn(listen(listener, there.to_owned(), Arc::clone(&tracks)));
        Self { address, tracks, listening }
    }

    /// A wire to where a URL leads, and the URL by way of it.
    ///
    /// # Panics
    /// When the URL names no host and port.
    pub async fn to_url(url: &str) -> (Self, String) {
        let mut url: Url = url.parse().expect("a URL");
        let port = url.port_or_known_default().unwrap_or(5672);
        let tape = Self::to(&format!("{}:{port}", url.host_str().expect("a host"))).await;
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(tape.address.port())).expect("a port");
        (tape, url.into())
    }

    /// What went there, by connection.
    pub fn there(&self) -> Vec<Vec<u8>> {
        self.tracks().iter().map(|(there, _)| read(there)).collect()
    }

    /// What came back, by connection.
    pub fn back(&self) -> Vec<Vec<u8>> {
        self.tracks().iter().map(|(_, back)| read(back)).collect()
    }

    fn tracks(&self) -> Vec<(Track, Track)> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn read(track: &Track) -> Vec<u8> {
    track.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn listen(listener: TcpListener, there: String, tracks: Arc<Mutex<Vec<(Track, Track)>>>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let pair = (Track::default(), Track::default());
        tracks.lock().unwrap_or_else(PoisonError::into_inner).push(pair.clone());
        let there = there.clone();
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect(&there).await else { return };
            let (from_near, to_near) = near.into_split();
            let (from_far, to_far) = far.into_split();
            tokio::join!(carry(from_near, to_far, &pair.0), carry(from_far, to_near, &pair.1));
        });
    }
}

/// Until either side has enough.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, track: &Track) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut chunk).await {
        // Noted before it is passed on, so that whoever has an answer finds it here.
        track.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
        if count == 0 || to.write_all(&chunk[..count]).await.is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown().await;
}
