//! One attempt to connect with credentials that a caller handed in.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    connection::{ConnectAnswer, ConnectQuestion, ConnectRequest, SEALED_IN},
    ids::AccountId,
    platform::Platform,
};
use egress::Deadline;
use jiff::Timestamp;
use platforms::{Cx, Identity};
use runtime::trace::Trace;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use store::{
    accounts::{self, Connecting, NewAccount, Profile},
    audit::Actor,
};
use tracing::Instrument as _;
use uuid::Uuid;
use vault::Context;

use crate::{
    metrics::Attempt,
    refused::{self, unavailable},
    schedule,
    server::{Worker, tokens_of},
};

/// What is left of the asker's patience for sealing, storing and the way back.
const RESERVE: Duration = Duration::from_secs(1);

/// A profile's account can come and go between looking it up and connecting it; more often than this nobody does that.
const TRIES: usize = 4;

/// Answers whatever was asked. `patience` is how long the asker still waits.
pub(crate) async fn connect(worker: &Worker, body: &[u8], patience: Duration) -> ConnectAnswer {
    // The parser's message may show a piece of what was sent.
    let Ok(ConnectQuestion::Credentials(request)) = serde_json::from_slice::<ConnectQuestion>(body) else {
        tracing::error!("a question on connect.v1 cannot be read; is the gateway of another version?");
        return unavailable("The connector does not understand the gateway");
    };
    let trace = Trace::continue_from(request.trace.as_deref());
    let answer = attempt(worker, &request, &trace, patience).instrument(trace.span()).await;
    worker.counts.attempt(request.platform, outcome(&answer));
    answer
}

fn outcome(answer: &ConnectAnswer) -> Attempt {
    match answer {
        ConnectAnswer::Connected { is_new: true, .. } => Attempt::Connected,
        ConnectAnswer::Connected { is_new: false, .. } => Attempt::Reconnected,
        ConnectAnswer::Owned { .. } => Attempt::Owned,
        ConnectAnswer::Refused { .. } => Attempt::Refused,
        ConnectAnswer::Unavailable { .. } => Attempt::Unavailable,
    }
}

async fn attempt(worker: &Worker, request: &ConnectRequest, trace: &Trace, patience: Duration) -> ConnectAnswer {
    let Some((door, bases)) = worker.doors.of(request.mode) else {
        return unavailable("No sandbox is configured, and projects in test mode connect nowhere else");
    };
    let given = match open(worker, request) {
        Ok(given) => given,
        Err(answer) => return answer,
    };
    let patience = worker.settings.identify_timeout().min(patience.saturating_sub(RESERVE));
    let cx = Cx { door, bases, now: worker.clock.now(), deadline: Deadline::after(patience), readings: None };
    let identify = worker.network(request.platform).identify(&cx, &given);
    let identity = match tokio::time::timeout(patience, identify).await {
        Ok(Ok(identity)) => identity,
        Ok(Err(refusal)) => return refused::answer(refusal),
        Err(_) => return unavailable("The network did not answer in time"),
    };
    if identity.network_unique_id.is_empty() || is_empty(identity.tokens.sealed_json.expose_secret()) {
        return unavailable("The network did not say whose credentials they are");
    }
    record(worker, request, identity, cx.now, trace).await
}

/// The credentials. Theirs who cannot be opened are no caller's fault.
fn open(worker: &Worker, request: &ConnectRequest) -> Result<Value, ConnectAnswer> {
    let (table, column) = SEALED_IN;
    let context = Context { table, column, row: request.id, project: request.project_id.0 };
    let not_ours = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "credentials cannot be opened; do gateway and connector hold halves of the same keys?");
        unavailable("The connector cannot open what the gateway sealed")
    };
    let sealed = STANDARD.decode(&request.sealed_credentials).map_err(|_| not_ours(&"not base64"))?;
    let opened = worker.ring.open(&sealed, &context).map_err(|error| not_ours(&error))?;
    serde_json::from_slice(&opened).map_err(|_| ConnectAnswer::Refused {
        pointer: String::new(),
        code: "invalid_credentials".to_owned(),
        detail: "`credentials` must be an object".to_owned(),
    })
}

/// Whether a network's answer holds no tokens at all, which must never replace some that work.
pub(crate) fn is_empty(tokens: &str) -> bool {
    matches!(tokens.trim(), "" | "null" | "{}" | "[]" | "\"\"")
}

/// Seals the tokens to the profile's account and has the store decide whose it is.
async fn record(
    worker: &Worker,
    request: &ConnectRequest,
    identity: Identity,
    now: Timestamp,
    trace: &Trace,
) -> ConnectAnswer {
    let actor = Actor { project_id: request.project_id, name: "connector".to_owned(), at: now };
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, platform = %request.platform, "a proved profile could not be recorded");
        unavailable("The account could not be recorded")
    };
    let profile = Profile {
        platform: request.platform,
        realm: identity.realm.clone(),
        network_unique_id: identity.network_unique_id.clone(),
    };
    let mut new = new_account(worker, request, profile, &identity, now);
    for _ in 0..TRIES {
        new.id = match accounts::find_profile(&worker.database, request.project_id, &new.profile).await {
            Ok(found) => found.unwrap_or_else(|| AccountId(Uuid::now_v7())),
            Err(error) => return failed(&error),
        };
        let context = tokens_of(new.id, request.project_id);
        new.sealed_tokens = match worker.seals.seal(identity.tokens.sealed_json.expose_secret().as_bytes(), &context) {
            Ok(sealed) => sealed,
            Err(error) => return failed(&error),
        };
        match accounts::connect(&worker.database, &actor, &new, Some(trace.to_string())).await {
            Ok(Connecting::Connected { account, is_new }) => {
                worker.setbacks.forget(account.id);
                return ConnectAnswer::Connected { account, is_new };
            }
            Ok(Connecting::Owned { account_id }) => return ConnectAnswer::Owned { account_id },
            Ok(Connecting::Raced) => {}
            Err(error) => return failed(&error),
        }
    }
    failed(&"others connected and purged the same profile all the while")
}

fn new_account(
    worker: &Worker,
    request: &ConnectRequest,
    profile: Profile,
    identity: &Identity,
    now: Timestamp,
) -> NewAccount {
    NewAccount {
        id: AccountId(Uuid::nil()),
        profile,
        external_id: request.external_id.clone(),
        social_network_id: None,
        username: identity.username.clone(),
        display_name: identity.display_name.clone(),
        profile_image_url: identity.profile_image_url.clone(),
        profile_url: identity.profile_url.clone(),
        account_type: identity.account_type.to_owned(),
        scopes: identity.scopes.clone(),
        facts: identity.facts.clone(),
        token_expires_at: identity.tokens.expires_at,
        refresh_at: refresh_at(worker, request.platform, now, identity.tokens.expires_at),
        sealed_tokens: Vec::new(),
    }
}

fn refresh_at(worker: &Worker, platform: Platform, now: Timestamp, expires_at: Option<Timestamp>) -> Option<Timestamp> {
    worker.network(platform).refresher()?;
    expires_at.map(|expires_at| schedule::due(now, expires_at))
}
