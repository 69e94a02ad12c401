//! Instagram: `/instagram` stands for `https://graph.instagram.com`, `/instagram/api` for `https://api.instagram.com`,
//! `/instagram/www` for `https://www.instagram.com`. Written from section 3 of the fact sheet, part 1.
//!
//! There are two ways in. With Instagram Login an account has tokens of its own. With Facebook Login it belongs to a page,
//! and whoever runs the page publishes with a token of Facebook's, on Facebook's host: the same paths are there too.

mod comments;
mod containers;
mod dialog;
mod draft;
mod error;
mod fact;
mod insights;
mod nodes;
mod publish;
mod show;
mod state;
mod tokens;
mod upload;
mod users;

use std::sync::{Arc, Mutex, OnceLock};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::consent::ReadyMade;
use crate::core::Core;
use crate::facebook::Facebook;
use crate::graph::usage;
use crate::network::Network;
use state::State;

pub(crate) struct Instagram {
    core: Arc<Core>,
    state: Mutex<State>,
    /// Whose pages accounts belong to.
    facebook: OnceLock<Arc<Facebook>>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 2] = [
    ReadyMade {
        variant: "instagram",
        client_id: "2000000000000001",
        client_secret: Some("sandbox-instagram-no-secret"),
    },
    ReadyMade {
        variant: "facebook",
        client_id: "2000000000000002",
        client_secret: Some("sandbox-instagram-facebook-no-secret"),
    },
];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(Instagram { core, state: Mutex::default(), facebook: OnceLock::new() })
}

/// Everything that has an id of this form.
fn nodes(config: &mut ServiceConfig, id: &str) {
    let path = |edge: &str| format!("/{{id:{id}}}{edge}");
    config
        .route(&path("/media"), web::post().to(containers::create))
        .route(&path("/media"), web::get().to(nodes::list))
        .route(&path("/media_publish"), web::post().to(publish::publish))
        .route(&path("/content_publishing_limit"), web::get().to(publish::limit))
        .route(&path("/stories"), web::get().to(nodes::stories))
        .route(&path("/comments"), web::post().to(comments::comment))
        .route(&path("/comments"), web::get().to(comments::list))
        .route(&path("/replies"), web::post().to(comments::comment))
        .route(&path("/replies"), web::get().to(comments::list))
        .route(&path("/insights"), web::get().to(insights::get))
        .route(&path(""), web::get().to(nodes::get))
        .route(&path(""), web::post().to(nodes::change))
        .route(&path(""), web::delete().to(comments::delete));
}

/// What Facebook's host has of it: ids of seventeen digits that begin with 17.
pub(crate) fn behind_facebook(config: &mut ServiceConfig) {
    nodes(config, "17[0-9]{15}");
}

/// Where bytes go to.
pub(crate) fn behind_rupload(config: &mut ServiceConfig) {
    config
        .route("/ig-api-upload/{id:17[0-9]{15}}", web::post().to(upload::rupload))
        .route("/ig-api-upload/{version:v[0-9]+[.][0-9]+}/{id:17[0-9]{15}}", web::post().to(upload::rupload));
}

/// Every path is there with a version in front and without.
fn graph(config: &mut ServiceConfig) {
    config
        .route("/access_token", web::get().to(tokens::lengthen))
        .route("/refresh_access_token", web::get().to(tokens::refresh));
    nodes(config, "[^/]+");
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/instagram")
            .wrap(from_fn(usage::headers))
            .route("/api/oauth/access_token", web::post().to(tokens::exchange))
            .route("/{host:www|api}/oauth/authorize", web::get().to(dialog::ask))
            .route("/{host:www|api}/oauth/authorize", web::post().to(dialog::decide))
            .service(
                web::scope(r"/{version:v[0-9]+[.][0-9]+}").configure(graph).default_service(web::to(error::no_route)),
            )
            .configure(graph)
            .default_service(web::to(error::no_route)),
    );
}
