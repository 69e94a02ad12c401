//! Which OAuth app an attempt to connect goes through, and which one an account was connected through, as it is now.
//!
//! The project's own; else one that the network hands out, kept as the project's from then on; else the operator's. In
//! test mode the sandbox's ready-made app stands for the operator's, which the sandbox does not know.

use std::time::Duration;

use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
    policy::Mode,
    target::Refusal,
};
use egress::{Deadline, Limits, Method, Request};
use platforms::{Consent, Cx, OauthApp, Register};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use store::{
    StoreError,
    audit::Actor,
    networks::{self, NetworkChange, NewNetwork},
};
use url::Url;
use uuid::Uuid;
use vault::Context;

use crate::{default_apps::DEFAULT_VARIANT, server::Worker};

/// Where browsers come back to; behind it the app's name.
pub(crate) const CALLBACK: &str = "/v1/oauth/callback";

/// Stands before the network in the name of an app that no project has.
const SHARED: &str = "default";

/// What an app that a network handed out has of ours among its own: the address it was registered with.
const REGISTERED_FOR: &str = "callback_url";

/// How long the sandbox may take to tell its apps.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_LIST: usize = 256 << 10;

/// Whose app, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) project: ProjectId,
    pub(crate) mode: Mode,
    pub(crate) platform: Platform,
    pub(crate) variant: &'a str,
}

/// An app that may be used, its secret opened.
pub(crate) struct App {
    /// `None` where it is no project's.
    pub(crate) network: Option<NetworkId>,
    pub(crate) scopes: Vec<String>,
    /// The network handed it out with these scopes and takes no others through it.
    pub(crate) is_registered: bool,
    client_id: String,
    client_secret: Option<SecretString>,
    extra: Value,
    callback_url: String,
}

impl App {
    pub(crate) fn oauth(&self) -> OauthApp<'_> {
        OauthApp {
            client_id: &self.client_id,
            client_secret: self.client_secret.as_ref(),
            extra: &self.extra,
            callback_url: &self.callback_url,
        }
    }
}

/// Why there is no app to use.
#[derive(Debug)]
pub(crate) enum NoApp {
    /// Nobody has one, or its owner has switched it off.
    Missing,
    /// Something of ours, or the sandbox, cannot be asked at the moment.
    Unavailable(String),
    /// The network hands none out.
    Refused(Refusal),
}

