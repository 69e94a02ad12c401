//! Uploads (section 5.8): told of, then taken at an address of their own, then processed.

mod bytes;
mod initialize;
mod status;
mod video;

pub(super) use bytes::put;
pub(super) use initialize::{documents, images};
pub(super) use status::get;
pub(super) use video::videos;

use jiff::{SignedDuration, Timestamp};

use super::LinkedIn;
use super::fact::MediaKind;
use crate::call::Call;

/// Most bytes of a picture.
const IMAGE_BYTES: u64 = 10 * 1024 * 1024;
const IMAGE_PIXELS: u64 = 36_152_320;
const DOCUMENT_BYTES: u64 = 100 * 1024 * 1024;
const VIDEO_BYTES: u64 = 500 * 1024 * 1024;
/// Bytes of each part of a video but the last.
const PART: u64 = 4 * 1024 * 1024;
/// How long the address of an upload is good.
const ADDRESS_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// When an upload that is whole now can be used.
fn ready_at(call: &Call<LinkedIn>, owner: &str, kind: MediaKind) -> Timestamp {
    let usual = match kind {
        MediaKind::Video => SignedDuration::from_millis(i64::try_from(call.core.settings.processing_ms).unwrap_or(0)),
        MediaKind::Image | MediaKind::Document => SignedDuration::ZERO,
    };
    let wait = call.slow_processing(owner).unwrap_or(usual);
    call.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// The name under which the bytes of a part are kept.
fn shelf_name(urn: &str, first: u64) -> String {
    let id = urn.rsplit(':').next().unwrap_or_default();
    if first == 0 { id.to_owned() } else { format!("{id}-{first}") }
}

/// The address that takes the bytes from `first` on.
fn address(call: &Call<LinkedIn>, key: &str, first: u64) -> String {
    format!("{}/linkedin/www/dms-uploads/{key}/{first}", call.core.origin)
}

/// The name under which the page shows an upload.
pub(super) fn shown_name(urn: &str) -> String {
    shelf_name(urn, 0)
}
