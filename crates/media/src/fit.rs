//! A picture made to keep a network's rules, and left alone when it keeps them already.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::error::MediaError;
use crate::format::{Format, Kind};
use crate::picture::Picture;
use crate::probe::{Probe, ProbeCaps, probe};

/// What a network takes.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The most bytes of the file.
    pub max_bytes: u64,
    /// The most pixels across; `None` where the network sets no limit.
    pub max_width: Option<u32>,
    /// The most pixels down.
    pub max_height: Option<u32>,
    /// The formats taken.
    pub formats: Vec<Format>,
}

/// A file that keeps the rules.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The file.
    pub bytes: Bytes,
    /// What it is.
    pub probe: Probe,
    /// Whether it differs from what was given.
    pub changed: bool,
}

/// Changes pictures one at a time: a decoded picture takes hundreds of megabytes.
#[derive(Clone, Debug)]
pub struct Fitter {
    caps: ProbeCaps,
    turn: Arc<Semaphore>,
}

impl Fitter {
    /// `caps` bound what is ever decoded.
    #[must_use]
    pub fn new(caps: ProbeCaps) -> Self {
        Self { caps, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Returns `bytes` as they are if they keep `rules`, and otherwise scales or encodes them anew: upright, in true
    /// colours and with their metadata. Animations and videos are never changed.
    ///
    /// # Errors
    /// [`MediaError::CannotFit`] when the rules cannot be kept, and what [`probe`] says of the file.
    pub async fn fit(&self, bytes: Bytes, rules: &Rules) -> Result<Fitted, MediaError> {
        let found = probe(&bytes, None, &self.caps)?;
        let Some(wanted) = wanted_size(&found, rules, bytes.len())? else {
            return Ok(Fitted { bytes, probe: found, changed: false });
        };
        let turn =
            Arc::clone(&self.turn).acquire_owned().await.map_err(|error| MediaError::Worker(error.to_string()))?;
        let (caps, rules) = (self.caps, rules.clone());
        tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the caller, who may have given up already.
            let _turn = turn;
            let picture = Picture::decode(&bytes, found.format, caps.max_pixels)?;
            let (format, bytes, width, height) = shrink(&picture, found.format, wanted, &rules)?;
            let probe = Probe { format, kind: Kind::Image, width: Some(width), height: Some(height), animated: false };
            Ok(Fitted { bytes: bytes.into(), probe, changed: true })
        })
        .await
        .map_err(|error| MediaError::Worker(error.to_string()))?
    }
}

/// The size to bring the picture to; `None` when the file may stay as it is.
fn wanted_size(found: &Probe, rules: &Rules, length: usize) -> Result<Option<(u32, u32)>, MediaError> {
    let small = length as u64 <= rules.max_bytes;
    let known = rules.formats.contains(&found.format);
    let (Some(width), Some(height)) = (found.width, found.height) else {
        return match (known, small) {
            (true, true) => Ok(None),
            (false, _) => Err(MediaError::CannotFit(format!("the network does not take {}", found.content_type()))),
            (true, false) => {
                Err(MediaError::CannotFit(format!("it is a video of more than {} bytes", rules.max_bytes)))
            }
        };
    };
    let (max_width, max_height) = (rules.max_width.unwrap_or(u32::MAX), rules.max_height.unwrap_or(u32::MAX));
    if known && small && width <= max_width && height <= max_height {
        return Ok(None);
    }
    if found.animated {
        let reason =
            format!("it is an animated {} of {width} x {height} pixels and {length} bytes", found.content_type());
        return Err(MediaError::CannotFit(reason));
    }
    let scale = (f64::from(max_width) / f64::from(width)).min(f64::from(max_height) / f64::from(height)).min(1.0);
    Ok(Some(times(width, height, scale, max_width, max_height)))
}

fn times(width: u32, height: u32, scale: f64, max_width: u32, max_height: u32) -> (u32, u32) {
    // Rounding must neither pass a limit nor lose the last row of a very long strip.
    let side = |length: u32, most: u32| ((f64::from(length) * scale).round() as u32).clamp(1, most.max(1));
    (side(width, max_width), side(height, max_height))
}

/// JPEG qualities from fine to what still looks like a photograph.
const QUALITIES: [u8; 4] = [90, 82, 74, 66];
/// Below this a picture is a thumbnail, and refusing is kinder.
const SMALLEST_SIDE: u32 = 64;

type Shrunk = (Format, Vec<u8>, u32, u32);

/// Encodes at the wanted size, in each format that may do; then smaller and smaller, until the bytes fit.
fn shrink(picture: &Picture, source: Format, wanted: (u32, u32), rules: &Rules) -> Result<Shrunk, MediaError> {
    let formats = candidates(source, picture.is_transparent(), &rules.formats);
    if formats.is_empty() {
        return Err(MediaError::CannotFit("the network takes no picture format that can be written".to_owned()));
    }
    let (mut width, mut height) = wanted;
    loop {
        let scaled;
        let current = if (width, height) == (picture.width(), picture.height()) {
            picture
        } else {
            scaled = picture.scaled(width, height);
            &scaled
        };
        let mut smallest = u64::MAX;
        for &format in &formats {
            let qualities = if format == Format::Jpeg { &QUALITIES[..] } else { &QUALITIES[..1] };
            for &quality in qualities {
                let bytes = current.encode(format, quality)?;
                if bytes.len() as u64 <= rules.max_bytes {
                    return Ok((format, bytes, width, height));
                }
                smallest = smallest.min(bytes.len() as u64);
            }
        }
        if width.min(height) <= SMALLEST_SIDE {
            let reason = format!("even at {width} x {height} pixels it is larger than {} bytes", rules.max_bytes);
            return Err(MediaError::CannotFit(reason));
        }
        // Bytes go with the area; a little less, so that the next round is usually the last.
        let scale = ((rules.max_bytes as f64 / smallest as f64).sqrt() * 0.95).clamp(0.25, 0.9);
        (width, height) = times(width, height, scale, width, height);
    }
}

/// The formats to try, in order: the source's own, then whatever keeps transparency, JPEG last for what has any.
/// Opaque pictures may always become JPEG, which is the only format here that can trade quality for bytes.
fn candidates(source: Format, transparent: bool, allowed: &[Format]) -> Vec<Format> {
    let own = if source == Format::Gif { Format::Png } else { source };
    let order = if transparent {
        [own, Format::Png, Format::Webp, Format::Jpeg]
    } else {
        [own, Format::Jpeg, Format::Png, Format::Webp]
    };
    let mut formats = Vec::new();
    for format in order {
        if allowed.contains(&format) && !formats.contains(&format) {
            formats.push(format);
        }
    }
    if formats.first().is_some_and(|first| *first != Format::Jpeg) && transparent {
        // Losing the transparency is worse than losing resolution.
        formats.retain(|format| *format != Format::Jpeg);
    }
    formats
}
