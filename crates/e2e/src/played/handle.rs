//! Class B, as Instagram is: a container is made, then published, and can be asked what became of it.

use domain::target::{ErrorCode, Outcome, Probe, Progress, Refusal};
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

/// As [`send`], where the network says no more than that it took it.
pub(super) async fn submit(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Outcome {
    let answer = network::ask(cx, origin, account, Method::POST, "submissions", Some(composed)).await;
    match &answer {
        Ok(said) if network::field(said, "status").as_deref() == Some("working") => {
            Outcome::Accepted { handle: composed.clone(), check_at: cx.now }
        }
        _ => network::outcome(answer),
    }
}

/// What the network says of a container.
enum Said {
    Published(String),
    Working,
    Finished,
    Spoiled,
    Nothing(String),
}

async fn status(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Said {
    let way = format!("containers/{}", composed["container"].as_str().unwrap_or_default());
    let answer = match network::ask(cx, origin, account, Method::GET, &way, None).await {
        Ok(answer) => answer,
        Err(error) => return Said::Nothing(error.to_string()),
    };
    match (network::field(&answer, "status").as_deref(), network::field(&answer, "id")) {
        (Some("published"), Some(id)) => Said::Published(id),
        (Some("working"), _) => Said::Working,
        (Some("finished"), _) => Said::Finished,
        (Some("error"), _) => Said::Spoiled,
        _ => Said::Nothing(format!("answered {} about a container", answer.status)),
    }
}

/// A container that is finished or spoiled was not published: its network says so at once, without a list that may lag.
pub(super) async fn probe(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, composed: &Value) -> Probe {
    match status(cx, origin, account, composed).await {
        Said::Published(id) => Probe::Live(network::live(id)),
        Said::Finished | Said::Spoiled => Probe::NotLive,
        Said::Working => Probe::Unknown { message: "the network works on it".to_owned() },
        Said::Nothing(message) => Probe::Unknown { message },
    }
}

pub(super) async fn follow(cx: &Cx<'_>, origin: &Url, account: &Account<'_>, handle: &Value) -> Progress {
    match status(cx, origin, account, handle).await {
        Said::Published(id) => Progress::Live(network::live(id)),
        Said::Working | Said::Finished => Progress::Still { check_at: cx.now },
        Said::Spoiled => Progress::Refused(Refusal::Rejected {
            code: ErrorCode::MediaRejected,
            message: "the container is no good".to_owned(),
            http_status: Some(200),
        }),
        Said::Nothing(message) => Progress::Unknown { message },
    }
}
