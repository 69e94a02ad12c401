//! What may be uploaded.

use serde_json::Value;

use super::super::error;
use super::super::fact::Category;
use crate::answer::Refusal;
use crate::sniff::FileKind;

const IMAGE_BYTES: u64 = 5 * 1024 * 1024;
const GIF_BYTES: u64 = 15 * 1024 * 1024;
const VIDEO_BYTES: u64 = 512 * 1024 * 1024;
const GIF_WIDTH: u32 = 1280;
const GIF_HEIGHT: u32 = 1080;

const IMAGES: [&str; 7] =
    ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff", "image/pjpeg"];
const VIDEOS: [&str; 4] = ["video/mp4", "video/webm", "video/mp2t", "video/quicktime"];

pub(super) fn category(word: &str) -> Result<Category, Refusal> {
    serde_json::from_value(Value::from(word)).map_err(|_| {
        let message = "$.media_category: does not have a value in the enumeration [amplify_video, tweet_gif, tweet_image, tweet_video]";
        error::invalid("media_category", word, message)
    })
}

/// The category of a type that comes without one.
pub(super) fn usual_category(media_type: &str) -> Category {
    if media_type.starts_with("video/") { Category::TweetVideo } else { Category::TweetImage }
}

/// Whether a declared type is known and goes with the category.
pub(super) fn media_type(media_type: &str, category: Category) -> Result<(), Refusal> {
    let fits = match category {
        Category::TweetImage => IMAGES.contains(&media_type),
        Category::TweetGif => media_type == "image/gif" || media_type == "video/mp4",
        Category::TweetVideo | Category::AmplifyVideo => VIDEOS.contains(&media_type),
    };
    let message = "The media type does not go with the media category.";
    if fits { Ok(()) } else { Err(error::invalid("media_type", media_type, message)) }
}

pub(super) fn size(bytes: u64, category: Category) -> Result<(), Refusal> {
    let most = match category {
        Category::TweetImage => IMAGE_BYTES,
        Category::TweetGif => GIF_BYTES,
        Category::TweetVideo | Category::AmplifyVideo => VIDEO_BYTES,
    };
    if bytes == 0 || bytes > most {
        let message = format!("File size must be from 1 to {most} bytes for this media category.");
        return Err(error::invalid("total_bytes", bytes, message));
    }
    Ok(())
}

/// Whether the bytes are what was declared.
pub(super) fn content(kind: Option<FileKind>, pixels: Option<(u32, u32)>, category: Category) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(error::invalid("media", Value::Null, message));
    let Some(kind) = kind else {
        return invalid("media type unrecognized.");
    };
    let fits = match category {
        Category::TweetImage => !kind.is_video(),
        Category::TweetGif => kind == FileKind::Gif || kind == FileKind::Mp4,
        Category::TweetVideo | Category::AmplifyVideo => kind.is_video(),
    };
    if !fits {
        return invalid("The media is not of its media category.");
    }
    let measured = !kind.is_video() && !matches!(kind, FileKind::Bmp | FileKind::Tiff);
    match pixels {
        None if measured => invalid("The media could not be read."),
        Some((width, height)) if category == Category::TweetGif && (width > GIF_WIDTH || height > GIF_HEIGHT) => {
            invalid("GIFs are at most 1280x1080 pixels.")
        }
        _ => Ok(()),
    }
}
