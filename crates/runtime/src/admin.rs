//! The admin port: `/healthz` (the process is up), `/readyz` (it could claim work now), `/metrics`.
//!
//! It is for the operator's network and has no authentication, so it listens on loopback unless told otherwise.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header::ContentType,
    web::{self, Data},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::{task::JoinHandle, time::timeout};

use crate::{metrics::Metrics, shutdown::Shutdown};

/// A probe is answered within this, whatever a service's own checks do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the admin port is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdminSettings {
    /// An address or a host name; `127.0.0.1` unless probes come from elsewhere.
    pub host: String,
    /// 0 takes any free port.
    pub port: u16,
}

/// What a service knows of its own state.
#[async_trait]
pub trait Vitals: Send + Sync + 'static {
    /// Why it could not claim work now; empty when it could.
    async fn not_ready(&self) -> Vec<String>;

    /// Brings the gauges that mirror something outside up to date; called before each scrape.
    async fn refresh_metrics(&self) {}
}

/// A closure is enough where there is nothing to wait for.
#[async_trait]
impl<F: Fn() -> Vec<String> + Send + Sync + 'static> Vitals for F {
    async fn not_ready(&self) -> Vec<String> {
        self()
    }
}

/// All a service needs: ready when each of them is.
#[async_trait]
impl Vitals for Vec<Arc<dyn Vitals>> {
    async fn not_ready(&self) -> Vec<String> {
        futures::future::join_all(self.iter().map(|vitals| vitals.not_ready())).await.concat()
    }

    async fn refresh_metrics(&self) {
        futures::future::join_all(self.iter().map(|vitals| vitals.refresh_metrics())).await;
    }
}

/// Why there is no admin port.
#[derive(Debug, thiserror::Error)]
#[error("listening on {host}:{port} for the admin port")]
pub struct AdminError {
    host: String,
    port: u16,
    source: io::Error,
}

/// A running admin port. It outlives the service's tasks, so that a probe sees it drain; stop it last.
#[derive(Debug)]
pub struct Admin {
    addr: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Admin {
    /// Starts listening, in the current Tokio runtime.
    pub fn start(
        settings: &AdminSettings,
        metrics: Metrics,
        vitals: Arc<dyn Vitals>,
        shutdown: Shutdown,
    ) -> Result<Self, AdminError> {
        let at = |source| AdminError { host: settings.host.clone(), port: settings.port, source };
        let state = Data::new(State { metrics, vitals, shutdown });
        let app = move || {
            App::new()
                .app_data(state.clone())
                .route("/healthz", web::get().to(healthz))
                .route("/readyz", web::get().to(readyz))
                .route("/metrics", web::get().to(scrape))
        };
        let addrs: Vec<SocketAddr> =
            (settings.host.as_str(), settings.port).to_socket_addrs().map_err(at)?.take(1).collect();
        let server = HttpServer::new(app).workers(1).disable_signals().bind(&*addrs).map_err(at)?;
        let addr = server.addrs().first().copied().ok_or_else(|| at(io::ErrorKind::AddrNotAvailable.into()))?;
        let server = server.run();
        Ok(Self { addr, handle: server.handle(), task: tokio::spawn(server) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening and waits until it has.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        // It was told to end; how it ended changes nothing any more.
        let _ = self.task.await;
    }
}

struct State {
    metrics: Metrics,
    vitals: Arc<dyn Vitals>,
    shutdown: Shutdown,
}

async fn healthz() -> HttpResponse {
    text(HttpResponse::Ok(), "ok\n".to_owned())
}

async fn readyz(state: Data<State>) -> HttpResponse {
    let mut reasons = match timeout(PATIENCE, state.vitals.not_ready()).await {
        Ok(reasons) => reasons,
        Err(_) => vec![format!("the checks did not answer within {} s", PATIENCE.as_secs())],
    };
    if state.shutdown.is_stopping() {
        reasons.insert(0, "shutting down".to_owned());
    }
    if reasons.is_empty() {
        return text(HttpResponse::Ok(), "ready\n".to_owned());
    }
    text(HttpResponse::ServiceUnavailable(), reasons.join("\n") + "\n")
}

async fn scrape(state: Data<State>) -> HttpResponse {
    // Gauges that could not be refreshed in time keep their last value; a missing scrape would hide all others.
    let _ = timeout(PATIENCE, state.vitals.refresh_metrics()).await;
    match state.metrics.encode() {
        Ok(body) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(body),
        Err(error) => text(HttpResponse::InternalServerError(), format!("{error}\n")),
    }
}

fn text(mut response: actix_web::HttpResponseBuilder, body: String) -> HttpResponse {
    response.content_type(ContentType::plaintext()).body(body)
}
