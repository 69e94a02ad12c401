//! `PUT` to the address of an upload. The address is the permission, so the token is not asked for.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Path, Payload};
use sha2::{Digest, Sha256};

use super::super::fact::{Fact, MediaKind, Upload};
use super::super::{LinkedIn, error};
use super::video::starts;
use super::{ADDRESS_LIFE, DOCUMENT_BYTES, IMAGE_BYTES, IMAGE_PIXELS, PART, ready_at, shelf_name};
use crate::answer::Refusal;
use crate::body;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::sniff::{FileKind, dimensions, sniff};

pub(in super::super) async fn put(
    call: Call<LinkedIn>,
    path: Path<(String, u64)>,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (key, first) = path.into_inner();
    let upload = find(&call, &key)?;
    call.before(Operation::Media, Some(&upload.owner), None).await?;
    let limit = usize::try_from(most(&upload)).unwrap_or(usize::MAX).min(call.core.settings.max_upload_bytes);
    let bytes = body::collect(payload, limit).await.ok_or_else(error::too_large)?;
    let mime_type = check(&upload, first, &bytes)?;
    let etag = hex::encode(&Sha256::digest(&bytes)[..16]);
    let size = bytes.len() as u64;
    let stored = call.core.shelf.put(LinkedIn::PLATFORM, &shelf_name(&upload.urn, first), bytes).await;
    stored.map_err(|_| error::internal())?;
    let is_video = upload.kind == MediaKind::Video;
    let ready_at = (!is_video).then(|| ready_at(&call, &upload.owner, upload.kind));
    {
        let mut state = locked(&call.state);
        let urn = upload.urn.clone();
        call.keep(&mut state, Fact::PartStored { urn, first, size, etag: etag.clone(), mime_type });
        if let Some(ready_at) = ready_at {
            call.keep(&mut state, Fact::UploadFinished { urn: upload.urn, ready_at });
        }
    }
    let mut response = if is_video { HttpResponse::Ok() } else { HttpResponse::Created() };
    let answer = response.insert_header(("etag", format!("\"{etag}\""))).finish();
    call.after(Operation::Media, &upload.owner, None, answer).await
}

/// The upload of an address that still waits for bytes.
fn find(call: &Call<LinkedIn>, key: &str) -> Result<Upload, Refusal> {
    let state = locked(&call.state);
    let found = state.uploads.values().find(|uploading| uploading.upload.key == key);
    let uploading = found.ok_or_else(|| error::not_found("this upload address"))?;
    let is_late = call.now().duration_since(uploading.upload.at) >= ADDRESS_LIFE;
    if is_late || uploading.ready_at.is_some() {
        return Err(error::bad_request("UPLOAD_URL_EXPIRED", "The upload address is used or expired"));
    }
    Ok(uploading.upload.clone())
}

fn most(upload: &Upload) -> u64 {
    match upload.kind {
        MediaKind::Image => IMAGE_BYTES,
        MediaKind::Document => DOCUMENT_BYTES,
        MediaKind::Video => PART,
    }
}

/// The type of the bytes, when they are what they should be. Of a video only the first part shows it.
fn check(upload: &Upload, first: u64, bytes: &Bytes) -> Result<Option<String>, Refusal> {
    let refused = |message: &str| Err(error::bad_request("INVALID_MEDIA", message));
    if bytes.is_empty() {
        return refused("The upload is empty");
    }
    match upload.kind {
        MediaKind::Image => {
            let kind = sniff(bytes).filter(|kind| [FileKind::Jpeg, FileKind::Png, FileKind::Gif].contains(kind));
            let pixels = dimensions(bytes).map(|(width, height)| u64::from(width) * u64::from(height));
            match (kind, pixels) {
                (Some(kind), Some(pixels)) if first == 0 && pixels < IMAGE_PIXELS => {
                    Ok(Some(kind.mime_type().to_owned()))
                }
                _ => refused("Not a JPG, PNG or GIF of less than 36152320 pixels"),
            }
        }
        MediaKind::Document => {
            let is_pdf = bytes.starts_with(b"%PDF-");
            // Office documents are zip archives or the older compound files.
            let is_office = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0");
            match () {
                () if first == 0 && is_pdf => Ok(Some("application/pdf".to_owned())),
                () if first == 0 && is_office => Ok(Some("application/octet-stream".to_owned())),
                () => refused("Not a PDF, PPT or DOC"),
            }
        }
        MediaKind::Video => {
            let size = upload.size.unwrap_or_default();
            let is_part = starts(size).any(|start| start == first);
            if !is_part || bytes.len() as u64 != (size - first).min(PART) {
                return refused("Not exactly the bytes of this part");
            }
            match sniff(bytes) {
                _ if first > 0 => Ok(None),
                Some(FileKind::Mp4) => Ok(Some("video/mp4".to_owned())),
                _ => refused("Not an MP4"),
            }
        }
    }
}
