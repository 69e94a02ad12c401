//! Where a problem's `type` leads: the closed list of codes, for people.

use actix_web::{HttpResponse, http::header::ContentType};

use crate::problem::CODES;

/// `GET /errors`
pub(crate) async fn show() -> HttpResponse {
    let rows: String = CODES
        .iter()
        .map(|(code, status, title)| format!("<dt id=\"{code}\"><code>{code}</code> ({status})</dt><dd>{title}</dd>\n"))
        .collect();
    HttpResponse::Ok().content_type(ContentType::html()).body(format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Errors</title>\n<h1>Errors</h1>\n<dl>\n{rows}</dl>\n"
    ))
}
