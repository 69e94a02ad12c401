//! Looking at what was uploaded. Names and announced types are never believed.

use ::media::{Kind, MediaError, Probe, ProbeCaps, probe_stored};
use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::{ids::MediaId, media::MediaKind};
use jiff::{SignedDuration, Timestamp};
use store::media::{self, MediaStatus, Probed};

use super::show::{object, shown};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    ids::Id,
    problem::Problem,
};

/// `POST /v1/media/{id}/confirm`
///
/// Repeating it is harmless, so an idempotency key changes nothing here.
pub(crate) async fn confirm(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<MediaId>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::MediaWrite)?;
    body.read_nothing()?;
    let project = caller.project.id;
    let media = media::find(&app.database, project, id).await?.ok_or(Problem::NotFound)?;
    if media.status == MediaStatus::Ready {
        return Ok(HttpResponse::Ok().json(shown(&app, media)?));
    }
    let key = object(id)?;
    let size = app.objects.size(&key).await.map_err(problem)?;
    let size = size.ok_or_else(|| problem(MediaError::NotStored { key: key.to_string() }))?;
    let probe = probe_stored(&app.objects, &key, Some(&media.content_type), &ProbeCaps::default()).await;
    let probed = probed(&probe.map_err(problem)?, size);
    let kept = SignedDuration::from_hours(app.media.kept_hours.into());
    let until = app.clock.now().saturating_add(kept).unwrap_or(Timestamp::MAX);
    let media = media::confirm(&app.database, project, id, probed, until).await?.ok_or(Problem::NotFound)?;
    Ok(HttpResponse::build(StatusCode::OK).json(shown(&app, media)?))
}

fn probed(probe: &Probe, size: u64) -> Probed {
    Probed {
        kind: match probe.kind {
            Kind::Image => MediaKind::Image,
            Kind::Gif => MediaKind::Gif,
            Kind::Video => MediaKind::Video,
        },
        content_type: probe.content_type().to_owned(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        width: probe.width.and_then(|pixels| i32::try_from(pixels).ok()),
        height: probe.height.and_then(|pixels| i32::try_from(pixels).ok()),
    }
}

fn problem(error: MediaError) -> Problem {
    match error {
        MediaError::NotStored { .. } => Problem::Conflict("nothing was uploaded yet; PUT the bytes first".to_owned()),
        error if error.is_transient() => Problem::unavailable(error.to_string()),
        MediaError::Key(_) => Problem::Internal(error.to_string()),
        error => Problem::fault("", "media_rejected", error.to_string()),
    }
}
