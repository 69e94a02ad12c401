//! What can be wrong with media, in words for the one who sent it.

use egress::{ExchangeError, StatusCode, UrlFault};

/// Why bytes could not be taken, understood, changed or stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Nothing at all.
    #[error("the file is empty")]
    Empty,
    /// More bytes than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The cap.
        max_bytes: u64,
    },
    /// Something known that no network takes from here.
    #[error("the file is {found}; JPEG, PNG, GIF, WebP, MP4, QuickTime and WebM are supported")]
    Unsupported {
        /// What it is, with its article.
        found: &'static str,
    },
    /// Nothing known.
    #[error("the file's content is none of JPEG, PNG, GIF, WebP, MP4, QuickTime and WebM")]
    Unrecognised,
    /// The content is of another type than was said.
    #[error("the file was declared as {declared} and its content is {found}")]
    Mismatch {
        /// As declared.
        declared: String,
        /// As sniffed.
        found: &'static str,
    },
    /// It ends too early.
    #[error("the {content_type} file is cut off before its end")]
    Truncated {
        /// What it would be.
        content_type: &'static str,
    },
    /// It cannot be read.
    #[error("the {content_type} file is damaged: {reason}")]
    Damaged {
        /// What it would be.
        content_type: &'static str,
        /// The decoder's words.
        reason: String,
    },
    /// More pixels than this service will ever decode.
    #[error("the picture has {width} x {height} pixels; at most {max_pixels} in all are accepted")]
    TooManyPixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The cap on their product.
        max_pixels: u64,
    },
    /// It breaks a network's rule and cannot be changed to keep it.
    #[error("the file cannot be made to fit: {0}")]
    CannotFit(String),
    /// A URL that may not be fetched.
    #[error(transparent)]
    Url(#[from] UrlFault),
    /// The fetch failed.
    #[error(transparent)]
    Fetch(#[from] ExchangeError),
    /// The server has no file for us.
    #[error("{host} answered {status} instead of a file")]
    Status {
        /// Who answered.
        host: String,
        /// With what.
        status: StatusCode,
    },
    /// A storage key that is not one.
    #[error("{0:?} is not a storage key")]
    Key(String),
    /// No object under this key.
    #[error("nothing is stored under {key}")]
    NotStored {
        /// The key.
        key: String,
    },
    /// The sender stopped halfway.
    #[error("the upload broke off: {0}")]
    UploadBroken(String),
    /// The storage failed.
    #[error("cannot {attempt} {key}: {source}")]
    Storage {
        /// What was attempted: a verb.
        attempt: &'static str,
        /// The key or the root.
        key: String,
        /// The storage's own words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that worked on the picture died.
    #[error("working on the picture failed: {0}")]
    Worker(String),
}

impl MediaError {
    /// Whether the same call may succeed later: the network or the storage was at fault and not the file.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(ExchangeError::NotSent { kind, .. }) => {
                use egress::NotSentKind::{Connect, Deadline, Dns, Tls};
                matches!(kind, Dns | Connect | Tls | Deadline)
            }
            Self::Fetch(ExchangeError::Ambiguous { kind, .. }) => {
                use egress::AmbiguousKind::{Protocol, Reset, Timeout};
                matches!(kind, Timeout | Reset | Protocol)
            }
            Self::Url(fault) => matches!(fault, UrlFault::Unresolved(_)),
            Self::Status { status, .. } => status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
            Self::Storage { .. } | Self::UploadBroken(_) | Self::Worker(_) => true,
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Unsupported { .. }
            | Self::Unrecognised
            | Self::Mismatch { .. }
            | Self::Truncated { .. }
            | Self::Damaged { .. }
            | Self::TooManyPixels { .. }
            | Self::CannotFit(_)
            | Self::Key(_)
            | Self::NotStored { .. } => false,
        }
    }
}
