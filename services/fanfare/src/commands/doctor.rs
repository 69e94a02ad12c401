//! `fanfare doctor`: looks at everything the configuration names.

use std::{process::ExitCode, time::Duration};

use crate::{cli::Failure, settings::Settings};
use domain::sealed::Pile;
use egress::{Deadline, Door, Limits, Request};
use jiff::SignedDuration;
use media::{ObjectKey, Objects, Storage};
use runtime::clock::{Clock, SystemClock};
use store::{
    Database,
    identity::{self, Hold},
    sealed,
    targets::Targets,
};

/// How far this machine's clock may be from the database's: webhook receivers refuse timestamps that are minutes off.
const CLOCK: SignedDuration = SignedDuration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);

/// What a look found: a sentence, good or bad.
type Finding = Result<String, String>;

/// Prints a line for each thing looked at. Fails when one of them would keep a service from working.
pub(crate) async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let findings = [
        ("database", database(settings).await),
        ("sending", sending(settings).await),
        ("broker", broker(settings).await),
        ("vault", vault(settings).await),
        ("media", media(settings).await),
        ("sandbox", sandbox(settings).await),
    ];
    let mut code = ExitCode::SUCCESS;
    for (name, finding) in findings {
        match finding {
            Ok(good) => super::say(format_args!("ok    {name:<9} {good}"))?,
            Err(bad) => {
                code = ExitCode::FAILURE;
                super::say(format_args!("FAIL  {name:<9} {bad}"))?;
            }
        }
    }
    Ok(code)
}

async fn database(settings: &Settings) -> Finding {
    let database = super::database(settings).map_err(|error| error.to_string())?;
    database.ping().await.map_err(|error| error.to_string())?;
    if !database.is_migrated().await.map_err(|error| error.to_string())? {
        return Err("reachable, but its schema is not up to date: run `fanfare migrate`".to_owned());
    }
    let apart = clock(database).await?;
    if apart.abs() > CLOCK {
        return Err(format!("its clock is {apart} away from this machine's"));
    }
    Ok("reachable, its schema is up to date and its clock agrees".to_owned())
}

/// A service would work, but nothing goes out.
async fn sending(settings: &Settings) -> Finding {
    let database = super::database(settings).map_err(|error| error.to_string())?;
    match identity::find_hold(&database).await.map_err(|error| error.to_string())? {
        None => Ok("publishing is not held".to_owned()),
        Some(Hold { because, .. }) => {
            Err(format!("publishing is held, because {because}: see `fanfare release --help`"))
        }
    }
}

async fn clock(database: Database) -> Result<SignedDuration, String> {
    let now = Targets::new(database).now().await.map_err(|error| error.to_string())?;
    Ok(SystemClock.now().duration_since(now))
}

async fn broker(settings: &Settings) -> Finding {
    if settings.broker.url.is_empty() {
        return Ok("none configured: lanes are handed over inside the process".to_owned());
    }
    let bus = bus::rabbitmq(settings.broker.clone()).await.map_err(|error| error.to_string())?;
    let until = Deadline::after(PATIENCE);
    while !bus.connected() && !until.has_passed() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let trouble = bus.trouble();
    bus.close().await;
    match trouble {
        None => Ok("reachable, its queues are declared".to_owned()),
        Some(trouble) => Err(trouble),
    }
}

async fn vault(settings: &Settings) -> Finding {
    let said = |error: Failure| error.to_string();
    let ring = super::keys::ring(settings).map_err(said)?;
    let database = super::database(settings).map_err(said)?;
    let stored = sealed::list_piles(&database).await.map_err(|error| format!("what is stored: {error}"))?;
    ring.check(&stored).map_err(|error| error.to_string())?;
    let seals = ring.public();
    let is_old = |pile: &&Pile| pile.head != seals.head();
    let old: i64 = stored.iter().filter(is_old).map(|pile| pile.rows).sum();
    let rewrap = if old == 0 { String::new() } else { format!("; `fanfare keys rewrap` has {old} rows to seal anew") };
    Ok(format!("seals with {}{rewrap}", seals.key_ids().join(", opens ")))
}

async fn media(settings: &Settings) -> Finding {
    let said = |error: media::MediaError| error.to_string();
    if settings.media.signing_key.expose().len() < 32 {
        return Err("media.signing_key must have at least 32 characters".to_owned());
    }
    let objects = Objects::open(&Storage::Local { root: settings.media.directory.clone() }).await.map_err(said)?;
    let key = ObjectKey::new("doctor").map_err(said)?;
    objects.put_bytes(&key, bytes::Bytes::from_static(b"ok")).await.map_err(said)?;
    objects.delete(&key).await.map_err(said)?;
    Ok(format!("{} can be written", settings.media.directory.display()))
}

async fn sandbox(settings: &Settings) -> Finding {
    if settings.sandbox.url.is_empty() {
        return Ok("none configured: test keys send nowhere and are told so".to_owned());
    }
    let origin: url::Url =
        settings.sandbox.url.parse().map_err(|error| format!("sandbox.url is not a URL: {error}"))?;
    let door = Door::new(&(&settings.egress).into()).map_err(|error| error.to_string())?.only(&origin);
    let at = origin.join("/_sandbox/ledger").map_err(|error| error.to_string())?;
    let request = Request::new(egress::Method::GET, at);
    match door.exchange(request, Limits::new(Deadline::after(PATIENCE), 1 << 20).truncating()).await {
        Ok(response) if response.status.is_success() => Ok(format!("{origin} answers")),
        Ok(response) => Err(format!("{origin} answers {}", response.status)),
        Err(error) => Err(error.to_string()),
    }
}
