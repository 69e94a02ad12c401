//! Webhook endpoints and deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{DeliveryId, EndpointId, EventId},
    target::words,
};

/// Attempts of one delivery, the first included.
pub const MAX_ATTEMPTS: i32 = 10;
/// A body is at most this long; over it content, media, config and parts are left out and `truncated` is true.
pub const MAX_BODY_BYTES: usize = 20_000;

/// Headers that say what a delivery is, who sends it and where it ends: the delivery's own or HTTP's, never the
/// caller's. In lower case.
const RESERVED_HEADERS: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
const RESERVED_PREFIXES: [&str; 2] = ["webhook-", "proxy-"];

/// Whether a caller may not set a header of this name, in any spelling.
pub fn is_reserved_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED_HEADERS.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

words! {
    /// Whether deliveries of one resource keep their order.
    Ordering {
        /// Each goes when it is due.
        None,
        /// One waits for those of the same resource before it.
        PerResource,
    }
}

words! {
    /// How an endpoint is doing.
    EndpointStatus {
        /// It answers.
        Active,
        /// It does not; one probe at a time.
        Degraded,
        /// It gets nothing until enabled.
        Disabled,
    }
}

words! {
    /// Where a delivery stands.
    DeliveryStatus {
        /// Due now or later.
        Pending,
        /// Answered 2xx.
        Delivered,
        /// All attempts used, or refused for good.
        Failed,
        /// Waits for its endpoint to be enabled.
        Held,
    }
}

words! {
    /// Why an attempt was made.
    Trigger {
        /// By schedule.
        Auto,
        /// The caller asked for this delivery.
        Manual,
        /// The caller asked for a range.
        Recover,
        /// A test event.
        Test,
    }
}

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endpoint {
    /// `wh_...`
    pub id: EndpointId,
    /// HTTPS, unless the operator allows this host.
    pub url: String,
    /// Names of event types, or `*`.
    pub events: Vec<String>,
    /// Not disabled.
    pub is_active: bool,
    /// How it is doing.
    pub status: EndpointStatus,
    /// The caller's own words.
    pub description: Option<String>,
    /// Whether order is kept.
    pub ordering: Ordering,
    /// Whose vocabulary the bodies speak.
    pub dialect: String,
    /// Names of the caller's own headers; their values stay sealed.
    pub headers: BTreeMap<String, &'static str>,
    /// Deliveries under way at once.
    pub max_in_flight: i32,
    /// Deliveries a second, `None` for no limit.
    pub rate_per_second: Option<i32>,
    /// Only what concerns this owner's accounts.
    pub external_id: Option<String>,
    /// Since when nothing was delivered, while failing.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// `dlv_...`
    pub id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    /// When it began.
    pub at: Timestamp,
    /// Why.
    pub trigger: Trigger,
    /// The receiver's status, if it answered.
    pub status_code: Option<i32>,
    /// From connecting to the last byte looked at.
    pub duration_ms: i32,
    /// What went wrong, if no answer came.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub response_head: Option<String>,
}
