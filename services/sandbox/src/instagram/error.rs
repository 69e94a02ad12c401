//! Instagram's own refusals (section 3.11).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use jiff::Timestamp;

use super::Instagram;
use crate::answer::Refusal;
use crate::faults::Voice;
use crate::graph::fetch::Unfetched;
use crate::graph::media::BadMedia;
use crate::graph::problem::BadToken;
use crate::graph::usage::Case;
use crate::graph::{Granting, Problem};

pub(super) const CASE: Case = Case { name: "instagram", code: 80_002 };

fn told(code: i32, subcode: u32, title: &str, message: &str) -> Problem {
    Problem::new(code, title).subcode(subcode).told(title, message)
}

/// A picture that cannot be had, or cannot be taken.
pub(super) fn bad_picture(bad: BadMedia) -> Problem {
    match bad {
        BadMedia::Unfetched(Unfetched::TooSlow) => {
            told(-2, 2_207_003, "Timeout", "It takes too long to download the media.")
        }
        BadMedia::Unfetched(Unfetched::TooLarge) => told(
            36_000,
            2_207_004,
            "The image is too large",
            "The image is too large to download. It should be less than 8 MiB.",
        ),
        BadMedia::Unfetched(Unfetched::Address | Unfetched::Unreachable | Unfetched::Refused) => told(
            9_004,
            2_207_052,
            "Only photo or video can be accepted as media type.",
            "The media could not be fetched from this URI.",
        ),
        BadMedia::Kind => {
            told(36_001, 2_207_005, "The image format is not supported.", "The supported format is JPEG.")
        }
        BadMedia::Shape(width, height) => told(
            36_003,
            2_207_009,
            "The aspect ratio is not supported.",
            &format!("The submitted image with {width}x{height} is not between 4:5 and 1.91:1."),
        ),
    }
}

pub(super) fn caption_too_long() -> Problem {
    told(
        36_004,
        2_207_010,
        "The caption was too long.",
        "The caption has at most 2200 characters, 30 hashtags and 20 mentions.",
    )
}

pub(super) fn not_ready() -> Problem {
    told(
        9_007,
        2_207_027,
        "Media ID is not available",
        "The media is not ready for publishing, please wait for a moment.",
    )
}

pub(super) fn container_missing() -> Problem {
    told(24, 2_207_008, "The requested resource does not exist", "The media builder does not exist or has expired.")
}

pub(super) fn container_expired() -> Problem {
    told(-2, 2_207_020, "The media has expired", "The media you are trying to access has expired. Make a new one.")
}

pub(super) fn upload_failed() -> Problem {
    told(-1, 2_207_053, "Unknown upload error", "The upload has failed. Make a new container.")
}

pub(super) fn quota_used_up() -> Problem {
    told(
        9,
        2_207_042,
        "Application request limit reached",
        "You reached the maximum number of posts that is allowed to be published.",
    )
}

pub(super) fn unknown_type() -> Problem {
    told(
        100,
        2_207_023,
        "The media type is unknown",
        "The media type is none of CAROUSEL, IMAGE, REELS, STORIES, VIDEO.",
    )
}

pub(super) fn carousel_count() -> Problem {
    told(100, 2_207_028, "The carousel cannot be published", "A carousel has 2 to 10 items.")
}

pub(super) fn too_many_tags() -> Problem {
    told(100, 2_207_040, "Too many tags", "At most 20 accounts can be tagged, and 3 can collaborate.")
}

/// The envelope of `api.instagram.com`.
pub(super) fn oauth(message: &str) -> Refusal {
    let body = serde_json::json!({"error_type": "OAuthException", "code": 400, "error_message": message});
    Refusal::new(StatusCode::BAD_REQUEST, body)
}

pub(super) async fn no_route(request: HttpRequest) -> HttpResponse {
    let path = request.path().strip_prefix(Instagram::ROOT).unwrap_or_default();
    Refusal::from(Problem::no_route(path)).error_response()
}

impl Voice for Instagram {
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal {
        Problem::in_words(status, message).into()
    }

    fn throttled(&self, now: Timestamp, reset: Timestamp) -> Refusal {
        CASE.throttled(now, reset)
    }

    fn token_expired(&self) -> Refusal {
        BadToken::Expired(self.core.now()).into()
    }

    fn token_revoked(&self) -> Refusal {
        BadToken::Ended.into()
    }

    fn broken(&self, status: StatusCode) -> Refusal {
        Problem::broken(status).into()
    }
}
