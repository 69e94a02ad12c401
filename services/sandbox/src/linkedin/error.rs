//! LinkedIn's errors (section 5.11): `{"message", "serviceErrorCode", "code", "status"}`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use jiff::Timestamp;
use serde_json::json;

use super::LinkedIn;
use crate::answer::Refusal;
use crate::faults::Voice;

fn plain(status: StatusCode, code: &str, service_code: Option<u32>, message: impl AsRef<str>) -> Refusal {
    let mut body = json!({"message": message.as_ref(), "code": code, "status": status.as_u16()});
    if let Some(service_code) = service_code {
        body["serviceErrorCode"] = service_code.into();
    }
    Refusal::new(status, body).with("x-li-uuid", uuid::Uuid::new_v4().simple())
}

pub(super) fn bad_request(code: &str, message: impl AsRef<str>) -> Refusal {
    plain(StatusCode::BAD_REQUEST, code, None, message)
}

/// 422: what is wrong with which input.
pub(super) fn invalid(code: &str, description: impl AsRef<str>) -> Refusal {
    let description = description.as_ref();
    input_error(code, description, description)
}

fn input_error(code: &str, description: &str, message: &str) -> Refusal {
    let body = json!({
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": message,
        "errorDetails": {"inputErrors": [{"description": description, "input": {}, "code": code}]},
        "status": 422,
    });
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, body)
}

/// 422 that names the post which says the same already.
pub(super) fn duplicate(urn: &str) -> Refusal {
    input_error("DUPLICATE_POST", "Duplicate post is detected", &format!("Content is a duplicate of {urn}"))
}

pub(super) fn token_missing() -> Refusal {
    plain(StatusCode::UNAUTHORIZED, "EMPTY_ACCESS_TOKEN", Some(65604), "Empty oauth2 access token")
}

pub(super) fn token_invalid() -> Refusal {
    plain(StatusCode::UNAUTHORIZED, "INVALID_ACCESS_TOKEN", Some(65600), "Invalid access token")
}

pub(super) fn token_revoked() -> Refusal {
    let message = "The token used in the request has been revoked by the user";
    plain(StatusCode::UNAUTHORIZED, "REVOKED_ACCESS_TOKEN", Some(65601), message)
}

pub(super) fn token_expired() -> Refusal {
    let message = "The token used in the request has expired";
    plain(StatusCode::UNAUTHORIZED, "EXPIRED_ACCESS_TOKEN", Some(65602), message)
}

/// 403: the token's scopes or the member's role do not cover it.
pub(super) fn not_permitted(resource: &str) -> Refusal {
    let message = format!("Not enough permissions to access: {resource}");
    plain(StatusCode::FORBIDDEN, "ACCESS_DENIED", Some(100), message)
}

pub(super) fn version_missing() -> Refusal {
    bad_request(
        "VERSION_MISSING",
        "A version must be present. Please specify a version by adding the Linkedin-Version header.",
    )
}

pub(super) fn version_dead(version: &str) -> Refusal {
    let message = format!("Requested version {version} is not active");
    plain(StatusCode::UPGRADE_REQUIRED, "NONEXISTENT_VERSION", None, message)
}

pub(super) fn not_found(what: impl AsRef<str>) -> Refusal {
    plain(StatusCode::NOT_FOUND, "NOT_FOUND", None, format!("Could not find entity: {}", what.as_ref()))
}

pub(super) fn too_large() -> Refusal {
    plain(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", None, "Request entity is too large")
}

pub(super) fn internal() -> Refusal {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", None, "Internal Server Error")
}

/// Neither `Retry-After` nor headers of limits: the day ends at midnight UTC (section 5.12).
pub(super) fn throttled() -> Refusal {
    let message = "Resource level throttle limit for calls to this resource is reached.";
    plain(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", Some(101), message)
}

/// The token endpoint's envelope.
pub(super) fn oauth(status: StatusCode, error: &str, description: &str) -> Refusal {
    Refusal::new(status, json!({"error": error, "error_description": description}))
}

pub(super) async fn no_route() -> HttpResponse {
    plain(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", Some(0), "No virtual resource found").error_response()
}

/// What a body says that cannot be read as JSON of the right shape.
pub(super) fn unreadable(problem: &serde_json::Error) -> Refusal {
    if problem.is_data() {
        return invalid("INVALID_VALUE_FOR_FIELD", problem.to_string());
    }
    bad_request("INVALID_REQUEST_BODY", format!("Cannot parse request entity: {problem}"))
}

impl Voice for LinkedIn {
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal {
        let message = message.unwrap_or("The post was refused by the sandbox");
        match status {
            None | Some(StatusCode::UNPROCESSABLE_ENTITY) => invalid("INVALID_VALUE_FOR_FIELD", message),
            Some(StatusCode::UNAUTHORIZED) => token_revoked(),
            Some(StatusCode::FORBIDDEN) => plain(StatusCode::FORBIDDEN, "ACCESS_DENIED", Some(100), message),
            Some(status) => plain(status, "INVALID_REQUEST", None, message),
        }
    }

    fn throttled(&self, _: Timestamp, _: Timestamp) -> Refusal {
        throttled()
    }

    fn token_expired(&self) -> Refusal {
        token_expired()
    }

    fn token_revoked(&self) -> Refusal {
        token_revoked()
    }

    fn broken(&self, status: StatusCode) -> Refusal {
        let words = status.canonical_reason().unwrap_or("Error");
        plain(status, &words.to_uppercase().replace(' ', "_"), None, words)
    }
}
