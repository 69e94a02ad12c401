//! Around every request: its id and trace, its numbers, and the body of whatever problem it ended in.

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use runtime::trace::Trace;
use std::future::{Ready, ready};
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    App,
    problem::{self, Problem},
};

/// What a person's browser is shown.
const PAGE: &[u8] = b"text/html";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request before anybody looks at it; handlers may ask for it.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// `req_...`, in the header `x-request-id`, in problems and in the log.
    pub request_id: String,
    /// The caller's trace, or a new one.
    pub trace: Trace,
}

impl Incoming {
    fn of(request: &ServiceRequest) -> Self {
        let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        Self { request_id: format!("req_{}", Uuid::now_v7().simple()), trace: Trace::continue_from(traceparent) }
    }
}

impl FromRequest for Incoming {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let incoming = request.extensions().get::<Self>().cloned();
        ready(incoming.ok_or_else(|| Problem::Internal("a request came in around the middleware".to_owned())))
    }
}

/// The middleware.
pub(crate) async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let incoming = Incoming::of(&request);
    request.extensions_mut().insert(incoming.clone());
    let span = tracing::info_span!("request", trace_id = %incoming.trace.id(), request_id = %incoming.request_id);
    let answered = next.call(request).instrument(span.clone()).await?;
    let (request, response) = answered.into_parts();
    let Some(app) = request.app_data::<Data<App>>() else {
        return Ok(ServiceResponse::new(request, response.map_into_boxed_body()));
    };
    let route = request.match_pattern();
    let mut response = match problem_in(&response) {
        Some(problem) => {
            span.in_scope(|| log(problem.get(), request.method().as_str(), route.as_deref()));
            problem.get().answer(&app.origin, &incoming.request_id)
        }
        None => response.map_into_boxed_body(),
    };
    if let Ok(id) = HeaderValue::try_from(incoming.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    app.http.record(request.method(), route.as_deref(), response.status(), began.elapsed());
    Ok(ServiceResponse::new(request, response))
}

/// A problem that a handler ended in, or what stands for an error of the framework's own.
enum Found<'a> {
    Ours(&'a Problem),
    Foreign(Problem),
}

impl Found<'_> {
    fn get(&self) -> &Problem {
        match self {
            Self::Ours(problem) => problem,
            Self::Foreign(problem) => problem,
        }
    }
}

fn problem_in<B>(response: &HttpResponse<B>) -> Option<Found<'_>> {
    if let Some(problem) = response.error().and_then(Error::as_error::<Problem>) {
        return Some(Found::Ours(problem));
    }
    let status = response.status();
    // The framework's own words are plain text; a page is another service's, for a person.
    let is_written = |value: &HeaderValue| value == problem::CONTENT_TYPE || value.as_bytes().starts_with(PAGE);
    let written = response.headers().get(CONTENT_TYPE).is_some_and(is_written);
    if written || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let words = response.error().map_or_else(|| status.to_string(), ToString::to_string);
    Some(Found::Foreign(match status {
        StatusCode::NOT_FOUND => Problem::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(crate::body::MAX_BYTES as u64),
        status if status.is_client_error() => Problem::Malformed(words),
        _ => Problem::Internal(words),
    }))
}

/// What a caller did wrong is the caller's to read; what went wrong here is logged, once.
fn log(problem: &Problem, method: &str, route: Option<&str>) {
    let route = route.unwrap_or("unmatched");
    match (problem, problem.cause()) {
        (Problem::Unavailable { .. }, Some(cause)) => {
            tracing::warn!(code = problem.code(), method, route, cause, "{method} {route} was put off: {cause}");
        }
        (_, Some(cause)) => {
            tracing::error!(code = problem.code(), method, route, cause, "{method} {route} failed: {cause}");
        }
        (_, None) => tracing::debug!(code = problem.code(), method, route, "{method} {route} was refused: {problem}"),
    }
}
