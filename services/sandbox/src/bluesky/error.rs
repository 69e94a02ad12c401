//! XRPC errors: `{"error": "Name", "message": "text"}`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use jiff::Timestamp;
use serde_json::json;

use super::Bluesky;
use crate::answer::Refusal;
use crate::faults::Voice;

fn xrpc(status: StatusCode, error: &str, message: impl AsRef<str>) -> Refusal {
    Refusal::new(status, json!({"error": error, "message": message.as_ref()}))
}

/// 400 with a name of the protocol.
pub(super) fn bad_request(error: &str, message: impl AsRef<str>) -> Refusal {
    xrpc(StatusCode::BAD_REQUEST, error, message)
}

pub(super) fn invalid_request(message: impl AsRef<str>) -> Refusal {
    bad_request("InvalidRequest", message)
}

pub(super) fn auth_missing() -> Refusal {
    xrpc(StatusCode::UNAUTHORIZED, "AuthMissing", "Authentication Required")
}

pub(super) fn wrong_password() -> Refusal {
    xrpc(StatusCode::UNAUTHORIZED, "AuthenticationRequired", "Invalid identifier or password")
}

pub(super) fn foreign_repo() -> Refusal {
    xrpc(StatusCode::UNAUTHORIZED, "AuthenticationRequired", "Authentication Required")
}

pub(super) fn invalid_token(message: &str) -> Refusal {
    bad_request("InvalidToken", message)
}

pub(super) fn expired_token(message: &str) -> Refusal {
    bad_request("ExpiredToken", message)
}

/// The directory's own form.
pub(super) fn did_not_found(did: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, json!({"message": format!("DID not registered: {did}")}))
}

pub(super) fn payload_too_large() -> Refusal {
    xrpc(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", "request entity too large")
}

/// What the reference PDS answers to a second `createRecord` with one record key.
pub(super) fn internal() -> Refusal {
    xrpc(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal Server Error")
}

pub(super) fn rate_limited() -> Refusal {
    xrpc(StatusCode::TOO_MANY_REQUESTS, "RateLimitExceeded", "Rate Limit Exceeded")
}

pub(super) async fn not_implemented() -> HttpResponse {
    xrpc(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", "Method Not Implemented").error_response()
}

impl Voice for Bluesky {
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal {
        let status = status.unwrap_or(StatusCode::BAD_REQUEST);
        let name = if status == StatusCode::UNAUTHORIZED { "AccountTakedown" } else { "InvalidRequest" };
        xrpc(status, name, message.unwrap_or("Invalid app.bsky.feed.post record: refused by the sandbox"))
    }

    fn throttled(&self, now: Timestamp, reset: Timestamp) -> Refusal {
        rate_limited()
            .with("retry-after", (reset.as_second() - now.as_second()).max(0))
            .with("ratelimit-limit", 3000)
            .with("ratelimit-remaining", 0)
            .with("ratelimit-reset", reset.as_second())
            .with("ratelimit-policy", "3000;w=300")
    }

    fn token_expired(&self) -> Refusal {
        expired_token("Token has expired")
    }

    fn token_revoked(&self) -> Refusal {
        invalid_token("Token has been revoked")
    }

    fn broken(&self, status: StatusCode) -> Refusal {
        let name = match status {
            StatusCode::BAD_GATEWAY => "UpstreamFailure",
            StatusCode::SERVICE_UNAVAILABLE => "NotEnoughResources",
            StatusCode::GATEWAY_TIMEOUT => "UpstreamTimeout",
            _ => "InternalServerError",
        };
        xrpc(status, name, status.canonical_reason().unwrap_or(name))
    }
}
