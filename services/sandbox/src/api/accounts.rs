//! `POST /_sandbox/accounts`: an account on a network, ready to be connected.

use std::sync::Arc;

use actix_web::web::{Bytes, ReqData};
use actix_web::{HttpResponse, http::StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::problem::{body, problem};
use crate::answer::Refusal;
use crate::network::{Platform, Wanted};
use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateAccountRequest {
    platform: Platform,
    username: Option<String>,
    person: Option<String>,
    kind: Option<String>,
    login: Option<String>,
}

/// 201 with a new account; 200 with fresh credentials when the username is there already.
pub(super) async fn create(world: ReqData<Arc<World>>, bytes: Bytes) -> Result<HttpResponse, Refusal> {
    let CreateAccountRequest { platform, username, person, kind, login } = body(&bytes)?;
    let network =
        world.plain(platform).ok_or_else(|| problem(StatusCode::UNPROCESSABLE_ENTITY, "the network is not open"))?;
    let made = network
        .create_account(&Wanted { username, person, kind, login })
        .map_err(|detail| problem(StatusCode::UNPROCESSABLE_ENTITY, detail))?;
    let status = if made.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(HttpResponse::build(status).json(json!({
        "platform": platform,
        "account": made.account,
        "username": made.username,
        "credentials": made.credentials,
    })))
}
