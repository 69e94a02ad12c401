//! A picture by its URL, through the door.

use bytes::{Bytes, BytesMut};
use egress::{Deadline, Door, DownloadLimits, header};

use crate::error::MediaError;
use crate::filename::filename;
use crate::probe::{Probe, ProbeCaps, probe};

/// The bounds of a fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchCaps {
    /// For everything, redirects and body included.
    pub deadline: Deadline,
    /// The most bytes.
    pub max_bytes: u64,
    /// What the probe accepts.
    pub probe: ProbeCaps,
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The file.
    pub bytes: Bytes,
    /// What it is, by its content: servers are too often wrong about the type for it to be held against the user.
    pub probe: Probe,
    /// A safe name with the right extension.
    pub filename: String,
}

/// Fetches the file that `url`, as the user wrote it, leads to.
///
/// # Errors
/// [`MediaError::Url`] and [`MediaError::Fetch`] from the door, [`MediaError::Status`] for an answer that is not a
/// success, and what [`probe`] says of the content. [`MediaError::is_transient`] tells which may pass.
pub async fn fetch(door: &Door, url: &str, caps: FetchCaps) -> Result<Fetched, MediaError> {
    let url = door.parse(url)?;
    let limits = DownloadLimits { deadline: caps.deadline, max_bytes: caps.max_bytes };
    let mut download = door.download(&url, limits).await.map_err(|error| too_large(error, caps.max_bytes))?;
    if !download.status().is_success() {
        let host = download.url().host_str().unwrap_or_default().to_owned();
        return Err(MediaError::Status { host, status: download.status() });
    }
    // The declared length is already under the cap, and may still be a lie.
    let mut bytes = BytesMut::with_capacity(download.size().unwrap_or(0).min(1 << 20) as usize);
    while let Some(piece) = download.chunk().await.map_err(|error| too_large(error, caps.max_bytes))? {
        bytes.extend_from_slice(&piece);
    }
    let bytes = bytes.freeze();
    let probe = probe(&bytes, None, &caps.probe)?;
    let disposition = download.headers().get(header::CONTENT_DISPOSITION).map(|value| value.as_bytes());
    let disposition = disposition.map(String::from_utf8_lossy);
    let filename = filename(disposition.as_deref(), download.url(), probe.format);
    Ok(Fetched { bytes, probe, filename })
}

/// The door's "larger than allowed" in the terms of a file.
fn too_large(error: egress::ExchangeError, max_bytes: u64) -> MediaError {
    match error {
        egress::ExchangeError::Ambiguous { kind: egress::AmbiguousKind::BodyTooLarge, .. } => {
            MediaError::TooLarge { max_bytes }
        }
        error => MediaError::Fetch(error),
    }
}
