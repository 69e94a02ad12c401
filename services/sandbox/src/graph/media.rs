//! Pictures and videos on their way to the shelf.

use actix_web::web::Bytes;

use super::fetch::{Unfetched, fetch};
use super::{File, Problem};
use crate::call::{Call, Speaks};
use crate::sniff::{FileKind, dimensions, sniff};

/// Why what was fetched is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadMedia {
    Unfetched(Unfetched),
    /// Not of a kind that is taken here, or broken.
    Kind,
    /// Width and height.
    Shape(u32, u32),
}

/// What a network takes.
pub(crate) struct Rules {
    pub(crate) kinds: &'static [FileKind],
    pub(crate) most_bytes: usize,
    /// Least and greatest width for one of height. `None` where it is not measured.
    pub(crate) ratios: Option<(f64, f64)>,
}

/// The bytes at an address, if they keep the rules, and the sandbox's own limit.
pub(crate) async fn fetched<N: Speaks>(
    call: &Call<N>,
    address: &str,
    rules: &Rules,
) -> Result<(Bytes, FileKind), BadMedia> {
    let most = rules.most_bytes.min(call.core.settings.max_upload_bytes);
    let bytes = fetch(address, most).await.map_err(BadMedia::Unfetched)?;
    let kind = sniff(&bytes).filter(|kind| rules.kinds.contains(kind)).ok_or(BadMedia::Kind)?;
    if let Some((least, greatest)) = rules.ratios {
        let (width, height) = dimensions(&bytes).ok_or(BadMedia::Kind)?;
        let ratio = f64::from(width) / f64::from(height.max(1));
        if !(least..=greatest).contains(&ratio) {
            return Err(BadMedia::Shape(width, height));
        }
    }
    Ok((bytes, kind))
}

/// Puts bytes on the network's shelf.
pub(crate) async fn shelve<N: Speaks>(
    call: &Call<N>,
    bytes: Bytes,
    kind: FileKind,
    alt_text: Option<String>,
) -> Result<File, Problem> {
    let (name, size) = (uuid::Uuid::new_v4().simple().to_string(), bytes.len() as u64);
    let stored = call.core.shelf.put(N::PLATFORM, &name, bytes).await;
    stored.map_err(|_| Problem::new(2, "The file could not be stored"))?;
    Ok(File { name, mime_type: kind.mime_type().to_owned(), size, alt_text, is_video: kind.is_video() })
}
