//! Errors of the sandbox's own API: RFC 9457 fields in plain JSON.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::answer::Refusal;

pub(super) fn problem(status: StatusCode, detail: impl Into<String>) -> Refusal {
    let title = status.canonical_reason().unwrap_or("Error");
    Refusal::new(status, json!({"title": title, "status": status.as_u16(), "detail": detail.into()}))
}

/// A body as `T`, whatever its content type says: these calls are typed by hand often enough.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        problem(status, error.to_string())
    })
}

/// A query string as `T`.
pub(super) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    actix_web::web::Query::from_query(text)
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| problem(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

pub(super) async fn unknown() -> HttpResponse {
    problem(StatusCode::NOT_FOUND, "no such call in the sandbox's own API").error_response()
}
