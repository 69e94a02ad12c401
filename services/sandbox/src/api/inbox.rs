//! `/_sandbox/inbox/{name}`: webhooks arrive here and can be looked at.

use std::sync::Arc;

use actix_web::web::{Bytes, Path, ReqData};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{body, problem};
use crate::answer::Refusal;
use crate::core::Core;
use crate::inbox::{Delivery, Fact, Secret, verify};
use crate::world::{self, World};

const LONGEST_NAME: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    /// `null` forgets the secret.
    signing_secret: Option<String>,
}

fn checked(core: &Core, name: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "a name is 1 to 64 of A-Z a-z 0-9 - _ ."));
    }
    if !core.inboxes.has_room(name) {
        return Err(problem(StatusCode::INSUFFICIENT_STORAGE, "there are 1000 inboxes already"));
    }
    Ok(())
}

fn keep(core: &Core, fact: Fact) {
    let fact = world::Fact::Inbox(fact);
    core.record_own(&fact);
    if let world::Fact::Inbox(fact) = fact {
        core.inboxes.apply(fact);
    }
}

/// 204; deliveries from now on are verified with this secret.
pub(super) async fn register(
    world: ReqData<Arc<World>>,
    name: Path<String>,
    bytes: Bytes,
) -> Result<HttpResponse, Refusal> {
    checked(&world.core, &name)?;
    let RegisterRequest { signing_secret: secret } = body(&bytes)?;
    if secret.as_deref().is_some_and(|text| Secret::parse(text).is_none()) {
        let detail = "signing_secret is whsec_ and the base64 of 24 to 64 bytes";
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    keep(&world.core, Fact::SecretSet { name: name.into_inner(), secret });
    Ok(HttpResponse::NoContent().finish())
}

/// 204 when the signature is right or nothing is known to check it with; 401 when it is wrong, and kept all the same.
pub(super) async fn receive(
    world: ReqData<Arc<World>>,
    request: HttpRequest,
    name: Path<String>,
    bytes: Bytes,
) -> Result<HttpResponse, Refusal> {
    let core = &world.core;
    checked(core, &name)?;
    let verified =
        core.inboxes.secret(&name).map(|secret| verify(&secret, request.headers(), &bytes, core.clock.real_now()));
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), lossy(value.as_bytes()))).collect();
    let (received_at, body) = (core.now(), lossy(&bytes));
    let delivery = core.inboxes.arrive(&name, |seq| Delivery { seq, received_at, headers, body, verified });
    core.record_own(&world::Fact::Inbox(Fact::Arrived { name: name.into_inner(), delivery }));
    if verified == Some(false) {
        return Err(problem(StatusCode::UNAUTHORIZED, "the signature does not fit the secret of this inbox"));
    }
    Ok(HttpResponse::NoContent().finish())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Oldest first; `body` is text and `json` the same parsed, when it is JSON.
pub(super) async fn list(world: ReqData<Arc<World>>, name: Path<String>) -> HttpResponse {
    let deliveries = world.core.inboxes.deliveries(&name);
    let data: Vec<Value> = deliveries
        .into_iter()
        .map(|delivery| {
            let headers: serde_json::Map<String, Value> =
                delivery.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
            json!({
                "seq": delivery.seq,
                "received_at": delivery.received_at,
                "headers": headers,
                "json": serde_json::from_str::<Value>(&delivery.body).ok(),
                "body": delivery.body,
                "verified": delivery.verified,
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({"data": data}))
}

pub(super) async fn empty(world: ReqData<Arc<World>>, name: Path<String>) -> HttpResponse {
    keep(&world.core, Fact::Emptied { name: name.into_inner() });
    HttpResponse::NoContent().finish()
}
