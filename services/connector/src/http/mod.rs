//! What browsers and networks' servers call: the way back from consent pages, the hosted chooser, and what a network
//! reads of an app.
//!
//! The addresses hold what must not leave them (a state, a session's name), so nothing here is logged, cached or sent on
//! as a referrer.

mod callback;
mod chooser;
mod form;
mod metadata;
mod page;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, ServiceConfig},
};

use crate::{consent::apps::CALLBACK, server::Worker};

/// Longest body of the chooser's form: the ids of a thousand pages.
const MAX_FORM: usize = 256 << 10;

pub(crate) fn mount(worker: &Data<Worker>, config: &mut ServiceConfig) {
    let resource = |path: &str| {
        web::resource(path).app_data(Data::clone(worker)).default_service(web::to(async || {
            page::lost(StatusCode::METHOD_NOT_ALLOWED, "This does not work so", "This address takes no such request.")
        }))
    };
    config
        .service(resource(&format!("{CALLBACK}/{{app}}")).get(callback::callback))
        .service(resource("/v1/oauth/client-metadata/{app}").get(metadata::metadata))
        .service(
            resource("/connect/{session}")
                .app_data(web::PayloadConfig::new(MAX_FORM))
                .get(chooser::show)
                .post(chooser::choose),
        );
}

/// What is no address of this server, where it serves nothing else.
pub(crate) async fn nothing() -> HttpResponse {
    page::lost(StatusCode::NOT_FOUND, "There is nothing here", "This address leads nowhere.")
}