impl From<StoreError> for NoApp {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What an app is called in its callback's path.
pub(crate) fn callback_name(network: Option<NetworkId>, platform: Platform, variant: &str) -> String {
    match (network, variant) {
        (Some(id), _) => id.to_string(),
        (None, DEFAULT_VARIANT) => format!("{SHARED}-{platform}"),
        (None, variant) => format!("{SHARED}-{platform}-{variant}"),
    }
}

/// The app that a new attempt goes through. `scopes` is what one that the network hands out is to be good for.
pub(crate) async fn for_attempt(
    worker: &Worker,
    cx: &Cx<'_>,
    consent: &dyn Consent,
    wanted: Wanted<'_>,
    scopes: &[String],
) -> Result<App, NoApp> {
    let found = of_project(worker, wanted).await?;
    let is_lost = |app: &App| app.is_registered && app.extra[REGISTERED_FOR] != app.callback_url;
    match (found, consent.registrar()) {
        (Some(app), Some(registrar)) if is_lost(&app) => {
            register(worker, cx, registrar, wanted, scopes, app.network).await
        }
        (Some(app), _) => Ok(app),
        (None, Some(registrar)) => register(worker, cx, registrar, wanted, scopes, None).await,
        (None, None) => shared(worker, wanted).await?.ok_or(NoApp::Missing),
    }
}

/// An app that something went through, as it is now. One that was switched off meanwhile still finishes what it began.
pub(crate) async fn as_it_is(worker: &Worker, wanted: Wanted<'_>, network: Option<NetworkId>) -> Result<App, NoApp> {
    let Some(id) = network else { return shared(worker, wanted).await?.ok_or(NoApp::Missing) };
    let app = networks::get_app(&worker.database, wanted.project, id).await?.ok_or(NoApp::Missing)?;
    open(worker, wanted.project, app)
}

async fn of_project(worker: &Worker, wanted: Wanted<'_>) -> Result<Option<App>, NoApp> {
    match networks::find_app(&worker.database, wanted.project, wanted.platform, wanted.variant).await? {
        Some(app) if !app.network.is_enabled => Err(NoApp::Missing),
        Some(app) => open(worker, wanted.project, app).map(Some),
        None => Ok(None),
    }
}

/// An app's stored form, opened.
pub(crate) fn open(worker: &Worker, project: ProjectId, app: networks::App) -> Result<App, NoApp> {
    let networks::App { network, sealed_secret } = app;
    let context = secret_of(network.id, project);
    let secret = sealed_secret.map(|sealed| worker.ring.open_text(&sealed, &context)).transpose().map_err(|error| {
        tracing::error!(app = %network.id, %error, "an app's secret cannot be opened; do gateway and connector hold halves of the same keys?");
        NoApp::Unavailable("the app's secret cannot be opened".to_owned())
    })?;
    Ok(App {
        network: Some(network.id),
        scopes: network.scopes,
        is_registered: network.is_registered,
        client_id: network.client_id,
        client_secret: secret,
        extra: network.extra,
        callback_url: callback_url(worker, &network.id.to_string()),
    })
}

/// Where an app's secret belongs.
fn secret_of(app: NetworkId, project: ProjectId) -> Context<'static> {
    Context { table: "social_networks", column: "sealed_secret", row: app.0, project: project.0 }
}

fn callback_url(worker: &Worker, name: &str) -> String {
    format!("{}{CALLBACK}/{name}", worker.origin.as_str().trim_end_matches('/'))
}

/// Gets one from the network; in the place of `lost`, where the network would send browsers to an address that this
/// service had once. Of two who do so at once the first one's stays, and the other's is never used.
async fn register(
    worker: &Worker,
    cx: &Cx<'_>,
    registrar: &dyn Register,
    wanted: Wanted<'_>,
    scopes: &[String],
    lost: Option<NetworkId>,
) -> Result<App, NoApp> {
    let id = lost.unwrap_or_else(|| NetworkId(Uuid::now_v7()));
    let callback = callback_url(worker, &id.to_string());
    let made = registrar.register(cx, wanted.variant, scopes, &callback).await.map_err(NoApp::Refused)?;
    let seal =
        |secret: &SecretString| worker.seals.seal(secret.expose_secret().as_bytes(), &secret_of(id, wanted.project));
    let sealed_secret = made.client_secret.as_ref().map(seal).transpose();
    let sealed_secret = sealed_secret.map_err(|error| NoApp::Unavailable(error.to_string()))?;
    let mut extra = made.extra.as_object().cloned().unwrap_or_default();
    extra.insert(REGISTERED_FOR.to_owned(), callback.into());
    let (client_id, scopes, extra) = (made.client_id, scopes.to_vec(), Value::Object(extra));
    let actor = Actor { project_id: wanted.project, name: "connector".to_owned(), at: cx.now };
    if lost.is_some() {
        let change = NetworkChange {
            client_id: Some(client_id),
            sealed_secret: Some(sealed_secret),
            scopes: Some(scopes),
            extra: Some(extra),
            ..NetworkChange::default()
        };
        networks::update(&worker.database, &actor, id, change).await?;
    } else {
        let (platform, variant) = (wanted.platform, wanted.variant.to_owned());
        let new = NewNetwork { id, platform, variant, display_name: None, client_id, sealed_secret, scopes, extra };
        networks::insert_registered(&worker.database, &actor, new).await?;
    }
    of_project(worker, wanted).await?.ok_or_else(|| NoApp::Unavailable("the app was deleted at once".to_owned()))
}

