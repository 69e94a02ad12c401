//! Which OAuth app an attempt to connect goes through, and which one an account was connected through, as it is now.
//!
//! The project's own; else one that the network hands out, kept as the project's from then on; else the operator's. In
//! test mode the sandbox's ready-made app stands for the operator's, which the sandbox does not know.

mod operators;
mod register;

use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
    policy::Mode,
    target::Refusal,
};
use platforms::{Consent, Cx, OauthApp};
use secrecy::SecretString;
use serde_json::Value;
use store::{StoreError, networks};
use vault::Context;

use operators::shared;
use register::{is_lost, register};

use crate::{default_apps::DEFAULT_VARIANT, server::Worker};

/// Where browsers come back to; behind it the app's name.
pub(crate) const CALLBACK: &str = "/v1/oauth/callback";

/// Stands before the network in the name of an app that no project has.
const SHARED: &str = "default";

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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

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
}
