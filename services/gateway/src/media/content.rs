//! The bytes, in and out, by signed links that carry no API key.

use ::media::{MediaError, Verb, verify};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use domain::ids::MediaId;
use futures::TryStreamExt as _;
use store::media::{self, Media, MediaStatus};

use super::show::object;
use crate::{App, ids::Id, problem::Problem, query::Query};

/// `PUT /v1/media/{id}/content`
pub(crate) async fn upload(
    app: Data<App>,
    request: HttpRequest,
    Id(id): Id<MediaId>,
    query: Query,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let media = linked(&app, id, query, Verb::Upload).await?;
    if media.status == MediaStatus::Ready {
        return Err(Problem::Conflict("the file was confirmed and does not change any more".to_owned()));
    }
    let announced = media.size.and_then(|size| u64::try_from(size).ok());
    let most = announced.unwrap_or(app.media.max_upload_bytes);
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = length {
        if length > most && announced.is_none() {
            return Err(Problem::TooLarge(most));
        }
        expect_size(announced, length)?;
    }
    let key = object(id)?;
    let stored = app.objects.put(&key, payload, most).await;
    let size = stored.map_err(|error| problem(error, announced))?;
    if let Err(problem) = expect_size(announced, size) {
        app.objects.delete(&key).await.map_err(|error| self::problem(error, None))?;
        return Err(problem);
    }
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /v1/media/{id}/content`
pub(crate) async fn download(app: Data<App>, Id(id): Id<MediaId>, query: Query) -> Result<HttpResponse, Problem> {
    let media = linked(&app, id, query, Verb::Download).await?;
    if media.status != MediaStatus::Ready {
        return Err(Problem::NotFound);
    }
    let stored = app.objects.stream(&object(id)?, None).await.map_err(|error| problem(error, None))?;
    Ok(HttpResponse::Ok()
        .content_type(media.content_type)
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .no_chunking(stored.size)
        .streaming(stored.content.map_err(std::io::Error::other)))
}

/// The file that a link is for. A link that is wrong or old leads nowhere.
async fn linked(app: &App, id: MediaId, query: Query, verb: Verb) -> Result<Media, Problem> {
    let token = query.read(|query| query.required("token").text(1..=200).map(str::to_owned))?;
    verify(app.media_key.expose().as_bytes(), &id.to_string(), verb, &token, app.clock.now())
        .map_err(|fault| Problem::Forbidden(fault.to_string()))?;
    media::find_linked(&app.database, id).await?.ok_or(Problem::NotFound)
}

fn expect_size(announced: Option<u64>, found: u64) -> Result<(), Problem> {
    match announced {
        Some(size) if size != found => Err(Problem::fault(
            "",
            "size_mismatch",
            format!("the file was announced with {size} bytes and has {found}"),
        )),
        _ => Ok(()),
    }
}

fn problem(error: MediaError, announced: Option<u64>) -> Problem {
    match (error, announced) {
        (MediaError::TooLarge { max_bytes }, Some(_)) => {
            Problem::fault("", "size_mismatch", format!("the file was announced with {max_bytes} bytes and has more"))
        }
        (MediaError::TooLarge { max_bytes }, None) => Problem::TooLarge(max_bytes),
        (error @ MediaError::Empty, _) => Problem::fault("", "empty_file", error.to_string()),
        (error @ MediaError::UploadBroken(_), _) => Problem::Malformed(error.to_string()),
        (MediaError::NotStored { .. }, _) => Problem::NotFound,
        (error, _) if error.is_transient() => Problem::unavailable(error.to_string()),
        (error, _) => Problem::Internal(error.to_string()),
    }
}
