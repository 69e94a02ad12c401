//! Starting and stopping the sandbox.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::directory::DataDirectory;
use crate::error::SandboxError;
use crate::house::House;
use crate::routes;
use crate::settings::Settings;

/// Connections that may wait to be accepted: a test run opens hundreds at once.
const BACKLOG: u32 = 1024;

/// How long an idle connection is kept: longer than callers keep theirs, so that it is they who close it, and none
/// closes under a request.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// A running sandbox.
pub struct Sandbox {
    url: String,
    address: SocketAddr,
    stopping: CancellationToken,
    house: Data<House>,
    handle: ServerHandle,
    server: Option<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Opens the data directory, binds and serves. Needs a Tokio runtime, on which the acceptor runs; requests run on
    /// threads of their own.
    pub async fn start(settings: Settings) -> Result<Self, SandboxError> {
        let wanted = settings.address();
        let failed = |source| SandboxError::Bind { address: wanted, source };
        let listener = listen(wanted).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = settings.origin(address)?;
        let directory = DataDirectory::open(&settings.data_dir)?;
        let stopping = CancellationToken::new();
        let workers = settings.workers.max(1);
        let house = Data::from(Arc::new(House::open(settings, url.clone(), stopping.clone(), directory)?));
        let server = HttpServer::new({
            let house = Data::clone(&house);
            move || {
                App::new()
                    .wrap(actix_web::middleware::from_fn(routes::answer_once_written))
                    .app_data(Data::clone(&house))
                    .configure(routes::mount)
            }
        })
        .on_connect(Connection::keep)
        .workers(workers)
        .disable_signals()
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(Duration::from_secs(60))
        .shutdown_timeout(5)
        .listen(listener)
        .map_err(failed)?
        .run();
        let handle = server.handle();
        let server = Some(tokio::spawn(server));
        Ok(Self { url, address, stopping, house, handle, server })
    }

    /// The origin: what stands for a PDS or a Mastodon instance; X is below it at `/x`. No slash at the end.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers what is being answered, lets go of what hangs on purpose, and closes the data directory.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        self.handle.stop(true).await;
        if let Some(server) = self.server.take() {
            // Stopped on request: what it ended with is of no more interest.
            let _ = server.await;
        }
        self.house.close();
    }

    async fn ended(&mut self) -> Result<(), SandboxError> {
        match self.server.take() {
            Some(server) => match server.await {
                Ok(ended) => ended.map_err(SandboxError::Serve),
                Err(stopped) => Err(SandboxError::Serve(io::Error::other(stopped))),
            },
            None => Ok(()),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopping.cancel();
        if self.server.is_some() {
            // The command is sent by the call; nobody is left to wait for its end.
            drop(self.handle.stop(false));
        }
        self.house.close();
    }
}

/// Serves until `shutdown` is cancelled.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> Result<(), SandboxError> {
    let mut sandbox = Sandbox::start(settings).await?;
    tracing::info!(url = sandbox.url(), "the sandbox is open at {}", sandbox.url());
    tokio::select! {
        ended = sandbox.ended() => ended,
        () = shutdown.cancelled() => {
            sandbox.stop().await;
            Ok(())
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
