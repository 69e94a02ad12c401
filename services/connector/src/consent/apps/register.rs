//! Apps that networks hand out.

use domain::ids::NetworkId;
use platforms::{Cx, Register};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use store::{
    audit::Actor,
    networks::{self, NetworkChange, NewNetwork},
};
use uuid::Uuid;

use super::{App, NoApp, Wanted, callback_url, of_project, secret_of};
use crate::server::Worker;

/// What such an app has of ours among its own: the address it was registered with.
const REGISTERED_FOR: &str = "callback_url";

/// Whether the network would send its browsers to an address that this service had once.
pub(super) fn is_lost(app: &App) -> bool {
    app.is_registered && app.extra[REGISTERED_FOR] != app.callback_url
}

/// Gets one from the network; in the place of `lost`, where the network would send browsers to an address that this
/// service had once. Of two who do so at once the first one's stays, and the other's is never used.
pub(super) async fn register(
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
