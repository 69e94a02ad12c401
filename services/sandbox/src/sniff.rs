//! What bytes are, by what they begin with: a caller's word for it is not taken.

use std::io::Cursor;

/// The kinds that some network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Mp4,
    QuickTime,
    Webm,
}

impl FileKind {
    pub(crate) fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::Webm => "video/webm",
        }
    }

    pub(crate) fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::QuickTime | Self::Webm)
    }
}

pub(crate) fn sniff(bytes: &[u8]) -> Option<FileKind> {
    let at = |offset: usize, wanted: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(wanted));
    Some(match () {
        () if at(0, b"\xFF\xD8\xFF") => FileKind::Jpeg,
        () if at(0, b"\x89PNG\r\n\x1A\n") => FileKind::Png,
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => FileKind::Gif,
        () if at(0, b"RIFF") && at(8, b"WEBP") => FileKind::Webp,
        () if at(0, b"BM") => FileKind::Bmp,
        () if at(0, b"II*\0") || at(0, b"MM\0*") => FileKind::Tiff,
        () if at(4, b"ftypqt  ") => FileKind::QuickTime,
        () if at(4, b"ftyp") => FileKind::Mp4,
        () if at(0, b"\x1A\x45\xDF\xA3") => FileKind::Webm,
        () => return None,
    })
}

/// Width and height of a picture, read from its header alone; nothing is decoded.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()
}
