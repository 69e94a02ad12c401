//! Class D, as incoming webhooks are: said once, and never heard of again.

use domain::target::Outcome;
use egress::Method;
use platforms::{Account, Cx};
use serde_json::Value;
use url::Url;

use super::network;

pub(super) async fn send(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Outcome {
    network::outcome(network::ask(cx, origin, account, Method::POST, "messages", Some(composed)).await)
}
