//! LinkedIn: `/linkedin` stands for `https://api.linkedin.com`, so `/linkedin/rest/posts` is its `/rest/posts`, and
//! `/linkedin/www` for `https://www.linkedin.com`. Written from section 5 of the first fact sheet, whose sections the
//! files name.
//!
//! Members sign in; they post for themselves and for the organizations that they administer. An account here is a
//! member's or an organization's URN.

mod account;
mod auth;
mod comments;
mod error;
mod fact;
mod oauth;
mod paging;
mod people;
mod posts;
mod query;
mod quota;
mod show;
mod state;
mod uploads;
mod urn;

use std::sync::{Arc, Mutex};

use actix_web::web::{self, ServiceConfig};

use crate::answer::Refusal;
use crate::call::Call;
use crate::consent::ReadyMade;
use crate::core::Core;
use crate::network::Network;
use state::State;

pub(crate) struct LinkedIn {
    core: Arc<Core>,
    state: Mutex<State>,
}

/// Ready-made apps.
pub(crate) const APPS: [ReadyMade; 1] = [ReadyMade {
    variant: "default",
    client_id: "sandbox-linkedin",
    client_secret: Some("sandbox-linkedin-no-secret"),
}];

pub(crate) fn open(core: Arc<Core>) -> Arc<dyn Network> {
    Arc::new(LinkedIn { core, state: Mutex::default() })
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/linkedin/www")
            .route("/oauth/v2/authorization", web::get().to(oauth::ask))
            .route("/oauth/v2/authorization", web::post().to(oauth::decide))
            .route("/oauth/v2/accessToken", web::post().to(oauth::token))
            .route("/oauth/v2/introspectToken", web::post().to(oauth::introspect))
            .route("/dms-uploads/{key}/{first}", web::put().to(uploads::put))
            .default_service(web::to(error::no_route)),
    );
    config.service(
        web::scope("/linkedin")
            .route("/v2/userinfo", web::get().to(people::userinfo))
            .route("/rest/organizationAcls", web::get().to(people::organization_acls))
            .route("/rest/organizations/{id}", web::get().to(people::organization))
            .route("/rest/posts", web::post().to(posts::create))
            .route("/rest/posts", web::get().to(posts::list))
            .route("/rest/posts/{urn}", web::get().to(posts::get))
            .route("/rest/posts/{urn}", web::delete().to(posts::delete))
            .route("/rest/images", web::post().to(uploads::images))
            .route("/rest/documents", web::post().to(uploads::documents))
            .route("/rest/videos", web::post().to(uploads::videos))
            .route("/rest/{kind:images|documents|videos}/{urn}", web::get().to(uploads::get))
            .route("/rest/socialActions/{urn}", web::get().to(comments::summary))
            .route("/rest/socialActions/{urn}/comments", web::post().to(comments::create))
            .route("/rest/socialActions/{urn}/comments", web::get().to(comments::list))
            .route("/rest/socialActions/{urn}/comments/{id}", web::delete().to(comments::delete))
            .default_service(web::to(error::no_route)),
    );
}

/// Refuses a body that does not say it is JSON.
fn json_body(call: &Call<LinkedIn>) -> Result<(), Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() == "application/json" {
        return Ok(());
    }
    Err(error::bad_request("INVALID_REQUEST_BODY", "Content-Type must be application/json"))
}
