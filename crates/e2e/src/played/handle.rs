//! Class B, as Instagram is: a container is made, then published, and can be asked what became of it.

use domain::target::{Outcome, Probe, Refusal};
use egress::Method;
use platforms::{Account, Cx};
use serde_json::{Value, json};
use url::Url;

use super::network;

/// Makes the container. Nobody sees it, so making another is harmless.
pub(super) async fn compose(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, says: Value) -> Result<Value, Refusal> {
    let not_now = |message: String| Refusal::NotNow { message, http_status: None, after: None };
    let answer = network::ask(cx, origin, account, Method::POST, "containers", Some(&says))
        .await
        .map_err(|error| not_now(error.to_string()))?;
    let id = network::field(&answer, "id");
    let id = id.ok_or_else(|| not_now(format!("no container: {}", answer.status)))?;
    Ok(json!({"container": id}))
}

pub(super) async fn send(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Outcome {
    network::outcome(network::ask(cx, origin, account, Method::POST, "publish", Some(composed)).await)
}

/// A container that is finished or spoiled was not published: its network says so at once, without a list that may lag.
pub(super) async fn probe(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Probe {
    let way = format!("containers/{}", composed["container"].as_str().unwrap_or_default());
    let answer = match network::ask(cx, origin, account, Method::GET, &way, None).await {
        Ok(answer) => answer,
        Err(error) => return Probe::Unknown { message: error.to_string() },
    };
    match (network::field(&answer, "status").as_deref(), network::field(&answer, "id")) {
        (Some("published"), Some(id)) => Probe::Live(network::live(id)),
        (Some("finished" | "error"), _) => Probe::NotLive,
        _ => Probe::Unknown { message: format!("answered {} about a container", answer.status) },
    }
}
