//! A file as callers see it, and links to its bytes.

use ::media::{ObjectKey, Verb, sign};
use actix_web::web::{Data, Json};
use domain::{ids::MediaId, media::object_key};
use jiff::Timestamp;
use serde_json::Value;
use store::media::{self, Media, MediaStatus};

use crate::{
    App,
    auth::{Caller, Scope},
    body,
    ids::Id,
    problem::Problem,
};

/// `GET /v1/media/{id}`
pub(crate) async fn get(app: Data<App>, caller: Caller, Id(id): Id<MediaId>) -> Result<Json<Value>, Problem> {
    caller.needs(Scope::MediaRead)?;
    let media = media::find(&app.database, caller.project.id, id).await?.ok_or(Problem::NotFound)?;
    shown(&app, media).map(Json)
}

/// The file and, once it is ready, a link to it.
pub(super) fn shown(app: &App, media: Media) -> Result<Value, Problem> {
    let url = (media.status == MediaStatus::Ready).then(|| link(app, media.id, Verb::Download, media.expires_at));
    let mut shown = body::json(media)?;
    shown["url"] = url.into();
    Ok(shown)
}

/// An address that needs no key, until a time.
pub(super) fn link(app: &App, id: MediaId, verb: Verb, until: Timestamp) -> String {
    let token = sign(app.media_key.expose().as_bytes(), &id.to_string(), verb, until);
    app.url(&format!("/v1/media/{id}/content?token={token}"))
}

/// Where the bytes are.
pub(super) fn object(id: MediaId) -> Result<ObjectKey, Problem> {
    ObjectKey::new(&object_key(id)).map_err(|error| Problem::Internal(error.to_string()))
}
