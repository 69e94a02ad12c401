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
