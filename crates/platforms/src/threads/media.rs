//! Files: Threads fetches them by itself, from an address of ours (fact sheet part 1, 4.8).

use domain::target::{ErrorCode, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{Media, MediaHandle};

/// A file to be named in a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Handle {
    pub(super) url: String,
    pub(super) is_video: bool,
}

impl Handle {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let handle: Self = serde_json::from_value(value.clone()).ok()?;
        let is_web = Url::parse(&handle.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        is_web.then_some(handle)
    }
}

/// Nothing is sent: the file's address goes into the container.
pub(super) fn upload(media: &Media) -> Result<MediaHandle, Refusal> {
    let Some(url) = media.url.clone() else {
        return Err(Refusal::Rejected {
            code: ErrorCode::MediaUnavailable,
            message: "Threads fetches files by itself, and no public address is configured from which it could"
                .to_owned(),
            http_status: None,
        });
    };
    let is_video = media.content_type.starts_with("video/");
    Ok(MediaHandle::Ready(json!(Handle { url, is_video })))
}
