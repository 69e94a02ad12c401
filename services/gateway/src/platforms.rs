//! The networks and their limits, as data.

use ::platforms::network;
use actix_web::web::Json;
use domain::platform::Platform;
use serde::Serialize;
use serde_json::Value;

use crate::{auth::Caller, page::List, problem::Problem, query::Query};

/// One network.
#[derive(Debug, Serialize)]
pub(crate) struct PlatformResponse {
    platform: Platform,
    name: &'static str,
    connect: &'static [&'static str],
    text: ::platforms::TextRule,
    media: ::platforms::MediaRules,
    abilities: &'static [::platforms::Ability],
    options: Value,
    probe: ::platforms::ProbeClass,
}

/// `GET /v1/platforms`
pub(crate) async fn list(_caller: Caller, query: Query) -> Result<Json<List<PlatformResponse>>, Problem> {
    query.read(|_| Some(()))?;
    Ok(Json(List::whole(all().collect())))
}

pub(crate) fn all() -> impl Iterator<Item = PlatformResponse> {
    Platform::all().map(|platform| {
        let spec = network(platform).spec();
        PlatformResponse {
            platform,
            name: spec.name,
            connect: spec.connect,
            text: spec.text,
            media: spec.media,
            abilities: spec.abilities,
            options: (spec.options)(),
            probe: spec.probe,
        }
    })
}

/// The network of a name.
///
/// # Errors
/// [`Problem::UnsupportedPlatform`].
pub(crate) fn known(name: &str) -> Result<Platform, Problem> {
    name.parse().map_err(|_| Problem::UnsupportedPlatform(name.to_owned()))
}
