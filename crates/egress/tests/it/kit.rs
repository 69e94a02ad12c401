//! A TCP server written by the test, doors that may reach it, and resolvers that say what a test wants.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use egress::{
    AmbiguousKind, Deadline, Door, EgressSettings, ExchangeError, Limits, Method, NotSentKind, Request, Resolve, Url,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Accepts until it is dropped; each connection runs the test's handler.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start<F, H>(handler: H) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        H: Fn(TcpStream) -> F + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(handler(stream));
            }
        });
        Self { address, accepted, task }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads one request, head and body by its content-length; `None` when the client has gone.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// A door that may reach loopback over plain HTTP.
pub(crate) fn open_door() -> Door {
    door_with(&["127.0.0.1:*"])
}

pub(crate) fn door_with(allow: &[&str]) -> Door {
    Door::new(&settings(allow)).unwrap()
}

pub(crate) fn settings(allow: &[&str]) -> EgressSettings {
    EgressSettings {
        allow: allow.iter().map(ToString::to_string).collect(),
        connect_timeout: Duration::from_secs(2),
        ..EgressSettings::default()
    }
}

pub(crate) fn get(url: Url) -> Request {
    Request::new(Method::GET, url)
}

pub(crate) fn limits() -> Limits {
    within(Duration::from_secs(10))
}

pub(crate) fn within(span: Duration) -> Limits {
    Limits::new(Deadline::after(span), 1024)
}

pub(crate) fn not_sent(error: &ExchangeError) -> NotSentKind {
    match error {
        ExchangeError::NotSent { kind, .. } => *kind,
        ExchangeError::Ambiguous { .. } => panic!("expected NotSent, got {error:?}"),
    }
}

pub(crate) fn ambiguous(error: &ExchangeError) -> AmbiguousKind {
    match error {
        ExchangeError::Ambiguous { kind, .. } => *kind,
        ExchangeError::NotSent { .. } => panic!("expected Ambiguous, got {error:?}"),
    }
}

/// Answers from a script; the last answer of a name repeats.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub(crate) asked: AtomicUsize,
}

impl Script {
    pub(crate) fn new(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let script = Self::default();
        let parsed = answers
            .iter()
            .rev()
            .map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect())
            .collect();
        script.answers.lock().unwrap().insert(name.to_owned(), parsed);
        Arc::new(script)
    }
}

#[async_trait]
impl Resolve for Script {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let Some(left) = answers.get_mut(host) else {
            return Err(io::Error::other("no such name"));
        };
        Ok(if left.len() > 1 { left.pop().unwrap() } else { left[0].clone() })
    }
}
