//! Sending a browser to a network's consent page.

use std::time::Duration;

use domain::{
    connection::{BeginAnswer, BeginRequest},
    target::Refusal,
};
use egress::Deadline;
use jiff::Timestamp;
use platforms::{Consent, ConsentRequest, ConsentRules, Cx};
use secrecy::{ExposeSecret as _, SecretString};
use store::sessions::{self, NewSession};

use super::{
    apps::{self, App, NoApp, Wanted},
    secrets::{self, Kept},
};
use crate::{connect::RESERVE, refused, server::Worker};

/// How long a person may take on the network's page.
const LIFE: Duration = Duration::from_secs(600);

/// Answers where the browser is to go. `patience` is how long the asker still waits.
pub(crate) async fn begin(worker: &Worker, request: &BeginRequest, patience: Duration) -> BeginAnswer {
    begun(worker, request, patience).await.unwrap_or_else(|answer| answer)
}

async fn begun(worker: &Worker, request: &BeginRequest, patience: Duration) -> Result<BeginAnswer, BeginAnswer> {
    let (door, bases) = worker
        .doors
        .of(request.mode)
        .ok_or_else(|| unavailable("No sandbox is configured, and projects in test mode connect nowhere else"))?;
    let not_here = |detail: &str| refused("/platform", "unsupported", detail);
    let consent = worker
        .network(request.platform)
        .consent()
        .ok_or_else(|| not_here("This network has no consent page to connect on"))?;
    let variant = consent
        .variant(&request.platform_data)
        .map_err(|(pointer, detail)| refused(&format!("/platform_data{pointer}"), "invalid", &detail))?;
    let rules = consent.rules(&variant).ok_or_else(|| not_here("This network cannot be connected so"))?;
    let patience = worker.settings.identify_timeout().min(patience.saturating_sub(RESERVE));
    let cx = Cx { door, bases, now: worker.clock.now(), deadline: Deadline::after(patience), readings: None };
    let attempt = Attempt { worker, cx, consent, rules, request, variant: &variant };
    tokio::time::timeout(patience, attempt.carry_out())
        .await
        .map_err(|_| unavailable("The network did not answer in time"))?
}

struct Attempt<'a> {
    worker: &'a Worker,
    cx: Cx<'a>,
    consent: &'a dyn Consent,
    rules: ConsentRules,
    request: &'a BeginRequest,
    variant: &'a str,
}

impl Attempt<'_> {
    async fn carry_out(&self) -> Result<BeginAnswer, BeginAnswer> {
        let app = self.app().await?;
        let scopes = self.scopes(&app)?;
        let (state, verifier) = (secrets::unguessable(), secrets::unguessable());
        let asked = ConsentRequest {
            state: state.expose_secret(),
            verifier: &verifier,
            scopes: &scopes,
            data: &self.request.platform_data,
        };
        let page = self.consent.begin(&self.cx, &app.oauth(), &asked).await.map_err(of_refusal)?;
        let kept = Kept { verifier, kept: page.kept };
        let expires_at = self.store(&app, scopes, &state, &kept).await?;
        Ok(BeginAnswer::Begun { auth_url: page.url.into(), expires_at })
    }

    async fn app(&self) -> Result<App, BeginAnswer> {
        let request = self.request;
        let wanted = Wanted {
            project: request.project_id,
            mode: request.mode,
            platform: request.platform,
            variant: self.variant,
        };
        // One that the network hands out is good for what is usual as well, whoever comes first.
        let mut scopes = usual(&self.rules);
        scopes.extend(
            request.scopes.iter().flatten().filter(|scope| !self.rules.scopes.contains(&scope.as_str())).cloned(),
        );
        apps::for_attempt(self.worker, &self.cx, self.consent, wanted, &scopes).await.map_err(|no| match no {
            NoApp::Missing => BeginAnswer::NoApp { variant: self.variant.to_owned() },
            NoApp::Unavailable(detail) => {
                tracing::warn!(platform = %request.platform, reason = detail, "an attempt to connect could not begin");
                unavailable("The app to connect through cannot be had at the moment")
            }
            NoApp::Refused(refusal) => of_refusal(refusal),
        })
    }

    /// The request's, else the app's, else the network's usual ones.
    fn scopes(&self, app: &App) -> Result<Vec<String>, BeginAnswer> {
        let Some(asked) = &self.request.scopes else {
            return Ok(if app.scopes.is_empty() { usual(&self.rules) } else { app.scopes.clone() });
        };
        let beyond = asked.iter().find(|scope| app.is_registered && !app.scopes.contains(scope));
        match beyond {
            Some(scope) => Err(refused(
                "/scopes",
                "invalid",
                &format!(
                    "`{scope}` is not among the scopes that the app here was registered for; bring an app of your own for it"
                ),
            )),
            None => Ok(asked.clone()),
        }
    }

    async fn store(
        &self,
        app: &App,
        scopes: Vec<String>,
        state: &SecretString,
        kept: &Kept,
    ) -> Result<Timestamp, BeginAnswer> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, platform = %self.request.platform, "an attempt to connect could not be recorded");
            unavailable("The attempt could not be recorded")
        };
        let request = self.request;
        let sealed = kept.seal(&self.worker.seals, request.id, request.project_id).map_err(|error| failed(&error))?;
        let new = NewSession {
            id: request.id,
            project_id: request.project_id,
            platform: request.platform,
            variant: self.variant.to_owned(),
            social_network_id: app.network,
            state_hash: sessions::hash(state.expose_secret()),
            external_id: request.external_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            caller_state: request.state.clone(),
            scopes,
            auto_finalize: request.auto_finalize,
            platform_data: request.platform_data.clone(),
            dialect: request.dialect.clone(),
            sealed,
            trace: request.trace.clone(),
            lifetime: LIFE,
        };
        let begun = sessions::begin(&self.worker.database, new).await.map_err(|error| failed(&error))?;
        begun.ok_or_else(|| BeginAnswer::NoApp { variant: self.variant.to_owned() })
    }
}

fn usual(rules: &ConsentRules) -> Vec<String> {
    rules.scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn refused(pointer: &str, code: &str, detail: &str) -> BeginAnswer {
    BeginAnswer::Refused { pointer: pointer.to_owned(), code: code.to_owned(), detail: refused::short(detail) }
}

fn unavailable(detail: &str) -> BeginAnswer {
    BeginAnswer::Unavailable { detail: refused::short(detail) }
}

/// What a network said before anybody was asked.
fn of_refusal(refusal: Refusal) -> BeginAnswer {
    match refusal {
        Refusal::Rejected { message, http_status: None, .. } => {
            refused(&format!("/platform_data{}", refused::pointer(&message)), "invalid", &message)
        }
        Refusal::Rejected { message, .. } | Refusal::Auth { message, .. } => {
            refused("/platform", "app_refused", &format!("The network does not take the app: {message}"))
        }
        Refusal::Throttled { until, message } => {
            unavailable(&format!("The network asks to wait until {until:.0}: {message}"))
        }
        Refusal::NotNow { message, .. } => unavailable(&message),
    }
}
