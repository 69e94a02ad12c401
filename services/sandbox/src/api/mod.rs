//! The sandbox's own API, under `/_sandbox`. Errors are `{"title", "status", "detail"}`.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /ledger?platform=&account=&since=` | everything that became public; `since` is a `seq` (after it) or a time (from it on) |
//! | `POST /accounts {"platform", "username?", "person?", "kind?", "login?"}` | 201 with a new account, 200 with fresh credentials for the one that has the name; `person` may sign in for it, `kind` is LinkedIn's (`person`, `organization`), `login` Instagram's (`instagram`, `facebook`) |
//! | `GET /apps` | OAuth apps: one ready-made for each network, which takes any redirect URI on a loopback host, and those made here |
//! | `POST /apps {"platform", "variant?", "redirect_uris", "public?"}` | 201 with an app that takes exactly these redirect URIs; a public one has no secret |
//! | `GET`, `POST /quotas {"platform?", "enforce"}` | whether the networks' rate limits hold |
//! | `GET`, `POST`, `DELETE /faults`, `DELETE /faults/{id}` | the switchboard, see `faults` |
//! | `GET`, `POST /clock {"advance": "PT1H"}` | the clock that tokens, processing and quotas follow |
//! | `PUT /inbox/{name} {"signing_secret"}` | deliveries to this inbox are verified from now on |
//! | `POST`, `GET`, `DELETE /inbox/{name}` | webhooks arrive, are looked at, are thrown away |
//! | `GET /media/{platform}/{name}` | uploaded bytes |
//! | `DELETE` | forgets everything |

mod accounts;
mod apps;
mod clock;
mod faults;
mod forget;
mod inbox;
mod ledger;
mod media;
mod problem;
mod quotas;

use actix_web::web::{self, ServiceConfig};

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/_sandbox")
            .app_data(web::PayloadConfig::new(1 << 20))
            .route("", web::delete().to(forget::delete))
            .route("/ledger", web::get().to(ledger::list))
            .route("/accounts", web::post().to(accounts::create))
            .route("/apps", web::get().to(apps::list))
            .route("/apps", web::post().to(apps::create))
            .route("/quotas", web::post().to(quotas::set))
            .route("/quotas", web::get().to(quotas::list))
            .route("/faults", web::post().to(faults::set))
            .route("/faults", web::get().to(faults::list))
            .route("/faults", web::delete().to(faults::clear))
            .route("/faults/{id}", web::delete().to(faults::clear_one))
            .route("/clock", web::get().to(clock::read))
            .route("/clock", web::post().to(clock::advance))
            .route("/inbox/{name}", web::put().to(inbox::register))
            .route("/inbox/{name}", web::post().to(inbox::receive))
            .route("/inbox/{name}", web::get().to(inbox::list))
            .route("/inbox/{name}", web::delete().to(inbox::empty))
            .route("/media/{platform}/{name}", web::get().to(media::get))
            .default_service(web::to(problem::unknown)),
    );
}
