//! `POST /v1/social-accounts`: connecting with credentials that the caller holds.
//!
//! They are sealed here and opened by the connector, which asks the network whose they are. This service cannot open
//! them again, and neither keeps nor logs them.

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    connection::{ConnectAnswer, ConnectQuestion, ConnectRequest, SEALED_IN},
    fault::Fault,
    platform::Platform,
    policy::Mode,
    target::ErrorCode,
};
use platforms::network;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use uuid::Uuid;
use vault::Context;

use super::{ask::ask, sight};
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::{Body, json},
    fields::Object,
    leased::leased,
    platforms::{NAME, known, refuse_unsupported},
    problem::Problem,
    query::Query,
};

/// The key is free again this long after the process that leased it died.
const LEASE: Duration = Duration::from_secs(30);

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
    let work = async { answer(platform, ask(&app, &question, "/credentials").await?) };
    leased(&app, body.once(&caller, StatusCode::CREATED), LEASE, work).await
}

fn read(body: &Object<'_>) -> Option<Given> {
    let platform = body.required("platform").text(NAME).map(str::to_owned);
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

/// A refusal's code is a word of targets' errors, or the one that says no more than that.
fn answer(platform: Platform, answer: ConnectAnswer) -> Result<(StatusCode, Value), Problem> {
    match answer {
        ConnectAnswer::Connected { account, is_new } => {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, json(account)?))
        }
        ConnectAnswer::Owned { account_id } => Err(Problem::AccountOwned(Some(account_id))),
        ConnectAnswer::Refused { pointer, code, detail } => Err(Problem::Invalid(vec![Fault {
            pointer: format!("/credentials{pointer}"),
            code: code.parse().map_or("invalid_credentials", ErrorCode::word),
            detail,
            platform: Some(platform),
            account_id: None,
        }])),
        ConnectAnswer::Unavailable { detail } => Err(Problem::unavailable(detail)),
    }
}
