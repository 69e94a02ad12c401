//! `/_sandbox/apps`: OAuth apps, as one registers them with a network.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, ReqData};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{body, problem};
use crate::answer::Refusal;
use crate::consent::{App, ClientIds, Redirects};
use crate::network::Platform;
use crate::world::{Fact, World};

const MOST_REDIRECTS: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateAppRequest {
    platform: Platform,
    /// The network's first when absent.
    variant: Option<String>,
    redirect_uris: Vec<String>,
    /// Without a secret; apps of networks that know no secrets always are.
    public: Option<bool>,
}

fn view(app: &App) -> Value {
    let redirect_uris = match &app.redirects {
        Redirects::Loopback => None,
        Redirects::Exactly(uris) => Some(uris),
    };
    json!({
        "platform": app.platform,
        "variant": app.variant,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uris": redirect_uris,
    })
}

/// `redirect_uris` is null for the ready-made ones: they take any on a loopback host.
pub(super) async fn list(world: ReqData<Arc<World>>) -> HttpResponse {
    let apps: Vec<Value> = world.core.apps.list().iter().map(view).collect();
    HttpResponse::Ok().json(json!({"data": apps}))
}

/// An address that an app can be told to have: absolute, and without a fragment (RFC 6749, 3.1.2).
fn is_address(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| url.fragment().is_none())
}

pub(super) async fn create(world: ReqData<Arc<World>>, bytes: Bytes) -> Result<HttpResponse, Refusal> {
    let CreateAppRequest { platform, variant, redirect_uris, public } = body(&bytes)?;
    let refused = |detail: &str| problem(StatusCode::UNPROCESSABLE_ENTITY, detail);
    let entry = platform.entry();
    let known: Vec<&str> = entry.apps.iter().map(|app| app.variant).collect();
    let variant = match &variant {
        Some(variant) => known.iter().find(|known| *known == variant),
        None => known.first(),
    };
    let variant = variant.ok_or_else(|| refused(&format!("variant: one of {}", known.join(", "))))?;
    if redirect_uris.is_empty()
        || redirect_uris.len() > MOST_REDIRECTS
        || !redirect_uris.iter().all(|uri| is_address(uri))
    {
        return Err(refused("redirect_uris: 1 to 20 absolute addresses without a fragment"));
    }
    let knows_no_secrets = matches!(entry.client_ids, ClientIds::Address);
    if knows_no_secrets && public == Some(false) {
        return Err(refused("public: this network's apps have no secret"));
    }
    let is_public = knows_no_secrets || public.unwrap_or(false);
    let app = App::new(platform, variant, is_public, Redirects::Exactly(redirect_uris));
    world.core.apps.add(app.clone());
    world.core.record_own(&Fact::AppMade(app.clone()));
    Ok(HttpResponse::build(StatusCode::CREATED).json(view(&app)))
}
