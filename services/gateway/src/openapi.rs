//! The OpenAPI document.

use actix_web::web::Json;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(title = "Fanfare", description = "One API call, every social network.", version = "1"))]
struct Document;

/// The native API as OpenAPI 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// `GET /v1/openapi.json`
pub(crate) async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
