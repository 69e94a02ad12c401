//! The fields of an endpoint, read the same when it is made and when it is changed.

use std::collections::BTreeMap;

use actix_web::http::header::{HeaderName, HeaderValue};
use domain::{
    event::EventType,
    ids::{EndpointId, ProjectId},
    webhook::is_reserved_header,
};
use egress::{Url, UrlFault};
use store::endpoints::Headers;
use vault::Context;

use crate::{App, fields::Field, problem::Problem};

const MAX_URL: usize = 2_000;
const MAX_HEADERS: usize = 20;
const MAX_HEADER_VALUE: usize = 2_000;
pub(super) const MAX_DESCRIPTION: usize = 500;
pub(super) const MAX_IN_FLIGHT: i64 = 100;
pub(super) const MAX_RATE: i64 = 1_000;

/// A URL as written, and parsed for a closer look.
pub(super) fn url(app: &App, field: Field<'_>) -> Option<(String, Url)> {
    let (text, field) = field.text_kept(1..=MAX_URL)?;
    match app.door.parse(text) {
        Ok(url) => Some((text.to_owned(), url)),
        Err(fault) => field.refuse("invalid_url", fault.to_string()),
    }
}

/// Refuses a host whose name leads where the guard would not let a delivery go. A name that does not resolve now may
/// do so later, and each delivery is judged again by the addresses it will use.
pub(super) async fn check_resolved(app: &App, url: &Url) -> Result<(), Problem> {
    match app.door.check_resolved(url).await {
        Ok(()) | Err(UrlFault::Unresolved(_)) => Ok(()),
        Err(fault) => Err(Problem::fault("/url", "invalid_url", fault.to_string())),
    }
}

/// Names of event types, or `*`; each once.
pub(super) fn events(field: Field<'_>) -> Option<Vec<String>> {
    let names = field.list(1..=EventType::all().count() + 1, |name| {
        let (text, field) = name.text_kept(1..=100)?;
        if text == "*" || text.parse::<EventType>().is_ok() {
            return Some(text.to_owned());
        }
        let known: Vec<&str> = EventType::all().map(EventType::name).collect();
        field.refuse("unknown_event", format!("must be * or one of {}", known.join(", ")))
    })?;
    let mut once = Vec::with_capacity(names.len());
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    Some(once)
}

/// The caller's own headers, names in lower case.
pub(super) fn headers(field: Field<'_>) -> Option<BTreeMap<String, String>> {
    let read = field.map(MAX_HEADERS, |name, field| {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return field.refuse("invalid_header", "is not a header's name");
        }
        if is_reserved_header(name) {
            return field.refuse("reserved_header", "is set by the delivery itself");
        }
        let (value, field) = field.text_kept(0..=MAX_HEADER_VALUE)?;
        let visible = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        if !visible || HeaderValue::from_str(value).is_err() {
            return field.refuse("invalid_header", "must be visible ASCII");
        }
        Some((name.to_ascii_lowercase(), value.to_owned()))
    })?;
    Some(read.into_iter().map(|(_, header)| header).collect())
}

/// Seals names and values together.
pub(super) fn seal(
    app: &App,
    project: ProjectId,
    endpoint: EndpointId,
    headers: &BTreeMap<String, String>,
) -> Result<Headers, Problem> {
    let names = headers.keys().cloned().collect();
    if headers.is_empty() {
        return Ok(Headers { names, sealed: None });
    }
    let internal = |error: &dyn std::error::Error| Problem::Internal(format!("headers were not sealed: {error}"));
    let text = serde_json::to_vec(headers).map_err(|error| internal(&error))?;
    let context = Context { table: "webhook_endpoints", column: "sealed_headers", row: endpoint.0, project: project.0 };
    let sealed = app.ring.seal(&text, &context).map_err(|error| internal(&error))?;
    Ok(Headers { names, sealed: Some(sealed) })
}
