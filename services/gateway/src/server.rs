//! Listening, and an orderly end.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpServer, middleware::from_fn, web::Data};
use bus::BusError;
use egress::{Door, EgressError};
use futures::{FutureExt as _, future::BoxFuture};
use media::{MediaError, Objects, Storage};
use runtime::{
    admin::{Admin, AdminError},
    clock::SystemClock,
    metrics::{Metrics, MetricsError},
    shutdown::Shutdown,
    tasks::{TaskError, Tasks},
};
use store::{Database, StoreError, sealed};
use url::Url;
use vault::VaultError;

use crate::{App, Parts, Settings, answer::frame, relay::Relay, router, sweep};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why the gateway does not run.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each says so itself")]
pub enum GatewayError {
    #[error("listening on {host}:{port}: {source}")]
    Bind { host: String, port: u16, source: io::Error },
    #[error("the setting {key} {problem}")]
    Setting { key: &'static str, problem: String },
    #[error("preparing the database: {0}")]
    Database(#[from] StoreError),
    #[error("preparing the broker: {0}")]
    Broker(#[from] BusError),
    #[error("preparing the door out: {0}")]
    Door(#[from] EgressError),
    #[error("reading vault.public_keys: {0}")]
    Vault(#[from] VaultError),
    #[error("preparing the storage of uploads: {0}")]
    Media(#[from] MediaError),
    #[error("defining metrics: {0}")]
    Metrics(#[from] MetricsError),
    #[error("starting the admin port: {0}")]
    Admin(#[from] AdminError),
    #[error("serving HTTP: {0}")]
    Serve(#[source] io::Error),
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// A gateway that listens.
pub struct Bound {
    /// Where.
    pub addr: SocketAddr,
    /// The origin its callers use.
    pub origin: Url,
    /// Serves until the shutdown, and then until what was begun is done.
    pub server: BoxFuture<'static, Result<(), GatewayError>>,
}

/// Binds and makes the server; nothing is answered until [`Bound::server`] is polled. Needs a Tokio runtime.
///
/// # Errors
/// [`GatewayError`].
pub async fn serve(parts: Parts, settings: &Settings, shutdown: Shutdown) -> Result<Bound, GatewayError> {
    let listener = listen(&settings.gateway.host, settings.gateway.port)?;
    let addr = listener.local_addr().map_err(GatewayError::Serve)?;
    let origin = origin(&settings.gateway.public_url, addr)?;
    let relay = Relay::new(parts.database.clone(), Arc::clone(&parts.bus), &parts.metrics)?;
    let sweeping =
        sweep::run(parts.database.clone(), parts.objects.clone(), Arc::clone(&parts.clock), shutdown.clone());
    let app = Data::from(Arc::new(App::new(parts, settings.media.clone(), origin.clone())?));
    let workers = match settings.gateway.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let http = HttpServer::new(move || {
        actix_web::App::new().wrap(from_fn(frame)).app_data(Data::clone(&app)).configure(router::mount)
    })
    .workers(workers)
    .disable_signals()
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(30))
    .shutdown_timeout(settings.gateway.shutdown_seconds)
    .listen(listener)
    .map_err(GatewayError::Serve)?
    .run();
    let server = async move {
        let handle = http.handle();
        let stop = async {
            shutdown.soft().cancelled().await;
            tokio::select! {
                () = handle.stop(true) => {}
                () = shutdown.hard().cancelled() => handle.stop(false).await,
            }
        };
        // What requests made due up to the end is handed over by whoever relays next.
        let relaying = async { relay.run(shutdown.clone()).await.unwrap_or_else(|never| match never {}) };
        let (ended, (), (), ()) = futures::join!(http, stop, relaying, sweeping);
        ended.map_err(GatewayError::Serve)
    }
    .boxed();
    Ok(Bound { addr, origin, server })
}

/// The gateway as a process of its own, until `shutdown`.
///
/// # Errors
/// [`GatewayError`].
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), GatewayError> {
    let metrics = Metrics::new("gateway");
    let parts = parts(&settings, metrics.clone()).await?;
    let vitals = crate::Vitals::new(parts.database.clone(), Arc::clone(&parts.bus), &metrics)?;
    let bus = Arc::clone(&parts.bus);
    let admin = Admin::start(&settings.gateway.admin, metrics, Arc::new(vitals), shutdown.clone())?;
    let ended = match shutdown.soft().run_until_cancelled(check_keys(&parts)).await {
        Some(Ok(())) => serve_until(parts, &settings, &admin, shutdown).await,
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    bus.close().await;
    admin.stop().await;
    ended
}

async fn serve_until(parts: Parts, settings: &Settings, admin: &Admin, shutdown: Shutdown) -> Result<(), GatewayError> {
    let bound = serve(parts, settings, shutdown.clone()).await?;
    tracing::info!(addr = %bound.addr, admin = %admin.addr(), "the API is open at {}", bound.origin);
    let tasks = Tasks::new(shutdown);
    tasks.spawn("http", bound.server);
    Ok(tasks.finish().await?)
}

/// Waits for the database, and refuses to seal with the keys of another installation: what callers hand in would be
/// accepted and open for nobody.
async fn check_keys(parts: &Parts) -> Result<(), GatewayError> {
    let stored = sealed::list_piles_when_there(&parts.database).await?;
    Ok(parts.ring.check(&stored)?)
}

async fn parts(settings: &Settings, metrics: Metrics) -> Result<Parts, GatewayError> {
    let missing = |key| GatewayError::Setting { key, problem: "must be set".to_owned() };
    let required = [
        ("database.url", settings.database.url.is_empty()),
        ("broker.url", settings.broker.url.is_empty()),
        ("vault.public_keys", settings.vault.public_keys.is_empty()),
    ];
    if let Some((key, _)) = required.into_iter().find(|(_, is_empty)| *is_empty) {
        return Err(missing(key));
    }
    if settings.media.signing_key.expose().len() < 32 {
        let problem = "must have at least 32 characters".to_owned();
        return Err(GatewayError::Setting { key: "media.signing_key", problem });
    }
    Ok(Parts {
        database: Database::new(&settings.database)?,
        bus: bus::rabbitmq(settings.broker.clone()).await?,
        ring: settings.vault.public_keys.parse()?,
        door: Door::new(&(&settings.egress).into())?,
        clock: Arc::new(SystemClock),
        objects: Objects::open(&Storage::Local { root: settings.media.directory.clone() }).await?,
        media_key: settings.media.signing_key.clone(),
        metrics,
        sandbox: match settings.sandbox.url.as_str() {
            "" => None,
            text => Some(parse_origin("sandbox.url", text)?),
        },
    })
}

fn listen(host: &str, port: u16) -> Result<TcpListener, GatewayError> {
    let at = |source| GatewayError::Bind { host: host.to_owned(), port, source };
    let addr = (host, port).to_socket_addrs().map_err(at)?.next();
    let addr = addr.ok_or_else(|| at(io::ErrorKind::AddrNotAvailable.into()))?;
    let listen = |addr: SocketAddr| {
        let socket = if addr.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen(addr).map_err(at)
}

fn origin(public_url: &str, addr: SocketAddr) -> Result<Url, GatewayError> {
    if !public_url.is_empty() {
        return parse_origin("gateway.public_url", public_url);
    }
    // "Any address" is nothing a caller could dial.
    let host = match addr.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    parse_origin("gateway.public_url", &format!("http://{}", SocketAddr::new(host, addr.port())))
}

fn parse_origin(key: &'static str, text: &str) -> Result<Url, GatewayError> {
    let bad = |problem: &str| GatewayError::Setting { key, problem: problem.to_owned() };
    let url: Url = text.parse().map_err(|error| bad(&format!("is not a URL: {error}")))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(bad("must be an origin as https://api.example.com, without a path"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_an_address_they_can_dial() {
        let origin = |public: &str, addr: &str| origin(public, addr.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(origin("", "0.0.0.0:81").unwrap(), "http://127.0.0.1:81/");
        assert_eq!(origin("", "[::1]:81").unwrap(), "http://[::1]:81/");
        assert_eq!(origin("https://api.example", "0.0.0.0:81").unwrap(), "https://api.example/");
        for bad in ["api.example", "ftp://a", "https://a/b", "https://u@a", "https://a/?x"] {
            assert!(origin(bad, "0.0.0.0:81").is_err(), "{bad}");
        }
    }
}
