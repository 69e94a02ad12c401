//! Facebook's own refusals.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use jiff::Timestamp;

use super::Facebook;
use crate::answer::Refusal;
use crate::faults::Voice;
use crate::graph::Problem;
use crate::graph::problem::BadToken;
use crate::graph::usage::Case;

/// Limits of a page (section 2.12).
pub(super) const CASE: Case = Case { name: "pages", code: 80_001 };

pub(super) fn page_needed() -> Problem {
    Problem::forbidden(
        "If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with sufficient administrative permission, and the page's own token",
    )
}

pub(super) fn scope_missing(scope: &str) -> Problem {
    Problem::forbidden(format!("Requires {scope} permission to manage the object"))
}

/// A node of this type has no such edge.
pub(super) fn no_edge(edge: &str, kind: &str) -> Problem {
    Problem::invalid(format!("Tried accessing nonexisting field ({edge}) on node type ({kind})"))
}

pub(super) fn invalid_image() -> Problem {
    Problem::invalid("Invalid image")
}

pub(super) fn duplicate() -> Problem {
    Problem::numbered(506, "Duplicate status message")
        .told("Duplicate Status Update", "This status update is identical to the last one you posted.")
}

pub(super) async fn no_route(request: HttpRequest) -> HttpResponse {
    let path = request.path().strip_prefix("/facebook").unwrap_or_default();
    Refusal::from(Problem::no_route(path)).error_response()
}

impl Voice for Facebook {
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
