//! Reading request bodies within a limit.

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures::StreamExt;

/// The whole body, or nothing when it is longer than `limit` or breaks off.
pub(crate) async fn collect(mut payload: Payload, limit: usize) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.ok()?;
        if bytes.len() + chunk.len() > limit {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    Some(bytes.freeze())
}

/// One part of a `multipart/form-data` body.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

/// Why a multipart body could not be read.
#[derive(Debug, PartialEq)]
pub(crate) enum PartsProblem {
    /// Not multipart, or broken.
    Malformed,
    TooLarge,
}

/// Parts taken from one body; more is an attack.
const MOST_PARTS: usize = 32;

/// All parts, together no longer than `limit`.
pub(crate) async fn parts(headers: &HeaderMap, payload: Payload, limit: usize) -> Result<Vec<Part>, PartsProblem> {
    let mut multipart = Multipart::new(headers, payload);
    let (mut parts, mut left) = (Vec::new(), limit);
    while let Some(field) = multipart.next().await {
        let mut field = field.map_err(|_| PartsProblem::Malformed)?;
        let bytes = field.bytes(left).await.map_err(|_| PartsProblem::TooLarge)?;
        let bytes = bytes.map_err(|_| PartsProblem::Malformed)?;
        left -= bytes.len();
        let name = field.name().ok_or(PartsProblem::Malformed)?.to_owned();
        let content_type = field.content_type().map(ToString::to_string);
        parts.push(Part { name, content_type, bytes });
        if parts.len() > MOST_PARTS {
            return Err(PartsProblem::TooLarge);
        }
    }
    Ok(parts)
}
