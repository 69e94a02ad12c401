//! The caller's own project: its policies.

use actix_web::web::{Data, Json};
use domain::policy::LONGEST_MAX_LATENESS;
use jiff::SignedDuration;
use store::projects::{self, Project, ProjectChange};
use url::Url;

use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    fields::{Field, Object},
    problem::Problem,
};

/// Most return URLs and most origins.
const MAX_URLS: usize = 100;
const MAX_URL_LENGTH: usize = 2_000;

/// `GET /v1/project`
pub(crate) async fn get(app: Data<App>, caller: Caller) -> Result<Json<Project>, Problem> {
    // Read anew: a key's cached project may be some seconds old.
    projects::find(&app.database, caller.project.id).await?.map(Json).ok_or(Problem::NotFound)
}

/// `PATCH /v1/project`
pub(crate) async fn update(app: Data<App>, caller: Caller, body: Body) -> Result<Json<Project>, Problem> {
    caller.needs(Scope::ProjectWrite)?;
    let change = body.read(read)?;
    let changed = projects::update(&app.database, caller.project.id, change, app.clock.now()).await?;
    app.keys.forget(caller.project.id);
    changed.map(Json).ok_or(Problem::NotFound)
}

fn read(body: &Object<'_>) -> Option<ProjectChange> {
    Some(ProjectChange {
        redirect_uris: body.optional("redirect_uris").list(0..=MAX_URLS, return_url),
        cors_origins: body.optional("cors_origins").list(0..=MAX_URLS, origin),
        on_unconfirmed: body.optional("on_unconfirmed").word(),
        on_auth_failure: body.optional("on_auth_failure").word(),
        max_lateness: body.optional("max_lateness").duration(SignedDuration::from_secs(1)..=LONGEST_MAX_LATENESS),
        dialects: dialects(body),
    })
}

/// Kept as written, since it is compared exactly.
fn return_url(field: Field<'_>) -> Option<String> {
    let (text, field) = field.text_kept(1..=MAX_URL_LENGTH)?;
    match text.parse::<Url>() {
        Ok(url) if url.fragment().is_some() => field.refuse("invalid_url", "must not have a fragment"),
        // A native app's own scheme is as good; a script is not.
        Ok(url) if matches!(url.scheme(), "javascript" | "data" | "vbscript" | "file" | "about" | "blob") => {
            field.refuse("invalid_url", "must not have this scheme")
        }
        Ok(_) => Some(text.to_owned()),
        Err(error) => field.refuse("invalid_url", format!("must be an absolute URL: {error}")),
    }
}

fn origin(field: Field<'_>) -> Option<String> {
    let (text, field) = field.text_kept(1..=MAX_URL_LENGTH)?;
    match text.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text => {
            Some(text.to_owned())
        }
        _ => field.refuse("invalid_origin", "must be an origin as a browser sends it, https://app.example"),
    }
}

fn dialects(body: &Object<'_>) -> Option<serde_json::Value> {
    let field = body.optional("dialects");
    let given = field.value()?.clone();
    field.object(|dialects| {
        dialects.optional("post_for_me").object(|dialect| dialect.optional("callback_url").parsed::<Url>("invalid_url"))
    });
    Some(given)
}
