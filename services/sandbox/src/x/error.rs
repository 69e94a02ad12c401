//! X's problem objects.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::X;
use crate::answer::Refusal;
use crate::faults::Voice;

const PROBLEMS: &str = "https://api.x.com/2/problems";
const NOT_PERMITTED: &str = "You are not permitted to perform this action.";

/// `{"title", "detail", "type", "status"}` of no particular type.
fn blank(status: StatusCode, title: &str, detail: impl AsRef<str>) -> Refusal {
    let body = json!({"title": title, "detail": detail.as_ref(), "type": "about:blank", "status": status.as_u16()});
    Refusal::new(status, body)
}

/// 400: one parameter and its value, and what is wrong with it.
pub(super) fn invalid(parameter: &str, value: impl Into<Value>, message: impl AsRef<str>) -> Refusal {
    let value = match value.into() {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let parameters = if parameter.is_empty() { json!({}) } else { json!({parameter: [value]}) };
    Refusal::new(
        StatusCode::BAD_REQUEST,
        json!({
            "errors": [{"parameters": parameters, "message": message.as_ref()}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": format!("{PROBLEMS}/invalid-request"),
        }),
    )
}

pub(super) fn unauthorized() -> Refusal {
    blank(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
}

pub(super) fn forbidden(detail: impl AsRef<str>) -> Refusal {
    blank(StatusCode::FORBIDDEN, "Forbidden", detail)
}

pub(super) fn missing_scope() -> Refusal {
    forbidden("Your client app is not configured with the appropriate oauth scopes for this endpoint.")
}

pub(super) fn not_permitted() -> Refusal {
    forbidden(NOT_PERMITTED)
}

pub(super) fn duplicate() -> Refusal {
    forbidden("You are not allowed to create a Tweet with duplicate content.")
}

pub(super) fn parent_gone() -> Refusal {
    forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
}

pub(super) fn uninvited_reply() -> Refusal {
    forbidden(
        "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
    )
}

pub(super) fn bad_media() -> Refusal {
    invalid("media.media_ids", Value::Null, "Your media IDs are invalid.")
}

/// One entry of `errors` for something that is not there.
pub(super) fn missing(parameter: &str, kind: &str, id: &str) -> Value {
    json!({
        "value": id,
        "detail": format!("Could not find {kind} with {parameter}: [{id}]."),
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": id,
        "type": format!("{PROBLEMS}/resource-not-found"),
    })
}

pub(super) fn not_found(parameter: &str, kind: &str, id: &str) -> Refusal {
    let entry = missing(parameter, kind, id);
    let (title, detail, problem) = (entry["title"].clone(), entry["detail"].clone(), entry["type"].clone());
    let body = json!({"errors": [entry], "title": title, "detail": detail, "type": problem, "status": 404});
    Refusal::new(StatusCode::NOT_FOUND, body)
}

pub(super) fn too_large() -> Refusal {
    blank(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", "The request entity is too large.")
}

pub(super) fn throttled() -> Refusal {
    blank(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", "Too Many Requests")
}

pub(super) fn internal() -> Refusal {
    let detail = "Something is broken. This is usually a temporary error, for example in a high load situation or if an endpoint is temporarily having issues.";
    blank(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", detail)
}

/// The token endpoint's envelope.
pub(super) fn oauth(status: StatusCode, error: &str, description: &str) -> Refusal {
    Refusal::new(status, json!({"error": error, "error_description": description}))
}

pub(super) async fn no_route() -> HttpResponse {
    blank(StatusCode::NOT_FOUND, "Not Found", "Not Found").error_response()
}

impl Voice for X {
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal {
        let status = status.unwrap_or(StatusCode::FORBIDDEN);
        let title = match status {
            StatusCode::PAYMENT_REQUIRED => "CreditsDepleted",
            status => status.canonical_reason().unwrap_or("Forbidden"),
        };
        blank(status, title, message.unwrap_or(NOT_PERMITTED))
    }

    fn throttled(&self, _: Timestamp, reset: Timestamp) -> Refusal {
        throttled()
            .with("x-rate-limit-limit", 100)
            .with("x-rate-limit-remaining", 0)
            .with("x-rate-limit-reset", reset.as_second())
    }

    fn token_expired(&self) -> Refusal {
        unauthorized()
    }

    fn token_revoked(&self) -> Refusal {
        unauthorized()
    }

    fn broken(&self, status: StatusCode) -> Refusal {
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            return internal();
        }
        let title = status.canonical_reason().unwrap_or("Error");
        blank(status, title, title)
    }
}
