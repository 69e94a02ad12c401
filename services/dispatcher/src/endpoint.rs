//! An endpoint with its secrets opened, for as long as its lane is held and no longer.

use std::{collections::BTreeMap, fmt::Display};

use domain::{ids::EventId, webhook::is_reserved_header};
use egress::{
    Body, Door, HeaderMap, HeaderName, HeaderValue, Method, Request, Url, UrlFault,
    header::{CONTENT_TYPE, USER_AGENT as USER_AGENT_HEADER},
};
use jiff::Timestamp;
use runtime::trace::Trace;
use store::deliveries::Destination;
use vault::{Context, PrivateRing, VaultError};

use crate::{
    settings::USER_AGENT,
    signature::{SigningKey, signatures},
};

/// Why nothing can be sent. The operator's or our own fault, so no delivery pays for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("a signing secret does not open: {0}")]
    Secret(VaultError),
    #[error("the endpoint has no signing secret")]
    NoSecret,
    #[error("the custom headers do not open: {0}")]
    Headers(VaultError),
    #[error("the custom headers are not what the gateway stores")]
    HeadersFormat,
}

/// Ready to be sent to.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Checked as written; what is wrong with it is told at each attempt.
    url: Result<Url, UrlFault>,
    headers: HeaderMap,
    keys: Vec<SigningKey>,
}

impl Endpoint {
    pub(crate) fn open(destination: &Destination, ring: &PrivateRing, door: &Door) -> Result<Self, OpenError> {
        let project = destination.project_id.0;
        let keys = destination
            .secrets
            .iter()
            .map(|secret| {
                let context = Context { table: "webhook_secrets", column: "sealed", row: secret.id, project };
                ring.open(&secret.sealed, &context).map(SigningKey::from_text).map_err(OpenError::Secret)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(OpenError::NoSecret);
        }
        let headers = match &destination.sealed_headers {
            None => HeaderMap::new(),
            Some(sealed) => {
                let row = destination.id.0;
                let context = Context { table: "webhook_endpoints", column: "sealed_headers", row, project };
                let opened = ring.open(sealed, &context).map_err(OpenError::Headers)?;
                let given: BTreeMap<String, String> =
                    serde_json::from_slice(&opened).map_err(|_| OpenError::HeadersFormat)?;
                custom(given)
            }
        };
        Ok(Self { url: door.parse(&destination.url), headers, keys })
    }

    /// One attempt's request.
    pub(crate) fn request(
        &self,
        event: EventId,
        body: String,
        trace: &Trace,
        at: Timestamp,
    ) -> Result<Request, UrlFault> {
        let id = event.to_string();
        let timestamp = at.as_second();
        let signature = signatures(&self.keys, &id, timestamp, body.as_bytes());
        let mut request = Request::new(Method::POST, self.url.clone()?);
        request.headers = self.headers.clone();
        Ok(request
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT))
            .header(HeaderName::from_static("webhook-id"), value(&id))
            .header(HeaderName::from_static("webhook-timestamp"), value(&timestamp))
            .header(HeaderName::from_static("webhook-signature"), value(&signature))
            .header(HeaderName::from_static("traceparent"), value(trace))
            .body(Body::Bytes(body.into())))
    }
}

/// Ids, numbers and Base64 are always fit for a header.
fn value(of: &impl Display) -> HeaderValue {
    HeaderValue::try_from(of.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// The caller's headers without those that are not theirs.
fn custom(given: BTreeMap<String, String>) -> HeaderMap {
    given
        .into_iter()
        .filter_map(|(name, value)| {
            let name = HeaderName::try_from(name).ok()?;
            let is_reserved = is_reserved_header(name.as_str());
            let mut value = HeaderValue::try_from(value).ok()?;
            value.set_sensitive(true);
            (!is_reserved).then_some((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_headers_are_left_out_in_any_spelling() {
        let given = [
            "Webhook-Id",
            "USER-AGENT",
            "Host",
            "webhook-anything",
            "traceparent",
            "Proxy-Any",
            "X-Team",
            "authorization",
        ];
        let kept = custom(given.map(|name| (name.to_owned(), "v".to_owned())).into());
        let mut names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "x-team"]);
    }

    #[test]
    fn what_no_header_may_hold_is_left_out() {
        let kept = custom([("x-a".to_owned(), "a\nb".to_owned()), ("x b".to_owned(), "c".to_owned())].into());
        assert!(kept.is_empty());
    }
}
