//! Mastodon: one instance, whose origin is the sandbox's own. Written from section 5 of the fact sheet.
//!
//! Stricter than the network in one place: a parameter that is not documented is refused with 422 rather than ignored,
//! because a misspelled one would otherwise pass unseen.

mod accounts;
mod auth;
mod error;
mod fact;
mod instance;
mod media;
mod oauth;
mod params;
mod quota;
mod show;
mod state;
mod statuses;
mod text;

use std::sync::{Arc, Mutex};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::network::Network;
use state::State;

pub(crate) struct Mastodon {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] = [ReadyMade {
    variant: "default",
    client_id: "sandbox-mastodon",
    client_secret: Some("sandbox-mastodon-no-secret"),
}];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(Mastodon { core, state: Mutex::default() })
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config
        .service(
            web::scope("/api")
                .wrap(from_fn(quota::headers))
                .route("/v1/apps", web::post().to(oauth::register))
                .route("/v1/instance", web::get().to(instance::v1))
                .route("/v2/instance", web::get().to(instance::v2))
                .route("/v1/accounts/verify_credentials", web::get().to(accounts::verify_credentials))
                .route("/v1/accounts/lookup", web::get().to(accounts::lookup))
                .route("/v1/accounts/{id}", web::get().to(accounts::get))
                .route("/v1/accounts/{id}/statuses", web::get().to(accounts::statuses))
                .route("/v2/media", web::post().to(media::upload))
                .route("/v1/media/{id}", web::get().to(media::get))
                .route("/v1/media/{id}", web::put().to(media::update))
                .route("/v1/media/{id}", web::delete().to(media::delete))
                .route("/v1/statuses", web::post().to(statuses::create))
                .route("/v1/statuses", web::get().to(statuses::get_many))
                .route("/v1/statuses/{id}", web::get().to(statuses::get))
                .route("/v1/statuses/{id}", web::delete().to(statuses::delete))
                .route("/v1/statuses/{id}/context", web::get().to(statuses::context))
                .default_service(web::to(error::no_route)),
        )
        .route("/.well-known/oauth-authorization-server", web::get().to(oauth::metadata))
        .route("/oauth/authorize", web::get().to(oauth::ask))
        .route("/oauth/authorize", web::post().to(oauth::decide))
        .route("/oauth/token", web::post().to(oauth::token))
        .route("/oauth/revoke", web::post().to(oauth::revoke));
}
