//! Asking how it goes on with a video that Facebook works on.

use domain::target::{ErrorCode, Progress, Refusal};
use jiff::SignedDuration;
use serde_json::Value;

use super::{errors, publish, tokens::PageToken, wire::Video};
use crate::{Account, Cx, stored, words};

const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn follow(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
    let Some(id) = handle["video"].as_str().filter(|id| words::is_id(id)) else {
        return Progress::Unknown { message: "the stored handle of the video cannot be read".to_owned() };
    };
    match look(cx, account, id).await {
        Ok(video) => judge(cx, video),
        // Of a video that cannot be seen nothing is known; only its own status says that it failed.
        Err(Refusal::Rejected { message, .. }) => Progress::Unknown { message },
        Err(refusal) => Progress::Refused(refusal),
    }
}

/// What is there of a video.
async fn look(cx: &Cx<'_>, account: &Account<'_>, id: &str) -> Result<Video, Refusal> {
    let tokens: PageToken = stored::open(account)?;
    let answer = super::get(cx, id)
        .query("fields", "id,status,permalink_url,post_id")
        .bearer(&tokens.access_token)
        .call(cx)
        .await?;
    match answer.success::<Video>().filter(|video| video.id == id) {
        Some(video) => Ok(video),
        None => Err(errors::failed(cx, &answer)),
    }
}

fn judge(cx: &Cx<'_>, video: Video) -> Progress {
    let status = video.status.as_ref().and_then(|status| status.video_status.as_deref());
    match status {
        Some("ready") => {
            let id = video.post_id.filter(|id| words::is_id(id)).unwrap_or(video.id);
            Progress::Live(publish::live(id, video.permalink_url))
        }
        Some("error") => Progress::Refused(Refusal::Rejected {
            code: ErrorCode::MediaRejected,
            message: "Facebook could not process the video".to_owned(),
            http_status: None,
        }),
        // `processing`, `upload_complete`, `in_progress`, and whatever Facebook may add.
        _ => Progress::Still { check_at: cx.now + LOOK_AGAIN },
    }
}
