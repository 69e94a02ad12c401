//! Images: raw bytes to the account's own server.

use domain::target::Refusal;
use egress::{Body, HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    access::Access,
    errors,
    wire::{Blob, Uploaded},
};
use crate::{Account, Cx, Media, MediaHandle, exchange::Ask, failure, given, words};

/// An upload, to be put into a record.
#[derive(Serialize, Deserialize)]
pub(super) struct Handle {
    pub(super) blob: Blob,
    /// Width and height; without them readers see the image jump when it loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aspect: Option<(u32, u32)>,
}

impl Handle {
    pub(super) fn read(value: &Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }
}

pub(super) async fn upload(cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
    let mut access = Access::open(account)?;
    let content_type = HeaderValue::try_from(&media.content_type)
        .map_err(|_| given::refusal("the file's content type cannot be sent"))?;
    if access.is_proven() {
        access.session(cx).await?;
    }
    let ask = Ask::post(&access.pds, "/xrpc/com.atproto.repo.uploadBlob")
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::Bytes(media.bytes.clone()));
    let answer = access.call(cx, ask).await?;
    match answer.success::<Uploaded>() {
        Some(uploaded) if is_sound(&uploaded.blob) => {
            let aspect = media.dimensions.filter(|(width, height)| *width > 0 && *height > 0);
            Ok(MediaHandle::Ready(json!(Handle { blob: uploaded.blob, aspect })))
        }
        _ => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}

fn is_sound(blob: &Blob) -> bool {
    blob.kind == "blob"
        && words::is_cid(&blob.reference.cid)
        && blob.mime_type.len() <= 200
        && !blob.mime_type.contains('\0')
}
