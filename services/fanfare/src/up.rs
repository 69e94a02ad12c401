//! `fanfare up`: every service in this process.

use std::{net::TcpListener, sync::Arc};

use bus::Bus;
use clap::Args;
use egress::Door;
use media::{Objects, Storage};
use runtime::{admin::Admin, clock::SystemClock, metrics::Metrics, shutdown::Shutdown, tasks::Tasks, telemetry};
use sandbox::Sandbox;
use store::{Database, sealed};
use url::Url;
use vault::PrivateRing;

use crate::{cli::Failure, commands, dev, settings::Settings};

/// How many ports from the first one on are tried on a developer's machine.
const PORTS: u16 = 100;

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// For a developer's machine: keys of this checkout, the sandbox in this process, connected test accounts, the
    /// next free ports, and a first call to paste.
    #[arg(long)]
    dev: bool,
}

/// Runs until a signal, and then until what was begun is done.
pub(crate) async fn up(args: UpArgs, mut settings: Settings) -> Result<(), Failure> {
    telemetry::init("fanfare", settings.log.format, &settings.log.filter)?;
    let shutdown = Shutdown::new(settings.shutdown_deadline());
    shutdown.listen()?;
    let sandbox = if args.dev { at_home(&mut settings).await? } else { None };
    let shared = Shared::new(&settings).await?;
    shared.database.migrate().await?;
    let ended = match check_keys(&shared).await {
        Ok(()) => serve(&args, &settings, &shared, &shutdown).await,
        Err(error) => Err(error),
    };
    shared.bus.close().await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    ended
}

/// Without a key that something stored was sealed to, accounts and endpoints that were fine would seem to be broken.
async fn check_keys(shared: &Shared) -> Result<(), Failure> {
    let stored = sealed::list_piles(&shared.database).await?;
    shared.ring.check(&stored).map_err(|error| format!("FANFARE__VAULT__PRIVATE_KEYS: {error}").into())
}

/// Fills in what a developer has not said, and starts the sandbox when none is named.
async fn at_home(settings: &mut Settings) -> Result<Option<Sandbox>, Failure> {
    let keys = dev::keys::load()?;
    if settings.vault.private_keys.is_empty() {
        settings.vault.private_keys = keys.private;
    }
    if settings.media.signing_key.is_empty() {
        settings.media.signing_key = keys.media_signing;
    }
    settings.gateway.port = free_port(&settings.gateway.host, settings.gateway.port);
    settings.fanfare.admin.port = free_port(&settings.fanfare.admin.host, settings.fanfare.admin.port);
    if !settings.sandbox.url.is_empty() {
        return Ok(None);
    }
    settings.sandbox.port = free_port(&settings.sandbox.host.to_string(), settings.sandbox.port);
    let sandbox = Sandbox::start(settings.sandbox.clone()).await?;
    settings.sandbox.url = sandbox.url();
    Ok(Some(sandbox))
}

/// The first free port from `first` on; `first` where none is, so that binding says why.
fn free_port(host: &str, first: u16) -> u16 {
    (first..first.saturating_add(PORTS)).find(|port| TcpListener::bind((host, *port)).is_ok()).unwrap_or(first)
}

/// What the services of one process share.
struct Shared {
    database: Database,
    bus: Arc<dyn Bus>,
    ring: PrivateRing,
    door: Door,
    objects: Objects,
    metrics: Metrics,
    sandbox: Option<Url>,
}

