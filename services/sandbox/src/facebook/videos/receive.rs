//! Bytes of an upload as they come in, piece by piece; each is on the shelf before it is answered.

use actix_web::web::{Bytes, BytesMut};

use super::super::Facebook;
use super::super::fact::{Fact, Upload};
use crate::call::{Call, Speaks};
use crate::graph::fetch::{Unfetched, fetch};
use crate::graph::{File, Problem, media};
use crate::lock::locked;
use crate::sniff::sniff;

pub(super) fn bad_format() -> Problem {
    Problem::invalid("The video file you tried to upload is of a format that is not supported").subcode(1_349_125)
}

pub(super) fn unknown_upload() -> Problem {
    Problem::invalid("Invalid upload session")
}

fn wrong_offset(expected: u64) -> Problem {
    Problem::invalid(format!("The offset does not fit: the upload is at {expected}"))
}

/// A video that came as a whole.
pub(super) async fn whole(call: &Call<Facebook>, bytes: Bytes) -> Result<File, Problem> {
    let kind = sniff(&bytes).filter(|kind| kind.is_video()).ok_or_else(bad_format)?;
    media::shelve(call, bytes, kind, None).await
}

/// A video by its address.
pub(super) async fn by_address(call: &Call<Facebook>, address: &str) -> Result<File, Problem> {
    let fetched = fetch(address, call.core.settings.max_upload_bytes).await;
    let bytes = fetched.map_err(|why| match why {
        Unfetched::Address => Problem::invalid("file_url should represent a valid URL").subcode(2_061_006),
        _ => Problem::invalid("The video file could not be downloaded").subcode(2_069_019),
    })?;
    whole(call, bytes).await
}

/// An upload's next piece. Answers how much is there; with the last byte the pieces become a file.
pub(super) async fn piece(call: &Call<Facebook>, id: u64, offset: u64, bytes: Bytes) -> Result<u64, Problem> {
    let length = bytes.len() as u64;
    let fits = |upload: &Upload, received: u64| match () {
        () if received != offset => Err(wrong_offset(received)),
        () if length == 0 || received + length > upload.size => {
            Err(Problem::invalid("The piece does not fit the upload"))
        }
        () => Ok(()),
    };
    {
        let state = locked(&call.state);
        let uploading = state.uploads.get(&id).ok_or_else(unknown_upload)?;
        fits(&uploading.upload, uploading.received)?;
    }
    let name = format!("{id}-{offset}-{}", uuid::Uuid::new_v4().simple());
    let stored = call.core.shelf.put(Facebook::PLATFORM, &name, bytes).await;
    stored.map_err(|_| Problem::new(2, "The piece could not be stored"))?;
    let (received, pieces) = {
        let mut state = locked(&call.state);
        // Another request may have brought the same piece meanwhile.
        let uploading = state.uploads.get(&id).ok_or_else(unknown_upload)?;
        fits(&uploading.upload, uploading.received)?;
        call.keep(&mut state, Fact::PieceStored { upload: id, name, size: length });
        let uploading = state.uploads.get(&id).ok_or_else(unknown_upload)?;
        let is_whole = uploading.received == uploading.upload.size;
        (uploading.received, is_whole.then(|| uploading.pieces.clone()))
    };
    if let Some(pieces) = pieces {
        let file = joined(call, &pieces).await?;
        call.keep(&mut locked(&call.state), Fact::UploadDone { upload: id, file });
    }
    Ok(received)
}

async fn joined(call: &Call<Facebook>, pieces: &[String]) -> Result<File, Problem> {
    let mut bytes = BytesMut::new();
    for name in pieces {
        let piece = call.core.shelf.get(Facebook::PLATFORM, name).await;
        bytes.extend_from_slice(&piece.map_err(|_| Problem::new(2, "A piece of the upload is gone"))?);
    }
    let file = whole(call, bytes.freeze()).await?;
    call.core.shelf.forget(Facebook::PLATFORM, pieces.to_vec()).await;
    Ok(file)
}

/// The file of an upload that is complete.
pub(super) fn finished(call: &Call<Facebook>, id: u64, page: u64) -> Result<File, Problem> {
    let state = locked(&call.state);
    let uploading = state.uploads.get(&id).filter(|uploading| uploading.upload.page == Some(page));
    let incomplete = || Problem::invalid("The video is not uploaded completely").subcode(1_363_030);
    uploading.ok_or_else(unknown_upload)?.file.clone().ok_or_else(incomplete)
}

/// Opens an upload of so many bytes.
pub(super) fn check_size(call: &Call<Facebook>, size: u64) -> Result<u64, Problem> {
    let most = call.core.settings.max_upload_bytes as u64;
    if (1..=most).contains(&size) {
        return Ok(size);
    }
    Err(Problem::invalid(format!("The file size must be 1 to {most} bytes")))
}
