//! A network that repeats what it is told: between the services and the networks, it passes everything on until it is
//! set to answer with an error that says all of the request again, its secrets included.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// It sits there for as long as this value lives.
pub struct Parrot {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    there: String,
    says: Mutex<Option<Says>>,
    said: AtomicUsize,
}

/// What it says again, and how.
#[derive(Debug, Clone)]
pub struct Says {
    /// Calls whose path has this in it.
    pub about: &'static str,
    /// With this status.
    pub status: u16,
    /// As this `error`.
    pub error: &'static str,
}

struct Request {
    path: String,
    authorization: String,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Parrot {
    /// In front of `there`, `127.0.0.1:8090`.
    ///
    /// # Panics
    /// When nothing can listen.
    pub async fn before(there: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", crate::fleet::free_port())).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared { there: there.to_owned(), says: Mutex::default(), said: AtomicUsize::default() });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, shared, listening }
    }

    /// Where it sits.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on; `None` passes everything on. Returns how often it said something since the last time.
    pub fn say(&self, says: Option<Says>) -> usize {
        *self.shared.says.lock().unwrap_or_else(PoisonError::into_inner) = says;
        self.shared.said.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // Whoever hangs up hangs up.
            let _ = answer(near, &shared).await;
        });
    }
}

/// One request a connection, which is enough for anybody.
async fn answer(near: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut near = BufReader::new(near);
    let Some(request) = read(&mut near).await? else { return Ok(()) };
    let says = shared.says.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match says.filter(|says| request.path.contains(says.about)) {
        Some(says) => {
            shared.said.fetch_add(1, Ordering::Relaxed);
            near.write_all(&repeat(&request, &says)).await?;
        }
        None => {
            let mut far = TcpStream::connect(&shared.there).await?;
            far.write_all(&[&request.head[..], b"connection: close\r\n\r\n", &request.body].concat()).await?;
            tokio::io::copy(&mut far, &mut near).await?;
        }
    }
    near.shutdown().await
}

async fn read(near: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let (mut head, mut authorization, mut path, mut length) = (Vec::new(), String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if near.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if path.is_empty() {
            text.split(' ').nth(1).unwrap_or_default().clone_into(&mut path);
        }
        let (name, value) = text.split_once(':').map_or((text, ""), |(name, value)| (name, value.trim()));
        match name.to_ascii_lowercase().as_str() {
            "connection" => continue,
            "authorization" => value.clone_into(&mut authorization),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
        head.extend_from_slice(line.as_bytes());
    }
    let mut body = vec![0; length];
    near.read_exact(&mut body).await?;
    Ok(Some(Request { path, authorization, head, body }))
}

/// In the words of all networks at once.
fn repeat(request: &Request, says: &Says) -> Vec<u8> {
    let secret = request.authorization.split(' ').next_back().unwrap_or_default();
    let heard = format!("{} and {secret} and {}", request.authorization, String::from_utf8_lossy(&request.body));
    let body =
        json!({"error": says.error, "error_description": heard, "message": heard, "title": "Heard", "detail": heard,
        "errors": [{"message": heard, "detail": heard}]})
        .to_string();
    format!(
        "HTTP/1.1 {} Heard\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        says.status,
        body.len()
    )
    .into_bytes()
}
