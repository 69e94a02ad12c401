//! Kinds of files.

use crate::target::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a file is, told from its bytes.
    MediaKind {
        /// A still picture.
        Image,
        /// A moving picture in a GIF.
        Gif,
        /// A film.
        Video,
    }
}

/// The name an upload's bytes are stored under.
pub fn object_key(media: crate::ids::MediaId) -> String {
    format!("uploads/{media}")
}
