//! The files a post names: uploads of the project, and URLs that are fetched when it is sent.

use std::collections::HashMap;

use domain::{ids::MediaId, media::MediaKind, post::MediaRef};
use jiff::{SignedDuration, Timestamp};
use store::media::{self, MediaStatus};

use super::{asked::Asked, container::AskedMedia};
use crate::{App, auth::Caller, fields::Faults, problem::Problem};

/// What is known of an upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) is_ready: bool,
    pub(super) kind: Option<MediaKind>,
    pub(super) content_type: String,
    pub(super) size: Option<u64>,
    pub(super) dimensions: Option<(u32, u32)>,
}

/// Every file, shared or of one account.
fn all(asked: &Asked) -> impl Iterator<Item = &AskedMedia> {
    let own = asked.own.iter().flat_map(|own| own.containers.iter().flatten());
    asked.containers.iter().chain(own).flat_map(|container| &container.media)
}

/// The uploads that the post names and the project has.
pub(super) async fn find(app: &App, caller: &Caller, asked: &Asked) -> Result<HashMap<MediaId, Upload>, Problem> {
    let mut ids: Vec<_> = all(asked).filter_map(|media| media.file.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = media::list(&app.database, caller.project.id, &ids).await?;
    Ok(found
        .into_iter()
        .map(|media| {
            let side = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
            let upload = Upload {
                is_ready: media.status == MediaStatus::Ready,
                kind: media.kind,
                content_type: media.content_type,
                size: media.size.and_then(|size| u64::try_from(size).ok()),
                dimensions: side(media.width).zip(side(media.height)),
            };
            (media.id, upload)
        })
        .collect())
}

/// Notes every file that is not there yet, or may not be fetched.
pub(super) fn check(app: &App, asked: &Asked, uploads: &HashMap<MediaId, Upload>, faults: &Faults) {
    for media in all(asked) {
        if let Some(id) = media.file.id {
            let pointer = format!("{}/id", media.pointer);
            match uploads.get(&id) {
                None => faults.add(pointer, "unknown_media", "there is no such upload"),
                Some(upload) if !upload.is_ready => {
                    faults.add(pointer, "media_not_ready", "the upload is not confirmed yet");
                }
                Some(_) => {}
            }
        }
        if let Some(url) = &media.file.url
            && let Err(fault) = app.door.parse(url)
        {
            faults.add(format!("{}/url", media.pointer), "url_not_allowed", fault.to_string());
        }
    }
}

/// Nobody knows when a draft is sent: its files are kept this long from its last edit on.
const DRAFT_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A target that was due to expire may still be on its way for a while.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// Keeps uploads until the post that names them has no more use for them: a while after `until`, when it is too late
/// to send it; `None` for a draft.
pub(super) async fn keep<'a>(
    app: &App,
    caller: &Caller,
    files: impl Iterator<Item = &'a MediaRef>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut ids: Vec<_> = files.filter_map(|file| file.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    ids.dedup();
    let until = until.map_or(now + DRAFT_KEPT, |until| until + MARGIN);
    Ok(media::keep(&app.database, caller.project.id, &ids, until).await?)
}
