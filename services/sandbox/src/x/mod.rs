//! X: `/x` stands for `https://api.x.com`, so `/x/2/tweets` is its `/2/tweets`, and `/x/www` for
//! `https://x.com`. Written from section 1 of the fact sheet.
//!
//! Accounts are those of a self-serve app without a paid subscription: 280 weighted characters, one cashtag, no quote
//! posts, replies to oneself or to whoever mentioned one.

mod auth;
mod error;
mod fact;
mod media;
mod oauth;
mod posts;
mod quota;
mod show;
mod state;
mod text;
mod users;

use std::sync::{Arc, Mutex};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::network::Network;
use state::State;

pub(crate) struct X {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] =
    [ReadyMade { variant: "default", client_id: "sandbox-x", client_secret: Some("sandbox-x-no-secret") }];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(X { core, state: Mutex::default() })
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/x/www/i/oauth2")
            .route("/authorize", web::get().to(oauth::ask))
            .route("/authorize", web::post().to(oauth::decide))
            .default_service(web::to(error::no_route)),
    );
    config.service(
        web::scope("/x/2")
            .wrap(from_fn(quota::headers))
            .route("/oauth2/token", web::post().to(oauth::token))
            .route("/oauth2/revoke", web::post().to(oauth::revoke))
            .route("/users/me", web::get().to(users::me))
            .route("/users/{id}/tweets", web::get().to(posts::timeline))
            .route("/tweets", web::post().to(posts::create))
            .route("/tweets", web::get().to(posts::get_many))
            .route("/tweets/{id}", web::get().to(posts::get))
            .route("/tweets/{id}", web::delete().to(posts::delete))
            .route("/media/upload/initialize", web::post().to(media::initialize))
            .route("/media/upload/{id}/append", web::post().to(media::append))
            .route("/media/upload/{id}/finalize", web::post().to(media::finalize))
            .route("/media/upload", web::get().to(media::status))
            .route("/media/upload", web::post().to(media::one_shot))
            .route("/media/metadata", web::post().to(media::metadata))
            .default_service(web::to(error::no_route)),
    );
}
