//! The whole API on one screen.

use actix_web::{
    HttpResponse,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use crate::{
    accounts, auth::authenticate, errors, events, keys, media, openapi, platforms, posts, problem::Problem, projects,
    webhooks,
};

/// A path and the methods it takes.
pub(crate) type Route = (&'static str, &'static [&'static str]);

macro_rules! routes {
    ($table:ident, $mount:ident, $wrap:expr; $($path:literal { $($method:ident => $handler:path),+ $(,)? })*) => {
        /// Compared with the OpenAPI document by a test.
        #[cfg_attr(not(test), allow(dead_code, reason = "the table is for the test"))]
        pub(crate) const $table: &[Route] = &[$(($path, &[$(stringify!($method)),+])),*];

        fn $mount(config: &mut ServiceConfig) {
            $(config.service(
                $wrap(web::resource($path)$(.route(web::$method().to($handler)))+)
                    .default_service(web::to(|| not_allowed(&[$(stringify!($method)),+]))),
            );)*
        }
    };
}

routes! {
    OPEN, mount_open, |resource: actix_web::Resource| resource;
    "/v1/openapi.json" { get => openapi::show }
    "/v1/media/{id}/content" { put => media::upload, get => media::download }
    "/errors" { get => errors::show }
}

routes! {
    KEYED, mount_keyed, |resource: actix_web::Resource| resource.wrap(from_fn(authenticate));
    "/v1/platforms" { get => platforms::list }
    "/v1/project" { get => projects::get, patch => projects::update }
    "/v1/api-keys" { get => keys::list, post => keys::create }
    "/v1/api-keys/{id}" { delete => keys::revoke }
    "/v1/media" { post => media::announce }
    "/v1/media/{id}" { get => media::get }
    "/v1/media/{id}/confirm" { post => media::confirm }
    "/v1/webhooks" { get => webhooks::list, post => webhooks::create }
    "/v1/webhooks/{id}" { get => webhooks::get, patch => webhooks::update, delete => webhooks::delete }
    "/v1/webhooks/{id}/secret" { post => webhooks::rotate }
    "/v1/webhooks/{id}/test" { post => webhooks::test }
    "/v1/webhooks/{id}/deliveries" { get => webhooks::deliveries }
    "/v1/webhooks/{id}/deliveries/{delivery}/retry" { post => webhooks::retry }
    "/v1/events" { get => events::list }
    "/v1/social-accounts" { get => accounts::list, post => accounts::connect }
    "/v1/social-accounts/{id}" { get => accounts::get, patch => accounts::patch, delete => accounts::delete }
    "/v1/social-accounts/{id}/health" { get => accounts::health }
    "/v1/social-accounts/{id}/metrics" { get => accounts::metrics }
    "/v1/posts" { get => posts::list, post => posts::create }
    "/v1/posts/batch" { post => posts::batch }
    "/v1/posts/validate" { post => posts::validate }
    "/v1/posts/{id}" { get => posts::get, patch => posts::patch, delete => posts::delete }
    "/v1/posts/{id}/publish" { post => posts::publish }
    "/v1/posts/{id}/attempts" { get => posts::attempts }
    "/v1/posts/{id}/targets/{target}/cancel" { post => posts::cancel }
    "/v1/posts/{id}/targets/{target}/retry" { post => posts::retry }
    "/v1/posts/{id}/targets/{target}/resolve" { post => posts::resolve }
}

pub(crate) fn mount(config: &mut ServiceConfig) {
    mount_open(config);
    mount_keyed(config);
    config.default_service(web::to(not_found));
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound)
}

async fn not_allowed(methods: &[&str]) -> Result<HttpResponse, Problem> {
    let methods: Vec<String> = methods.iter().map(|method| method.to_ascii_uppercase()).collect();
    Err(Problem::MethodNotAllowed(methods.join(", ")))
}
