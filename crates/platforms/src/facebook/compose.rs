//! What a post on a page or a comment under it is made of.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::media::Handle;
use crate::{Part, words};

/// What is kept between composing and sending.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Composed {
    #[serde(flatten)]
    pub(super) call: Call,
    /// The JSON that is sent.
    pub(super) body: Value,
    /// When it was composed.
    pub(super) composed_at: Timestamp,
}

/// Which call publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(super) enum Call {
    /// A post on the page.
    Feed {
        /// Its pictures.
        photos: Vec<String>,
    },
    /// The last phase of a video's upload.
    Video {
        /// The video's id.
        id: String,
    },
    /// A comment.
    Comment {
        /// The post it hangs on.
        on: String,
    },
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        let is_sound = composed.body.is_object()
            && match &composed.call {
                Call::Feed { photos } => photos.iter().all(|id| words::is_id(id)),
                Call::Video { id } | Call::Comment { on: id } => words::is_id(id),
            };
        is_sound.then_some(composed)
    }

    /// What people read.
    pub(super) fn text(&self) -> &str {
        let field = if matches!(self.call, Call::Video { .. }) { "description" } else { "message" };
        self.body[field].as_str().unwrap_or_default()
    }
}

pub(super) fn compose(now: Timestamp, part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Err(Refusal::Rejected { code, message: message.to_owned(), http_status: None });
    let mut photos = Vec::new();
    let mut video = None;
    for (handle, _) in part.media {
        match Handle::read(handle) {
            Some(Handle::Photo { id }) => photos.push(id),
            Some(Handle::Video { id, session }) => video = Some((id, session)),
            None => return refused(ErrorCode::MediaRejected, "the stored handle of an upload cannot be read"),
        }
    }
    let (call, body) = match (part.role, part.root, video) {
        (Role::Main, _, Some((id, session))) => {
            let body = video_body(part.content, &session, part.options);
            (Call::Video { id }, body)
        }
        (Role::Main, _, None) => {
            let body = feed_body(part.content, &photos, part.options);
            (Call::Feed { photos }, body)
        }
        // A comment below a comment would not be seen by who looks at the post.
        (_, Some(root), _) if words::is_id(&root.id) => {
            (Call::Comment { on: root.id.clone() }, json!({"message": part.content}))
        }
        _ => return refused(ErrorCode::ParentPartFailed, "the main part has no id that Facebook could know"),
    };
    Ok(json!(Composed { call, body, composed_at: now }))
}

/// `POST /{page}/feed`, the same for preview and for real.
pub(super) fn feed_body(content: &str, photos: &[String], options: &Value) -> Value {
    let mut body = Map::new();
    if !content.is_empty() || photos.is_empty() {
        body.insert("message".to_owned(), json!(content));
    }
    if let Some(link) = options.get("link").filter(|link| !link.is_null() && photos.is_empty()) {
        body.insert("link".to_owned(), link.clone());
    }
    if !photos.is_empty() {
        let attached: Vec<Value> = photos.iter().map(|id| json!({"media_fbid": id})).collect();
        body.insert("attached_media".to_owned(), attached.into());
    }
    Value::Object(body)
}

/// `POST /{page}/videos`, its last phase.
pub(super) fn video_body(content: &str, session: &str, options: &Value) -> Value {
    let mut body = json!({"upload_phase": "finish", "upload_session_id": session});
    if !content.is_empty() {
        body["description"] = json!(content);
    }
    if let Some(title) = options.get("title").filter(|title| !title.is_null()) {
        body["title"] = title.clone();
    }
    body
}
