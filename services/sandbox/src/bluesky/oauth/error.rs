//! The authorization server's errors, and those of calls with its tokens.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::answer::Refusal;

/// `{"error", "error_description"}`, 400.
pub(super) fn refused(error: &str, description: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, json!({"error": error, "error_description": description}))
}

pub(super) fn invalid_client(description: &str) -> Refusal {
    let body = json!({"error": "invalid_client", "error_description": description});
    Refusal::new(StatusCode::UNAUTHORIZED, body)
}

/// 401 of the PDS, for a client that must do something about its token or its proof.
pub(super) fn challenged(error: &str, description: &str) -> Refusal {
    let challenge = format!("DPoP error=\"{error}\", error_description=\"{description}\"");
    Refusal::new(StatusCode::UNAUTHORIZED, json!({"error": error, "message": description}))
        .with("www-authenticate", challenge)
}

pub(super) fn missing_scope(scope: &str) -> Refusal {
    let message = format!("Missing required scope \"{scope}\"");
    Refusal::new(StatusCode::FORBIDDEN, json!({"error": "InsufficientScope", "message": message}))
}
