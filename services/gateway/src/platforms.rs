//! The networks and their limits, as data.

use std::ops::RangeInclusive;

use ::platforms::{Consent, network};
use actix_web::web::Json;
use domain::platform::Platform;
use serde::Serialize;
use serde_json::Value;

use crate::{auth::Caller, fields::Field, page::List, problem::Problem, query::Query};

/// Characters of a network's name.
pub(crate) const NAME: RangeInclusive<usize> = 1..=50;

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

/// Makes sure that a body names no network that is not here: that is all there is to say then, whatever else is wrong.
///
/// # Errors
/// [`Problem::UnsupportedPlatform`].
pub(crate) fn refuse_unsupported(body: &Value) -> Result<(), Problem> {
    match body.get("platform").and_then(Value::as_str) {
        Some(name) if NAME.contains(&name.chars().count()) => known(name).map(drop),
        _ => Ok(()),
    }
}

/// The network that a body names and its way of connecting by consent.
pub(crate) fn consenting(field: Field<'_>) -> Option<(Platform, &'static dyn Consent)> {
    let (name, field) = field.text_kept(NAME)?;
    let platform = name.parse().ok()?;
    let (network, name) = (network(platform), network(platform).spec().name);
    network
        .consent()
        .map(|consent| (platform, consent))
        .or_else(|| field.refuse("not_available", format!("{name} has no consent page here; connect with credentials")))
}
