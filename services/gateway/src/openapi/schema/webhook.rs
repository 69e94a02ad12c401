//! Webhooks and events.

use std::collections::BTreeMap;

use domain::{
    event::EventType,
    webhook::{DeliveryStatus, EndpointStatus, Ordering, Trigger},
};
use serde_json::Value;
use utoipa::ToSchema;

use super::words;

/// Add an endpoint.
#[derive(ToSchema)]
pub(super) struct CreateWebhookRequest {
    /// HTTPS.
    url: String,
    /// Names of event types, or `*`.
    events: Vec<String>,
    description: Option<String>,
    /// `whsec_` and the Base64 of 24 to 64 bytes; made if left out.
    signing_secret: Option<String>,
    /// Sent with each delivery; their values are sealed.
    headers: Option<BTreeMap<String, String>>,
    #[schema(required = false, schema_with = words::<Ordering>)]
    ordering: Option<Ordering>,
    /// `native`
    dialect: Option<String>,
    #[schema(minimum = 1, maximum = 100)]
    max_in_flight: Option<i32>,
    #[schema(minimum = 1, maximum = 1000)]
    rate_per_second: Option<i32>,
    /// Only what concerns this owner's accounts.
    external_id: Option<String>,
}

/// What is left out stays.
#[derive(ToSchema)]
pub(super) struct UpdateWebhookRequest {
    url: Option<String>,
    events: Option<Vec<String>>,
    description: Option<String>,
    /// All of them at once.
    headers: Option<BTreeMap<String, String>>,
    #[schema(required = false, schema_with = words::<Ordering>)]
    ordering: Option<Ordering>,
    max_in_flight: Option<i32>,
    rate_per_second: Option<i32>,
    /// Enables or disables it.
    is_active: Option<bool>,
}

/// An endpoint.
#[derive(ToSchema)]
pub(super) struct Webhook {
    #[schema(example = "wh_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    url: String,
    events: Vec<String>,
    is_active: bool,
    #[schema(schema_with = words::<EndpointStatus>)]
    status: EndpointStatus,
    #[schema(required)]
    description: Option<String>,
    #[schema(schema_with = words::<Ordering>)]
    ordering: Ordering,
    dialect: String,
    /// Names; the values stay sealed.
    headers: BTreeMap<String, String>,
    max_in_flight: i32,
    #[schema(required)]
    rate_per_second: Option<i32>,
    #[schema(required)]
    external_id: Option<String>,
    #[schema(required, format = DateTime)]
    failing_since: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An endpoint that was just made.
#[derive(ToSchema)]
pub(super) struct NewWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// Shown here only.
    signing_secret: Option<String>,
}

/// Give an endpoint a new secret.
#[derive(ToSchema)]
pub(super) struct RotateSecretRequest {
    /// How long the old ones still sign; a day if left out.
    #[schema(format = Duration, example = "P1D")]
    overlap: Option<String>,
}

/// Shown here only.
#[derive(ToSchema)]
pub(super) struct NewSecret {
    signing_secret: Option<String>,
}

/// One event on its way to one endpoint.
#[derive(ToSchema)]
pub(super) struct Delivery {
    #[schema(example = "dlv_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    event_id: String,
    event_type: String,
    #[schema(schema_with = words::<DeliveryStatus>)]
    status: DeliveryStatus,
    /// Oldest first.
    attempts: Vec<DeliveryAttempt>,
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
}

/// One attempt to deliver.
#[derive(ToSchema)]
pub(super) struct DeliveryAttempt {
    number: i32,
    #[schema(format = DateTime)]
    at: String,
    #[schema(schema_with = words::<Trigger>)]
    trigger: Trigger,
    #[schema(required)]
    status_code: Option<i32>,
    duration_ms: i32,
    #[schema(required)]
    error: Option<String>,
    /// The first bytes of the answer.
    #[schema(required)]
    response_head: Option<String>,
}

/// What a webhook carries.
#[derive(ToSchema)]
pub(super) struct Event {
    #[schema(example = "evt_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    #[schema(schema_with = words::<EventType>)]
    r#type: EventType,
    #[schema(format = DateTime)]
    timestamp: String,
    /// `post`, `post_id` and `target`, `account` or `webhook`, always with `resource_seq`.
    #[schema(value_type = Object)]
    data: Value,
}
