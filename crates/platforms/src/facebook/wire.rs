//! Facebook's JSON, as far as it is read. Fields beyond these are ignored; every one of these may be missing.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) category: Option<String>,
    pub(super) access_token: Option<String>,
    pub(super) tasks: Option<Vec<String>>,
    pub(super) picture: Option<Picture>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Picture {
    data: Option<PictureData>,
}

impl Picture {
    pub(super) fn url(self) -> Option<String> {
        self.data.and_then(|data| data.url)
    }
}

#[derive(Debug, Deserialize)]
struct PictureData {
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) permalink_url: Option<String>,
}

/// An upload in phases; offsets are strings.
#[derive(Debug, Deserialize)]
pub(super) struct Phase {
    pub(super) upload_session_id: Option<String>,
    pub(super) video_id: Option<String>,
    pub(super) start_offset: String,
    pub(super) end_offset: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) status: Option<VideoStatus>,
    pub(super) permalink_url: Option<String>,
    pub(super) post_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct VideoStatus {
    pub(super) video_status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) message: String,
    pub(super) created_time: Option<String>,
    pub(super) permalink_url: Option<String>,
    pub(super) attachments: Option<Attachments>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachments {
    #[serde(default)]
    pub(super) data: Vec<Attachment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachment {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) target: Option<Target>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) message: String,
    pub(super) created_time: Option<String>,
    pub(super) from: Option<Target>,
    pub(super) permalink_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fans {
    pub(super) fan_count: Option<u64>,
    pub(super) followers_count: Option<u64>,
}