/// What a network reads of an app at its client id; `None` where it reads nothing there.
pub(crate) async fn document(worker: &Worker, id: NetworkId) -> Result<Option<Value>, String> {
    let found = networks::find_by_id(&worker.database, id).await.map_err(|error| error.to_string())?;
    let Some((project, found)) = found else { return Ok(None) };
    let registrar = worker.network(found.network.platform).consent().and_then(Consent::registrar);
    let Some(registrar) = registrar else { return Ok(None) };
    match open(worker, project, found) {
        Ok(app) => Ok(registrar.document(&app.oauth(), &app.scopes)),
        Err(NoApp::Missing | NoApp::Refused(_)) => Ok(None),
        Err(NoApp::Unavailable(reason)) => Err(reason),
    }
}

/// The operator's, or what stands for it.
async fn shared(worker: &Worker, wanted: Wanted<'_>) -> Result<Option<App>, NoApp> {
    let callback_url = callback_url(worker, &callback_name(None, wanted.platform, wanted.variant));
    let app = |client_id: String, client_secret, scopes| App {
        network: None,
        scopes,
        is_registered: false,
        client_id,
        client_secret,
        extra: Value::Object(serde_json::Map::new()),
        callback_url: callback_url.clone(),
    };
    Ok(match wanted.mode {
        Mode::Live => worker.default_apps.get(wanted.platform, wanted.variant).map(|own| {
            let secret = (!own.client_secret.is_empty()).then(|| own.client_secret.expose().to_owned().into());
            app(own.client_id.clone(), secret, own.scopes.clone())
        }),
        // The sandbox's take any way back on this machine, and no other.
        Mode::Test if !is_loopback(&worker.origin) => None,
        Mode::Test => ready_made(worker, wanted)
            .await?
            .map(|made| app(made.client_id, made.client_secret.map(SecretString::from), Vec::new())),
    })
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// What the sandbox answers.
#[derive(Deserialize)]
struct ReadyMade {
    data: Vec<ReadyMadeApp>,
}

#[derive(Deserialize)]
struct ReadyMadeApp {
    platform: String,
    variant: String,
    client_id: String,
    client_secret: Option<String>,
}

async fn ready_made(worker: &Worker, wanted: Wanted<'_>) -> Result<Option<ReadyMadeApp>, NoApp> {
    let unavailable = |what: String| NoApp::Unavailable(format!("the sandbox's apps: {what}"));
    let (Some(origin), Some((door, _))) = (&worker.sandbox, worker.doors.of(Mode::Test)) else { return Ok(None) };
    let url = origin.join("/_sandbox/apps").map_err(|error| unavailable(error.to_string()))?;
    let limits = Limits::new(Deadline::after(PATIENCE), LONGEST_LIST);
    let answer =
        door.exchange(Request::new(Method::GET, url), limits).await.map_err(|error| unavailable(error.to_string()))?;
    let read: ReadyMade = serde_json::from_slice(&answer.body)
        .map_err(|_| unavailable(format!("it answered {} without a list", answer.status)))?;
    let is_wanted = |app: &ReadyMadeApp| app.platform == wanted.platform.name() && app.variant == wanted.variant;
    Ok(read.data.into_iter().find(is_wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_has_a_way_back_of_its_own() {
        let id = NetworkId(Uuid::from_u128(1));
        let name = callback_name(Some(id), Platform::X, "default");
        // As the gateway tells it.
        assert_eq!(format!("{CALLBACK}/{name}"), domain::connection::callback_path(id));
        assert_eq!(callback_name(None, Platform::X, "default"), "default-x");
        assert_eq!(callback_name(None, Platform::Mastodon, "m.example"), "default-mastodon-m.example");
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for (url, expected) in [
            ("http://127.0.0.1:8081", true),
            ("http://[::1]:8081", true),
            ("http://localhost", true),
            ("https://connect.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
