//! Files: Instagram fetches each by its address when a container is made, so there is nothing to upload.

use domain::target::{ErrorCode, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Media, MediaHandle, words};

/// A file by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) url: String,
    pub(super) is_video: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alt_text: Option<String>,
}

impl File {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let file: Self = serde_json::from_value(value.clone()).ok()?;
        words::link(Some(file.url.clone())).is_some().then_some(file)
    }
}

pub(super) fn upload(media: &Media) -> Result<MediaHandle, Refusal> {
    let Some(url) = words::link(media.url.clone()) else {
        return Err(Refusal::Rejected {
            code: ErrorCode::MediaUnavailable,
            message: "Instagram fetches files from an address, and none of ours is configured (gateway.public_url)"
                .to_owned(),
            http_status: None,
        });
    };
    let is_video = media.content_type.starts_with("video/");
    Ok(MediaHandle::Ready(json!(File { url, is_video, alt_text: media.alt_text.clone() })))
}
