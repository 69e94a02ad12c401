//! `GET /v1/oauth/callback/{app}`: a browser comes back from a network's page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use super::{form, page};
use crate::{
    consent::{self, Finished},
    server::Worker,
};

pub(super) async fn callback(worker: Data<Worker>, app: Path<String>, request: HttpRequest) -> HttpResponse {
    let Some(query) = form::once_each(request.query_string()) else {
        return page::lost(
            StatusCode::BAD_REQUEST,
            "This answer cannot be understood",
            "The network's answer says the same thing twice.",
        );
    };
    let Some(state) = query.get("state").cloned() else {
        return page::lost(
            StatusCode::BAD_REQUEST,
            "Something is missing",
            "This address is for the way back from a network's page, and what should have come along did not.",
        );
    };
    // Goes on to its end when the browser gives up waiting: what came back works once.
    let worker = worker.into_inner();
    let app = app.into_inner();
    let runtime = worker.runtime.clone();
    let finishing = runtime.spawn(async move { consent::finish(&worker, &app, &state, &query).await });
    match finishing.await {
        Ok(Finished::Back(url)) => page::redirect(&url),
        Ok(Finished::Lost) => page::lost(
            StatusCode::GONE,
            "This link has been used",
            "Connecting was finished before, took too long, or was never begun here.",
        ),
        Ok(Finished::NotNow) => later(),
        Err(error) => {
            tracing::error!(%error, "finishing an attempt to connect died");
            later()
        }
    }
}

fn later() -> HttpResponse {
    page::lost(
        StatusCode::SERVICE_UNAVAILABLE,
        "This did not work",
        "Connecting could not be finished because of a problem on our side.",
    )
}
