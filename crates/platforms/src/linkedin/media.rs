//! Images: announced, uploaded as they are, and waited for (fact sheet part 1, 5.8).

use domain::target::{ErrorCode, Refusal};
use egress::{Body, HeaderValue, Method, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{
    ask::{self, rest},
    author::Author,
    spec::{DEFAULT_WWW, WWW_BASE},
    tokens::LinkedinTokens,
    urn,
    wire::{Image, Initialized},
};
use crate::{
    Account, Cx, Media, MediaHandle,
    exchange::{Answer, Ask},
    failure, stored,
};

/// How long LinkedIn is left alone with an image before it is asked, and where it may not be asked at all.
const PROCESSING: SignedDuration = SignedDuration::from_secs(5);
/// Between two questions.
const ASKS: SignedDuration = SignedDuration::from_secs(2);

/// An image, to be put into a post.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Handle {
    pub(super) image: String,
    /// Right after it LinkedIn may not let a post have the image.
    pub(super) uploaded_at: Timestamp,
}

impl Handle {
    pub(super) fn read(value: &Value) -> Option<Self> {
        serde_json::from_value::<Self>(value.clone()).ok().filter(|handle| urn::is_image(&handle.image))
    }
}

pub(super) async fn upload(cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
    let tokens: LinkedinTokens = stored::open(account)?;
    let content_type = HeaderValue::try_from(&media.content_type)
        .map_err(|_| media_refused("the file's content type cannot be sent", None))?;
    let begin = json!({"initializeUploadRequest": {"owner": Author::of(account)?.urn()}});
    let answer =
        rest(cx, Method::POST, "/images?action=initializeUpload", &tokens).body(Body::Json(begin)).call(cx).await?;
    let Some(begun) = answer.success::<Initialized>().map(|begun| begun.value) else {
        return Err(refused(cx, &tokens, &answer));
    };
    let place = place(cx, &begun.upload_url).filter(|_| urn::is_image(&begun.image));
    let Some(place) = place else {
        return Err(failure::not_understood(&answer, "LinkedIn named no place for the upload that could be its own"));
    };
    let answer = Ask::at(Method::PUT, place)
        .bearer(&tokens.access_token)
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::Bytes(media.bytes.clone()))
        .call(cx)
        .await?;
    if !answer.is_success() {
        return Err(refused(cx, &tokens, &answer));
    }
    let handle = Handle { image: begun.image, uploaded_at: cx.now };
    Ok(MediaHandle::Processing { handle: json!(handle), check_at: cx.now + ASKS })
}

/// The member's token goes along with the file, so it goes to LinkedIn only.
fn place(cx: &Cx<'_>, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_base = [ask::base(cx), cx.bases.get(WWW_BASE, DEFAULT_WWW)]
        .into_iter()
        .any(|base| Url::parse(base).is_ok_and(|base| base.origin() == url.origin()));
    let is_theirs = url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| host == "linkedin.com" || host.ends_with(".linkedin.com"));
    let has_no_user = url.username().is_empty() && url.password().is_none();
    ((is_base || is_theirs) && has_no_user).then_some(url)
}

pub(super) async fn poll(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
    let tokens: LinkedinTokens = stored::open(account)?;
    let Some(handle) = Handle::read(handle) else {
        return Err(media_refused("the stored handle of the upload cannot be read", None));
    };
    let path = format!("/images/{}", urn::encoded(&handle.image));
    let answer = rest(cx, Method::GET, &path, &tokens).call(cx).await?;
    // Members may upload images and not look at them: there a few seconds have to do.
    if answer.status == 403 {
        return Ok(by_time(cx, handle));
    }
    let Some(image) = answer.success::<Image>() else { return Err(refused(cx, &tokens, &answer)) };
    match image.status.as_str() {
        "AVAILABLE" => Ok(MediaHandle::Ready(json!(handle))),
        "PROCESSING_FAILED" => Err(media_refused("LinkedIn could not process the image", Some(answer.status))),
        // `WAITING_UPLOAD`, `PROCESSING`, and whatever LinkedIn may add.
        _ => Ok(MediaHandle::Processing { handle: json!(handle), check_at: cx.now + ASKS }),
    }
}

fn by_time(cx: &Cx<'_>, handle: Handle) -> MediaHandle {
    let ready_at = handle.uploaded_at + PROCESSING;
    if cx.now >= ready_at {
        MediaHandle::Ready(json!(handle))
    } else {
        MediaHandle::Processing { handle: json!(handle), check_at: ready_at }
    }
}

fn refused(cx: &Cx<'_>, tokens: &LinkedinTokens, answer: &Answer) -> Refusal {
    match ask::failed(cx, tokens, answer) {
        // These calls carry nothing but the file.
        Refusal::Rejected { code: ErrorCode::ContentRejected, message, http_status } => {
            Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status }
        }
        other => other,
    }
}

fn media_refused(message: &str, http_status: Option<u16>) -> Refusal {
    Refusal::Rejected { code: ErrorCode::MediaRejected, message: message.to_owned(), http_status }
}