impl Shared {
    async fn new(settings: &Settings) -> Result<Self, Failure> {
        if settings.vault.private_keys.is_empty() {
            return Err("no sealing keys are configured: set FANFARE__VAULT__PRIVATE_KEYS".into());
        }
        if settings.media.signing_key.expose().len() < 32 {
            return Err("FANFARE__MEDIA__SIGNING_KEY must have at least 32 characters".into());
        }
        let bus = if settings.broker.url.is_empty() {
            tracing::info!("no broker is configured: work is handed over inside this process");
            bus::local()
        } else {
            bus::rabbitmq(settings.broker.clone()).await?
        };
        Ok(Self {
            database: commands::database(settings)?,
            bus,
            ring: settings.vault.private_keys.expose().parse()?,
            door: Door::new(&(&settings.egress).into())?,
            objects: Objects::open(&Storage::Local { root: settings.media.directory.clone() }).await?,
            metrics: Metrics::new("fanfare"),
            sandbox: match settings.sandbox.url.as_str() {
                "" => None,
                url => Some(url.parse()?),
            },
        })
    }
}

async fn serve(args: &UpArgs, settings: &Settings, shared: &Shared, shutdown: &Shutdown) -> Result<(), Failure> {
    let metrics = shared.metrics.for_service("gateway");
    let vitals = gateway::Vitals::new(shared.database.clone(), Arc::clone(&shared.bus), &metrics)?;
    let admin = Admin::start(&settings.fanfare.admin, shared.metrics.clone(), Arc::new(vitals), shutdown.clone())?;
    let of_gateway = settings.of_gateway(shared.ring.public().to_string());
    let bound = gateway::serve(shared.of_gateway(settings), &of_gateway, shutdown.clone()).await?;
    let origin = bound.origin.clone();
    let tasks = Tasks::new(shutdown.clone());
    tasks.spawn("gateway", bound.server);
    tasks.spawn(
        "publisher",
        publisher::serve(shared.of_publisher(settings, &origin), settings.of_publisher(), shutdown.clone()),
    );
    let (parts, of_dispatcher, stop) = (shared.of_dispatcher(), settings.of_dispatcher(), shutdown.clone());
    tasks.spawn("dispatcher", async move { dispatcher::serve(parts, &of_dispatcher, stop).await });
    tasks.spawn("connector", connector::serve(shared.of_connector(), settings.of_connector(), shutdown.clone()));
    tracing::info!(admin = %admin.addr(), "the API is open at {origin}");
    if args.dev {
        let admin: Url = format!("http://{}", admin.addr()).parse()?;
        let sandbox = shared.sandbox.clone().ok_or("the sandbox did not start")?;
        let seeded = dev::seed::seed(&shared.database, &origin, &admin, &sandbox).await;
        if let Err(error) = seeded {
            shutdown.stop();
            tasks.finish().await?;
            return Err(error);
        }
    }
    let ended = tasks.finish().await;
    admin.stop().await;
    Ok(ended?)
}

impl Shared {
    fn of_gateway(&self, settings: &Settings) -> gateway::Parts {
        gateway::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.public(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            objects: self.objects.clone(),
            media_key: settings.media.signing_key.clone(),
            metrics: self.metrics.for_service("gateway"),
            sandbox: self.sandbox.clone(),
        }
    }

    /// `origin` is the gateway's.
    fn of_publisher(&self, settings: &Settings, origin: &Url) -> publisher::Parts {
        publisher::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            objects: self.objects.clone(),
            clock: Arc::new(SystemClock),
            metrics: self.metrics.for_service("publisher"),
            sandbox: self.sandbox.clone(),
            networks: Arc::new(platforms::network),
            links: Some(publisher::Links::new(origin.clone(), settings.media.signing_key.clone())),
        }
    }

    fn of_dispatcher(&self) -> dispatcher::Parts {
        dispatcher::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            metrics: self.metrics.for_service("dispatcher"),
        }
    }

    fn of_connector(&self) -> connector::Parts {
        connector::Parts {
            database: self.database.clone(),
            bus: Arc::clone(&self.bus),
            ring: self.ring.clone(),
            door: self.door.clone(),
            clock: Arc::new(SystemClock),
            metrics: self.metrics.for_service("connector"),
            sandbox: self.sandbox.clone(),
            networks: Arc::new(platforms::network),
        }
    }
}
