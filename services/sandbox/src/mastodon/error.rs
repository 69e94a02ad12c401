//! Mastodon's errors: `{"error": "text"}`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use jiff::Timestamp;
use serde_json::json;

use super::Mastodon;
use crate::answer::Refusal;
use crate::faults::Voice;

fn plain(status: StatusCode, error: impl AsRef<str>) -> Refusal {
    Refusal::new(status, json!({"error": error.as_ref()}))
}

pub(super) fn unprocessable(error: impl AsRef<str>) -> Refusal {
    plain(StatusCode::UNPROCESSABLE_ENTITY, error)
}

/// 422 as a model's validation words it.
pub(super) fn invalid(problem: impl AsRef<str>) -> Refusal {
    unprocessable(format!("Validation failed: {}", problem.as_ref()))
}

pub(super) fn bad_request(error: impl AsRef<str>) -> Refusal {
    plain(StatusCode::BAD_REQUEST, error)
}

pub(super) fn not_found() -> Refusal {
    plain(StatusCode::NOT_FOUND, "Record not found")
}

pub(super) fn token_invalid() -> Refusal {
    plain(StatusCode::UNAUTHORIZED, "The access token is invalid")
}

pub(super) fn token_revoked() -> Refusal {
    plain(StatusCode::UNAUTHORIZED, "The access token was revoked")
}

pub(super) fn token_expired() -> Refusal {
    plain(StatusCode::UNAUTHORIZED, "The access token expired")
}

pub(super) fn user_needed() -> Refusal {
    unprocessable("This method requires an authenticated user")
}

pub(super) fn outside_scopes() -> Refusal {
    plain(StatusCode::FORBIDDEN, "This action is outside the authorized scopes")
}

pub(super) fn too_large() -> Refusal {
    plain(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

pub(super) fn throttled() -> Refusal {
    plain(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
}

pub(super) fn server_error() -> Refusal {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// OAuth's envelope.
pub(super) fn oauth(status: StatusCode, error: &str, description: &str) -> Refusal {
    Refusal::new(status, json!({"error": error, "error_description": description}))
}

pub(super) async fn no_route() -> HttpResponse {
    plain(StatusCode::NOT_FOUND, "Not Found").error_response()
}

impl Voice for Mastodon {
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal {
        let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        plain(status, message.unwrap_or("Validation failed: Text was refused by the sandbox"))
    }

    fn throttled(&self, _: Timestamp, reset: Timestamp) -> Refusal {
        throttled()
            .with("x-ratelimit-limit", 300)
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", super::quota::iso(reset))
    }

    fn token_expired(&self) -> Refusal {
        token_expired()
    }

    fn token_revoked(&self) -> Refusal {
        token_revoked()
    }

    fn broken(&self, status: StatusCode) -> Refusal {
        let words = match status {
            StatusCode::SERVICE_UNAVAILABLE => "Remote data could not be fetched",
            _ => status.canonical_reason().unwrap_or("Error"),
        };
        plain(status, words)
    }
}
