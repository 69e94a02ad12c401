//! Facebook Pages: `/facebook` stands for `https://graph.facebook.com`, `/facebook/www` for `https://www.facebook.com`.
//! Written from section 2 of the fact sheet, part 1.
//!
//! An account is a page. Whoever may sign in for it is a person with a token of their own, from which the page's tokens
//! come and with which they die. A refusal set by `POST /_sandbox/faults` may name its code: see
//! [`Problem::in_words`](crate::graph::Problem::in_words).

mod error;
mod fact;
mod insights;
mod me;
mod nodes;
mod oauth;
mod people;
mod posts;
mod show;
mod state;
mod view;
mod visit;

use std::sync::{Arc, Mutex};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::graph::usage;
use crate::network::Network;
use state::State;

pub(crate) struct Facebook {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] = [ReadyMade {
    variant: "default",
    client_id: "1000000000000001",
    client_secret: Some("sandbox-facebook-no-secret"),
}];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(Facebook { core, state: Mutex::default() })
}

/// The Graph API; every path of it is there with a version in front and without.
fn graph(config: &mut ServiceConfig) {
    config
        .route("/oauth/access_token", web::get().to(oauth::exchange))
        .route("/oauth/access_token", web::post().to(oauth::exchange))
        .route("/debug_token", web::get().to(oauth::debug))
        .route("/me/accounts", web::get().to(me::accounts))
        .route("/me/businesses", web::get().to(me::businesses))
        .route("/me/permissions", web::get().to(me::permissions))
        .route("/me/permissions", web::delete().to(me::remove_app))
        .route("/{id}/feed", web::post().to(posts::publish))
        .route("/{id}/feed", web::get().to(posts::list))
        .route("/{id}/posts", web::get().to(posts::list))
        .route("/{id}/published_posts", web::get().to(posts::list))
        .route("/{id}/photos", web::post().to(posts::add))
        .route("/{id}/comments", web::post().to(posts::comment))
        .route("/{id}/comments", web::get().to(posts::replies))
        .route("/{id}/insights", web::get().to(insights::get))
        .route("/{id}", web::get().to(nodes::get))
        .route("/{id}", web::post().to(posts::hide))
        .route("/{id}", web::delete().to(nodes::delete));
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/facebook")
            .wrap(from_fn(usage::headers))
            .service(
                web::scope("/www")
                    .route("/dialog/oauth", web::get().to(oauth::ask))
                    .route("/dialog/oauth", web::post().to(oauth::decide))
                    .route(r"/{version:v[0-9]+[.][0-9]+}/dialog/oauth", web::get().to(oauth::ask))
                    .route(r"/{version:v[0-9]+[.][0-9]+}/dialog/oauth", web::post().to(oauth::decide)),
            )
            .service(
                web::scope(r"/{version:v[0-9]+[.][0-9]+}").configure(graph).default_service(web::to(error::no_route)),
            )
            .configure(graph)
            .default_service(web::to(error::no_route)),
    );
}
