//! A Mastodon instance that can hang, be gone and come back, at the same address all the time.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::platform::Platform;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use url::Url;

use crate::{Caller, World, crowd::Papers, world::Resident};

/// An instance, and one resident whose token all accounts of a crowd may share.
pub struct Instance {
    address: SocketAddr,
    state: State,
    resident: Resident,
    files: TempDir,
}

enum State {
    Up(Sandbox),
    Hanging(Silence),
    Gone,
}

impl Instance {
    /// One that works, on a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn up() -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let sandbox = start(&files, 0).await;
        let address = sandbox.address();
        let resident = World::new(Caller::of(&origin(address))).settle(Platform::Mastodon).await;
        Self { address, state: State::Up(sandbox), resident, files }
    }

    /// What accounts of it have, whose listing is believed or not.
    ///
    /// # Panics
    /// When the resident has no token.
    pub fn papers(&self, genuine: bool) -> Papers {
        let base = origin(self.address).as_str().trim_end_matches('/').to_owned();
        let token = self.resident.credentials["access_token"].as_str().expect("a token");
        Papers {
            platform: Platform::Mastodon,
            facts: json!({"base": base, "genuine": genuine}),
            tokens: json!({"base": base, "access_token": token}),
        }
    }

    /// From now on it takes connections and requests and never answers.
    ///
    /// # Panics
    /// When its address is taken.
    pub async fn hang(&mut self) {
        self.leave().await;
        let listener = TcpListener::bind(self.address).await.expect("its own address");
        self.state = State::Hanging(Silence::on(listener));
    }

    /// From now on it refuses connections.
    pub async fn leave(&mut self) {
        if let State::Up(sandbox) = std::mem::replace(&mut self.state, State::Gone) {
            sandbox.stop().await;
        }
    }

    /// It works again, with all that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn come_back(&mut self) {
        self.leave().await;
        self.state = State::Up(start(&self.files, self.address.port()).await);
    }

    /// Requests without an answer: how many there are, and the most there were at once.
    ///
    /// # Panics
    /// When it does not hang.
    pub fn unanswered(&self) -> (usize, usize) {
        match &self.state {
            State::Hanging(silence) => silence.seen.numbers(),
            State::Up(_) | State::Gone => panic!("it does not hang"),
        }
    }

    /// Everything that became public on it, in order.
    pub async fn ledger(&self) -> Vec<Value> {
        World::new(Caller::of(&origin(self.address))).ledger().await
    }
}

fn origin(address: SocketAddr) -> Url {
    format!("http://{address}/").parse().expect("a URL")
}

async fn start(files: &TempDir, port: u16) -> Sandbox {
    let settings = sandbox::Settings { port, data_dir: files.path().join("instance"), ..sandbox::Settings::default() };
    Sandbox::start(settings).await.expect("an instance")
}

/// A listener that never answers, until it is dropped.
struct Silence {
    seen: Arc<Seen>,
    running: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Seen {
    fn numbers(&self) -> (usize, usize) {
        (self.open.load(Ordering::SeqCst), self.most.load(Ordering::SeqCst))
    }
}

impl Silence {
    fn on(listener: TcpListener) -> Self {
        let seen = Arc::<Seen>::default();
        let running = tokio::spawn(listen(listener, Arc::clone(&seen)));
        Self { seen, running }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn listen(listener: TcpListener, seen: Arc<Seen>) {
    let mut callers = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((caller, _)) => drop(callers.spawn(keep_waiting(caller, Arc::clone(&seen)))),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Reads until the caller gives up.
async fn keep_waiting(mut caller: TcpStream, seen: Arc<Seen>) {
    let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(open, Ordering::SeqCst);
    let mut buffer = [0; 4_096];
    while caller.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    seen.open.fetch_sub(1, Ordering::SeqCst);
}
