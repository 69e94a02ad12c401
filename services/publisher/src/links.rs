//! Addresses under which networks fetch files: signed, without a key, and over after a day.

use domain::{
    ids::{MediaId, ProjectId},
    media::{MediaKind, object_key},
    target::Refusal,
};
use jiff::SignedDuration;
use media::{Fitted, Kind, ObjectKey, Verb};
use runtime::secret::Secret;
use store::{
    Database,
    media::{Media, MediaStatus},
};
use url::Url;
use uuid::Uuid;

use crate::{prepare::not_now, server::Worker};

/// Networks fetch a file within minutes; a container that they forgot and that is made anew needs it again.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Where files can be fetched from the gateway.
#[derive(Debug, Clone)]
pub struct Links {
    origin: Url,
    key: Secret,
}

impl Links {
    /// `origin` is the gateway's as networks reach it, `key` the one that it checks links with.
    pub fn new(origin: Url, key: Secret) -> Self {
        Self { origin, key }
    }
}

/// The address of a file as it was fitted; `None` where nobody said under which address we are reached.
///
/// An upload that was not changed is linked to as it is. Of everything else a copy is kept for as long as the link works.
pub(crate) async fn address(
    worker: &Worker,
    project: ProjectId,
    upload: Option<MediaId>,
    fitted: &Fitted,
    filename: &str,
) -> Result<Option<String>, Refusal> {
    let Some(links) = &worker.links else { return Ok(None) };
    let until = worker.now() + LIFE;
    let id = match upload.filter(|_| !fitted.changed) {
        Some(id) => id,
        None => copy(worker, &worker.database, project, fitted, filename).await?,
    };
    let token = media::sign(links.key.expose().as_bytes(), &id.to_string(), Verb::Download, until);
    let mut url = links.origin.clone();
    url.set_path(&format!("/v1/media/{id}/content"));
    url.query_pairs_mut().append_pair("token", &token);
    Ok(Some(url.into()))
}

async fn copy(
    worker: &Worker,
    database: &Database,
    project: ProjectId,
    fitted: &Fitted,
    filename: &str,
) -> Result<MediaId, Refusal> {
    let id = MediaId(Uuid::now_v7());
    let key = ObjectKey::new(&object_key(id)).map_err(|error| not_now(&error.to_string()))?;
    let probe = &fitted.probe;
    let pixels = |side: Option<u32>| side.and_then(|side| i32::try_from(side).ok());
    let media = Media {
        id,
        status: MediaStatus::Ready,
        kind: Some(match probe.kind {
            Kind::Image => MediaKind::Image,
            Kind::Gif => MediaKind::Gif,
            Kind::Video => MediaKind::Video,
        }),
        filename: filename.to_owned(),
        content_type: probe.content_type().to_owned(),
        size: i64::try_from(fitted.bytes.len()).ok(),
        width: pixels(probe.width),
        height: pixels(probe.height),
        duration_ms: None,
        created_at: worker.now(),
        expires_at: worker.now() + LIFE,
    };
    // The row first: bytes that no row knows of would stay for ever.
    store::media::insert_copy(database, project, media).await.map_err(|error| not_now(&error.to_string()))?;
    worker.objects.put_bytes(&key, fitted.bytes.clone()).await.map_err(|error| not_now(&error.to_string()))?;
    Ok(id)
}
