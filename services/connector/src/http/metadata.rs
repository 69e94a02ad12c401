//! `GET /v1/oauth/client-metadata/{app}`: what a network's server reads of an app at its client id.

use actix_web::{
    HttpResponse,
    http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL},
    web::{Data, Path},
};
use domain::ids::NetworkId;

use crate::{consent::apps, server::Worker};

pub(super) async fn metadata(worker: Data<Worker>, app: Path<String>) -> HttpResponse {
    let Ok(id) = app.parse::<NetworkId>() else { return HttpResponse::NotFound().finish() };
    match apps::document(&worker, id).await {
        // Authorization servers ask for it at each attempt; some do so from a browser.
        Ok(Some(document)) => HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .json(document),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(reason) => {
            tracing::error!(app = %id, reason, "what a network asks of an app could not be told");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}
