//! `POST /v1/social-accounts`: connecting with credentials that the caller holds.
//!
//! They are sealed here and opened by the connector, which asks the network whose they are. This service cannot open
//! them again, and neither keeps nor logs them.

use std::{ops::RangeInclusive, time::Duration};

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::AskError;
use domain::{
    connection::{ConnectAnswer, ConnectQuestion, ConnectRequest, SEALED_IN},
    fault::Fault,
    job::Call,
    platform::Platform,
    policy::Mode,
    target::ErrorCode,
};
use platforms::network;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use uuid::Uuid;
use vault::Context;

use super::sight;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::{Body, json},
    fields::Object,
    leased::leased,
    platforms::known,
    problem::Problem,
    query::Query,
};

const PATIENCE: Duration = Duration::from_secs(10);
/// The key is free again this long after the process that leased it died.
const LEASE: Duration = Duration::from_secs(30);

/// Characters of a network's name.
const PLATFORM: RangeInclusive<usize> = 1..=50;

/// What a caller hands in.
struct Given {
    platform: String,
    external_id: Option<String>,
    /// As JSON.
    credentials: SecretString,
}

/// Connects the profile that some credentials belong to: 201, or 200 where the same owner connects it again.
pub(crate) async fn connect(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::AccountsWrite)?;
    query.read(|_| Some(()))?;
    refuse_unsupported(body.value()?)?;
    let faults = body.faults();
    let given = faults.object(body.value()?, read);
    let given = faults.check_read(given)?;
    let platform = known(&given.platform)?;
    let owner = sight::owner(&caller, given.external_id)?;
    if caller.project.mode == Mode::Test && app.sandbox.is_none() {
        return Err(Problem::SandboxUnavailable);
    }
    let request = seal(&app, &caller, &incoming, platform, owner, &given.credentials)?;
    let question = ConnectQuestion::Credentials(request);
    let work = async { answer(platform, ask(&app, &question).await?) };
    leased(&app, body.once(&caller, StatusCode::CREATED), LEASE, work).await
}

/// A network that is not here is all there is to say, whatever else it would need.
fn refuse_unsupported(body: &Value) -> Result<(), Problem> {
    match body.get("platform").and_then(Value::as_str) {
        Some(name) if PLATFORM.contains(&name.chars().count()) => known(name).map(drop),
        _ => Ok(()),
    }
}

fn read(body: &Object<'_>) -> Option<Given> {
    let platform = body.required("platform").text(PLATFORM).map(str::to_owned);
    let external_id = body.optional("external_id").text(1..=255).map(str::to_owned);
    let credentials = body.required("credentials").any_object().map(|given| SecretString::from(given.to_string()));
    let legacy = body.optional("legacy_ids");
    if legacy.value().is_some() {
        legacy.fault("not_available", "ids of another vendor are not kept here");
    }
    Some(Given { platform: platform?, external_id, credentials: credentials? })
}

fn seal(
    app: &App,
    caller: &Caller,
    incoming: &Incoming,
    platform: Platform,
    external_id: Option<String>,
    credentials: &SecretString,
) -> Result<ConnectRequest, Problem> {
    let text = credentials.expose_secret();
    let most = network(platform).spec().credentials_max_bytes;
    if text.len() > most {
        return Err(Problem::fault("/credentials", "too_long", format!("must have at most {most} bytes")));
    }
    let id = Uuid::now_v7();
    let (table, column) = SEALED_IN;
    let context = Context { table, column, row: id, project: caller.project.id.0 };
    let sealed = app
        .ring
        .seal(text.as_bytes(), &context)
        .map_err(|error| Problem::Internal(format!("credentials could not be sealed: {error}")))?;
    Ok(ConnectRequest {
        id,
        project_id: caller.project.id,
        mode: caller.project.mode,
        platform,
        external_id,
        sealed_credentials: STANDARD.encode(sealed),
        trace: Some(incoming.trace.to_string()),
    })
}

async fn ask(app: &App, question: &ConnectQuestion) -> Result<ConnectAnswer, Problem> {
    let question = serde_json::to_vec(question)
        .map_err(|error| Problem::Internal(format!("a question has no JSON form: {error}")))?;
    let answer = app.bus.ask(Call::Connect, question, PATIENCE).await.map_err(|error| match error {
        AskError::Timeout => Problem::PlatformTimeout,
        AskError::Unavailable => Problem::unavailable("the connector cannot be asked"),
        AskError::TooLarge => Problem::fault("/credentials", "too_long", "is longer than any network's are"),
    })?;
    serde_json::from_slice(&answer)
        .map_err(|error| Problem::Internal(format!("the connector's answer cannot be read: {error}")))
}

fn answer(platform: Platform, answer: ConnectAnswer) -> Result<(StatusCode, Value), Problem> {
    match answer {
        ConnectAnswer::Connected { account, is_new } => {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, json(account)?))
        }
        ConnectAnswer::Owned { account_id } => Err(Problem::AccountOwned(Some(account_id))),
        ConnectAnswer::Refused { pointer, code, detail } => Err(Problem::Invalid(vec![Fault {
            pointer: format!("/credentials{pointer}"),
            code: refusal(&code),
            detail,
            platform: Some(platform),
            account_id: None,
        }])),
        ConnectAnswer::Unavailable { detail } => Err(Problem::unavailable(detail)),
    }
}

/// The connector's word from the closed list that callers see: that of targets' errors and one more.
fn refusal(code: &str) -> &'static str {
    const INVALID: &str = "invalid_credentials";
    code.parse().map_or(INVALID, ErrorCode::word)
}
