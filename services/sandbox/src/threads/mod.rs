//! Threads: `/threads` stands for `https://graph.threads.net`, `/threads/www` for `https://threads.net`. Written from section
//! 4 of the fact sheet, part 1.
//!
//! A published container tells its status. That the network may say instead that there is no such field is a fault:
//! `reject` on `probe` with the message `(#100) Tried accessing nonexisting field (status)`. `slow` on `media` makes any
//! container, also of a text, unpublishable for a while.

mod containers;
mod dialog;
mod draft;
mod error;
mod fact;
mod insights;
mod limits;
mod posts;
mod publish;
mod show;
mod state;
mod text;
mod tokens;
mod users;
mod view;

use std::sync::{Arc, Mutex};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::graph::usage;
use crate::network::Network;
use state::State;

pub(crate) struct Threads {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] =
    [ReadyMade { variant: "default", client_id: "3000000000000001", client_secret: Some("sandbox-threads-no-secret") }];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(Threads { core, state: Mutex::default() })
}

/// Every path is there with a version in front and without.
fn graph(config: &mut ServiceConfig) {
    config
        .route("/oauth/access_token", web::post().to(tokens::exchange))
        .route("/access_token", web::get().to(tokens::lengthen))
        .route("/refresh_access_token", web::get().to(tokens::refresh))
        .route("/{id}/threads", web::post().to(containers::create))
        .route("/{id}/threads", web::get().to(posts::list))
        .route("/{id}/threads_publish", web::post().to(publish::publish))
        .route("/{id}/threads_publishing_limit", web::get().to(limits::get))
        .route("/{id}/threads_insights", web::get().to(insights::of_profile))
        .route("/{id}/replies", web::get().to(posts::replies))
        .route("/{id}/conversation", web::get().to(posts::conversation))
        .route("/{id}/insights", web::get().to(insights::of_post))
        .route("/{id}/manage_reply", web::post().to(posts::manage))
        .route("/{id}", web::get().to(posts::get))
        .route("/{id}", web::delete().to(posts::delete));
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/threads")
            .wrap(from_fn(usage::headers))
            .route("/www/oauth/authorize", web::get().to(dialog::ask))
            .route("/www/oauth/authorize", web::post().to(dialog::decide))
            .service(
                web::scope(r"/{version:v[0-9]+[.][0-9]+}").configure(graph).default_service(web::to(error::no_route)),
            )
            .configure(graph)
            .default_service(web::to(error::no_route)),
    );
}
