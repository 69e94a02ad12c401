//! `GET /_sandbox/media/{platform}/{name}`: uploaded bytes, for the page and for the URLs in the networks' answers.

use std::sync::Arc;

use actix_web::web::{Path, ReqData};
use actix_web::{HttpResponse, http::StatusCode};

use super::problem::problem;
use crate::answer::Refusal;
use crate::network::Platform;
use crate::sniff::sniff;
use crate::world::World;

/// Only what is recognised as a picture or video is served as one; anything else is a download.
pub(super) async fn get(world: ReqData<Arc<World>>, path: Path<(Platform, String)>) -> Result<HttpResponse, Refusal> {
    let (platform, name) = path.into_inner();
    let bytes = world.core.shelf.get(platform, &name).await;
    let bytes = bytes.map_err(|_| problem(StatusCode::NOT_FOUND, "nothing was uploaded under this name"))?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("content-security-policy", "default-src 'none'; sandbox"))
        .insert_header(("cache-control", "private, max-age=3600"));
    match sniff(&bytes) {
        Some(kind) => response.content_type(kind.mime_type()),
        None => response.content_type("application/octet-stream").insert_header(("content-disposition", "attachment")),
    };
    Ok(response.body(bytes))
}
