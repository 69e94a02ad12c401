//! A target as it can be checked before anything is sent.

use domain::{media::MediaKind, post::Role};
use serde::Serialize;
use serde_json::Value;

/// What would go to one account.
#[derive(Debug, Clone)]
pub struct TargetDraft<'a> {
    /// 1 to 25 parts in order.
    pub parts: Vec<DraftPart<'a>>,
    /// `config.<platform>` overlaid with `account_config.<id>.options`; `null` where none were given.
    pub options: Value,
}

/// One part.
#[derive(Debug, Clone)]
pub struct DraftPart<'a> {
    /// Main, first comment or thread.
    pub role: Role,
    /// The text.
    pub content: &'a str,
    /// The files in order.
    pub media: Vec<DraftMedia<'a>>,
}

/// One file; what is not known before it is fetched is `None`.
#[derive(Debug, Clone)]
pub struct DraftMedia<'a> {
    /// Image, animated image or video.
    pub kind: Option<MediaKind>,
    /// From the bytes.
    pub content_type: Option<&'a str>,
    /// Bytes.
    pub size: Option<u64>,
    /// Pixels.
    pub dimensions: Option<(u32, u32)>,
    /// Alternative text.
    pub alt_text: Option<&'a str>,
}

/// A network's rule that the draft breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    /// The part, `None` for the options.
    pub part: Option<usize>,
    /// Pointer below the part or below the options: `/content`, `/media/0/alt_text`, `/reply_settings`.
    pub pointer: String,
    /// A stable word.
    pub code: &'static str,
    /// A sentence with the limit and the value.
    pub detail: String,
}

/// A request as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewRequest {
    /// `POST`
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Without secrets.
    pub headers: serde_json::Map<String, Value>,
    /// JSON, or a description of a multipart body.
    pub body: Value,
}

impl PreviewRequest {
    /// A request with the bearer token left out.
    pub(crate) fn json(method: &'static str, url: String, body: Value) -> Self {
        let mut headers = serde_json::Map::new();
        headers.insert("authorization".to_owned(), "Bearer <access token>".into());
        Self { method, url, headers, body }
    }
}
