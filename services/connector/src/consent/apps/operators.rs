//! Apps that are no project's: the operator's, and the sandbox's ready-made ones.

use std::time::Duration;

use domain::policy::Mode;
use egress::{Deadline, Limits, Method, Request};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{App, NoApp, Wanted, callback_name, callback_url};
use crate::server::Worker;

/// How long the sandbox may take to tell its apps.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_LIST: usize = 256 << 10;

/// The operator's, or what stands for it.
pub(super) async fn shared(worker: &Worker, wanted: Wanted<'_>) -> Result<Option<App>, NoApp> {
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
