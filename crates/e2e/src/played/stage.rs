//! The server that played networks talk to.

use std::{
    future,
    io::{self, Write as _},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use publisher::Networks;
use testkit::receiver;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use url::Url;

use super::{
    fault::{Fault, Operation},
    ledger::Ledger,
    network::{self, Class},
    wire::{self, Ending},
};
use crate::{eventually, tally::Public};

/// A server on a free port, until it is dropped. What it made public it remembers, also when it died in between.
pub struct Stage {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: JoinHandle<()>,
}

struct Shared {
    ledger: Mutex<Ledger>,
    is_up: watch::Sender<bool>,
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    /// Starts one.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared { ledger: Mutex::default(), is_up: watch::Sender::new(true) });
        let running = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, shared, running }
    }

    /// Where it is.
    ///
    /// # Panics
    /// Never: it has an address.
    pub fn origin(&self) -> Url {
        format!("http://{}/", self.address).parse().expect("a URL")
    }

    /// A network of this class in place of all.
    pub fn networks(&self, class: Class) -> Networks {
        network::networks(class, &self.origin())
    }

    /// These become of an account's next requests of a kind, in turn; what comes after goes well.
    pub fn plan(&self, account: &str, operation: Operation, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.shared.ledger().plan(account, operation, faults);
    }

    /// The account's next call that makes something public goes wrong so.
    pub fn fault(&self, account: &str, fault: Fault) {
        self.plan(account, Operation::Publish, [Some(fault)]);
    }

    /// How many faults have struck.
    pub fn struck(&self) -> usize {
        self.shared.ledger().struck()
    }

    /// Everything that became public, in order.
    pub fn public(&self) -> Vec<Public> {
        self.shared.ledger().public()
    }

    /// What became public on one account, in order.
    pub fn public_of(&self, account: &str) -> Vec<Public> {
        self.public().into_iter().filter(|public| public.account == account).collect()
    }

    /// Waits until it has died.
    pub async fn dies(&self) {
        let _ = self.shared.is_up.subscribe().wait_for(|is_up| !is_up).await;
    }

    /// Starts it again, on the same port and with the same memory.
    pub async fn rise(&mut self) {
        let listener = eventually("the port is free", async || TcpListener::bind(self.address).await.ok()).await;
        self.shared.is_up.send_replace(true);
        self.running = tokio::spawn(listen(listener, Arc::clone(&self.shared)));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Ends, and with it every connection, when the server dies.
async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut is_up = shared.is_up.subscribe();
    loop {
        tokio::select! {
            _ = is_up.wait_for(|is_up| !is_up) => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let shared = Arc::clone(&shared);
                connections.spawn(async move { serve(stream, &shared).await });
            }
        }
    }
}

/// A caller that goes away is the caller's business.
async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = receiver::read(&mut stream).await? {
        let ending = wire::answer(&mut shared.ledger(), &request);
        match ending {
            Ending::Answer(status, body) => {
                let mut answer = Vec::new();
                write!(answer, "HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\n\r\n", body.len())?;
                answer.extend(body);
                stream.write_all(&answer).await?;
            }
            Ending::Silence => {
                stream.read(&mut [0; 64]).await.map(drop)?;
                return Ok(());
            }
            Ending::Close => return Ok(()),
            Ending::Death => {
                shared.is_up.send_replace(false);
                return future::pending().await;
            }
        }
    }
    Ok(())
}
