//! The formats that can be posted.

use image::ImageFormat;

/// A format that at least one network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`, animated or not
    Png,
    /// `image/gif`, animated or not
    Gif,
    /// `image/webp`, animated or not
    Webp,
    /// `video/mp4`
    Mp4,
    /// `video/quicktime`
    Quicktime,
    /// `video/webm`
    Webm,
}

/// How networks count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A still picture; a GIF of one frame is one.
    Image,
    /// An animated GIF. Animated PNG and WebP stay images with `animated` set: no network takes them as a GIF.
    Gif,
    /// A video.
    Video,
}

impl Kind {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Gif => "gif",
            Self::Video => "video",
        }
    }
}

impl Format {
    /// The media type, without parameters.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Quicktime => "video/quicktime",
            Self::Webm => "video/webm",
        }
    }

    /// The usual extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
            Self::Quicktime => "mov",
            Self::Webm => "webm",
        }
    }

    /// The picture decoder's name for it; `None` for a video.
    pub(crate) fn picture(self) -> Option<ImageFormat> {
        match self {
            Self::Jpeg => Some(ImageFormat::Jpeg),
            Self::Png => Some(ImageFormat::Png),
            Self::Gif => Some(ImageFormat::Gif),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Mp4 | Self::Quicktime | Self::Webm => None,
        }
    }

    /// Whether a declared content type agrees. A declaration that says nothing agrees with all, and MP4 and QuickTime
    /// are one container that senders rarely tell apart.
    pub(crate) fn agrees_with(self, declared: &str) -> bool {
        let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "" | "application/octet-stream" | "binary/octet-stream" => true,
            "image/jpeg" | "image/jpg" | "image/pjpeg" => self == Self::Jpeg,
            "image/png" | "image/x-png" | "image/apng" => self == Self::Png,
            "image/gif" => self == Self::Gif,
            "image/webp" => self == Self::Webp,
            "video/mp4" | "video/quicktime" | "video/x-m4v" | "video/3gpp" => {
                matches!(self, Self::Mp4 | Self::Quicktime)
            }
            "video/webm" => self == Self::Webm,
            _ => false,
        }
    }
}
