//! Threads' own refusals (section 4.11).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use jiff::Timestamp;

use super::Threads;
use crate::answer::Refusal;
use crate::faults::Voice;
use crate::graph::problem::BadToken;
use crate::graph::usage::Case;
use crate::graph::{Granting, Problem};

/// The refusal that answers a container which is not there, is not ready, or was used.
pub(super) fn media_not_found(id: &str) -> Problem {
    Problem::new(24, "The requested resource does not exist")
        .subcode(4_279_009)
        .told("Media Not Found", format!("The media with id {id} cannot be found."))
}

/// A day's posts, replies or deletions are used up.
pub(super) fn quota_used_up() -> Problem {
    Problem::numbered(9, "Application request limit reached").subcode(2_207_042)
}

/// The file could not be had; it may be there the next time.
pub(super) fn not_fetched() -> Problem {
    Problem::new(1, "Media download has failed. The media could not be fetched from this URI.")
        .subcode(2_207_052)
        .status(StatusCode::BAD_REQUEST)
}

pub(super) async fn no_route(request: HttpRequest) -> HttpResponse {
    let path = request.path().strip_prefix(Threads::ROOT).unwrap_or_default();
    Refusal::from(Problem::no_route(path)).error_response()
}

pub(super) const CASE: Case = Case { name: "threads", code: 613 };

impl Voice for Threads {
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
