//! `com.atproto.repo.uploadBlob`: raw bytes in, a blob reference out.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::fact::Fact;
use super::oauth::Need;
use super::{Bluesky, cid, error, quota, session};
use crate::answer::Refusal;
use crate::body;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::sniff::sniff;

/// What Bluesky's own hosts take; whether a record may use it is checked when it does.
const CEILING: usize = 52_428_800;

pub(super) async fn upload_blob(call: Call<Bluesky>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let did = session::caller(&call, Need::Blob)?;
    let claimed = call.header("content-type").map(str::to_owned);
    let claimed =
        claimed.ok_or_else(|| error::invalid_request("Request encoding (Content-Type) required but not provided"))?;
    let limits = quota::uploads(&call, &did)?;
    let ceiling = CEILING.min(call.core.settings.max_upload_bytes);
    let bytes = body::collect(payload, ceiling).await.ok_or_else(error::payload_too_large)?;
    call.before(Operation::Media, Some(&did), None).await?;
    if bytes.is_empty() {
        return Err(error::invalid_request("A request body is expected but none was provided"));
    }
    let mime_type = sniff(&bytes).map_or_else(|| essence(&claimed), |kind| kind.mime_type().to_owned());
    let (cid, size) = (cid::of_blob(&bytes), bytes.len() as u64);
    let stored = call.core.shelf.put(Bluesky::PLATFORM, &cid, bytes).await;
    stored.map_err(|_| error::internal())?;
    let fact =
        Fact::BlobUploaded { did: did.clone(), cid: cid.clone(), mime_type: mime_type.clone(), size, at: call.now() };
    call.keep(&mut locked(&call.state), fact);
    let blob = json!({"$type": "blob", "ref": {"$link": cid}, "mimeType": mime_type, "size": size});
    let answer = quota::shown(&limits, HttpResponse::Ok()).json(json!({"blob": blob}));
    call.after(Operation::Media, &did, None, answer).await
}

/// A content type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}
