//! `POST /v1/social-accounts/auth-url`: where to send a person's browser to connect a profile by consent.
//!
//! Each call begins an attempt of its own, under the same `Idempotency-Key` too: it changes nothing of the caller's, and
//! an address that is kept to be answered again would be a state at rest that anybody who reads it could use.

use actix_web::{HttpResponse, web::Data};
use domain::{
    connection::{BeginAnswer, BeginRequest, ConnectQuestion},
    fault::Fault,
    platform::Platform,
    policy::Mode,
    target::ErrorCode,
};
use platforms::network;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask::ask, return_url, sight};
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::Body,
    fields::Object,
    keys::MAX_OWNER,
    networks,
    platforms::{consenting, refuse_unsupported},
    problem::Problem,
    query::Query,
};

const MAX_STATE: usize = 2_000;
/// Bytes of `platform_data` as JSON.
const MAX_DATA: usize = 10_000;
/// The one field without a limit that is close.
const DATA: &str = "/platform_data";

struct Given {
    platform: Platform,
    external_id: Option<String>,
    redirect_uri: String,
    scopes: Option<Vec<String>>,
    auto_finalize: bool,
    state: Option<String>,
    data: Value,
}

/// Begins an attempt to connect.
pub(crate) async fn auth_url(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::AccountsWrite)?;
    query.read(|_| Some(()))?;
    refuse_unsupported(body.value()?)?;
    let given = body.read(|body| read(body, &caller))?;
    let external_id = sight::owner(&caller, given.external_id)?;
    if caller.project.mode == Mode::Test && app.sandbox.is_none() {
        return Err(Problem::SandboxUnavailable);
    }
    let question = ConnectQuestion::Begin(Box::new(BeginRequest {
        id: Uuid::now_v7(),
        project_id: caller.project.id,
        mode: caller.project.mode,
        platform: given.platform,
        external_id,
        redirect_uri: given.redirect_uri,
        scopes: given.scopes,
        auto_finalize: given.auto_finalize,
        state: given.state,
        platform_data: given.data,
        dialect: None,
        trace: Some(incoming.trace.to_string()),
    }));
    answer(given.platform, ask(&app, &question, DATA).await?)
}

fn read(body: &Object<'_>, caller: &Caller) -> Option<Given> {
    let platform = consenting(body.required("platform"));
    // A key that is bound to an owner says whom it is for.
    let owner = if caller.owner().is_some() { body.optional("external_id") } else { body.required("external_id") };
    let external_id = owner.text(1..=MAX_OWNER).map(str::to_owned);
    let redirect_uri = return_url::read(caller, body.required("redirect_uri"));
    let scopes = networks::scopes(body.optional("scopes"));
    let auto_finalize = body.optional("auto_finalize").flag();
    let state = body.optional("state").text(0..=MAX_STATE).map(str::to_owned);
    let data = body.optional("platform_data");
    let data = if data.value().is_some() { data.any_object().cloned() } else { Some(json!({})) };
    if let (Some((platform, consent)), Some(data)) = (platform, &data) {
        if data.to_string().len() > MAX_DATA {
            body.fault_at(DATA.to_owned(), "too_long", format!("must have at most {MAX_DATA} bytes"));
        } else if let Err((pointer, detail)) = consent.variant(data) {
            body.fault_at(format!("{DATA}{pointer}"), "invalid_option", detail);
        } else if let Ok(variant) = consent.variant(data)
            && consent.rules(&variant).is_none()
        {
            let name = network(platform).spec().name;
            body.fault_at(DATA.to_owned(), "invalid_option", format!("{name} has no login for `{variant}`"));
        }
    }
    Some(Given {
        platform: platform?.0,
        external_id,
        redirect_uri: redirect_uri?,
        scopes,
        auto_finalize: auto_finalize.unwrap_or_default(),
        state,
        data: data?,
    })
}

fn answer(platform: Platform, answer: BeginAnswer) -> Result<HttpResponse, Problem> {
    match answer {
        BeginAnswer::Begun { auth_url, expires_at } => {
            Ok(HttpResponse::Created().json(json!({"auth_url": auth_url, "expires_at": expires_at})))
        }
        BeginAnswer::NoApp { variant } => {
            let name = network(platform).spec().name;
            let detail = format!(
                "there is no app to connect {name} through; bring one by POST /v1/social-networks with the variant \
                 `{variant}`"
            );
            Err(Problem::fault("/platform", "missing_app", detail))
        }
        BeginAnswer::Refused { pointer, code, detail } => Err(Problem::Invalid(vec![Fault {
            pointer,
            code: code.parse().map_or("invalid_option", ErrorCode::word),
            detail,
            platform: Some(platform),
            account_id: None,
        }])),
        BeginAnswer::Unavailable { detail } => Err(Problem::unavailable(detail)),
    }
}
