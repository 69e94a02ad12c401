//! `GET /debug_token`: what a token is, asked for by the app it was given to (section 2.4).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::Facebook;
use super::super::visit::params;
use super::DIALOG;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::problem::BadToken;
use crate::graph::{Problem, visit};
use crate::lock::locked;

/// How long after its last use data may be read.
const DATA_ACCESS: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The app whose token (`{id}|{secret}`) or whose user's token asks.
fn asker(call: &Call<Facebook>, token: &str) -> Result<String, Refusal> {
    if let Some((id, secret)) = token.split_once('|') {
        let app = DIALOG.app(&call.core, id).filter(|app| app.is_proven_by(Some(secret)));
        return Ok(app.ok_or(BadToken::Unknown)?.client_id);
    }
    Ok(locked(&call.state).grant(token, call.now())?.client_id.clone())
}

pub(in super::super) async fn debug(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let params = params(&call, payload).await?;
    let client_id = asker(&call, &visit::token(&call, &params)?)?;
    let input = params.word("input_token")?.unwrap_or_default();
    let known = locked(&call.state).any_grant(&input).map(|grant| grant.owner().to_string());
    call.before(Operation::Identity, known.as_deref(), None).await?;
    params.only(&["input_token"])?;
    let input = params.needed("input_token")?;
    let (state, now) = (locked(&call.state), call.now());
    let Some(grant) = state.any_grant(&input) else {
        let error = json!({"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"});
        return Ok(HttpResponse::Ok().json(json!({"data": {"error": error, "is_valid": false, "scopes": []}})));
    };
    if grant.client_id != client_id {
        let message = "(#100) The App_id in the input_token did not match the Viewing App";
        return Err(Problem::new(100, message).into());
    }
    let seconds = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_second);
    let mut data = json!({
        "app_id": grant.client_id,
        "type": if grant.page.is_some() { "PAGE" } else { "USER" },
        "application": grant.client_id,
        "is_valid": true,
        "issued_at": grant.issued_at.as_second(),
        "expires_at": seconds(grant.expires_at),
        "data_access_expires_at": seconds(now.checked_add(DATA_ACCESS).ok()),
        "scopes": grant.scopes,
        "user_id": grant.user.to_string(),
    });
    if let Some(page) = grant.page {
        data["profile_id"] = page.to_string().into();
    }
    if let Err(bad) = state.grant(&input, now) {
        let problem = Problem::from(bad);
        let (code, subcode, message) = problem.numbers();
        data["is_valid"] = false.into();
        data["error"] = json!({"code": code, "subcode": subcode, "message": message});
    }
    Ok(HttpResponse::Ok().json(json!({"data": data})))
}
