//! The clients: what the publisher sees of the played networks.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    platform::Platform,
    target::{ErrorCode, Live, Outcome, Probe, Progress, Refusal},
};
use egress::{Body, ExchangeError, Limits, Method, Request, Response};
use platforms::{
    Account, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, Part, PreviewRequest,
    ProbeClass, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft,
};
use publisher::Networks;
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

use super::{blind, handle};

const LARGEST_ANSWER: usize = 64 << 10;

/// What can be found out about a lost answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// B: a container is made first, and can be asked about.
    Handle,
    /// B, and the network works on a container for a while before it is public.
    Slow,
    /// D: nothing.
    Blind,
}

/// Such networks in place of all. They live as long as the process, as the real ones do.
pub(super) fn networks(class: Class, origin: &Url) -> Networks {
    let all: HashMap<&'static str, &'static Played> = Platform::all()
        .map(|platform| {
            let probe = match class {
                Class::Handle | Class::Slow => ProbeClass::Handle,
                Class::Blind => ProbeClass::None,
            };
            let spec: &'static Spec = Box::leak(Box::new(Spec { probe, ..*platforms::network(platform).spec() }));
            let played: &'static Played = Box::leak(Box::new(Played { spec, class, origin: origin.clone() }));
            (platform.name(), played)
        })
        .collect();
    Arc::new(move |platform| all[platform.name()])
}

struct Played {
    spec: &'static Spec,
    class: Class,
    origin: Url,
}

#[async_trait]
impl Network for Played {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn check(&self, _draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        Vec::new()
    }

    fn preview(&self, _draft: &TargetDraft<'_>, _account: &Account<'_>, _bases: &Bases) -> Vec<PreviewRequest> {
        Vec::new()
    }

    /// Where an account has a server of its own by its facts, what is wrong with it is felt by nobody else.
    fn origin<'a>(&'a self, _bases: &'a Bases, facts: &'a Value) -> &'a str {
        facts["server"].as_str().unwrap_or(self.origin.as_str())
    }

    async fn identify(&self, _cx: &Cx<'_>, _given: &Value) -> Result<Identity, Refusal> {
        let message = "accounts of a played network are put into the database".to_owned();
        Err(Refusal::Rejected { code: ErrorCode::AccountNotFound, message, http_status: None })
    }

    async fn upload(&self, _cx: &Cx<'_>, _account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(json!({"bytes": media.bytes.len()})))
    }

    async fn poll(&self, _cx: &Cx<'_>, _account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(handle.clone()))
    }

    async fn compose(&self, cx: &Cx<'_>, account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        let says = json!({"text": part.content, "parent": part.parent.map(|parent| &parent.id)});
        match self.class {
            Class::Handle | Class::Slow => handle::compose(cx, &self.origin, account, says).await,
            Class::Blind => Ok(says),
        }
    }

    async fn send(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
        match self.class {
            Class::Handle => handle::send(cx, &self.origin, account, composed).await,
            Class::Slow => handle::submit(cx, &self.origin, account, composed).await,
            Class::Blind => blind::send(cx, &self.origin, account, composed).await,
        }
    }

    async fn probe(&self, cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
        match self.class {
            Class::Handle | Class::Slow => handle::probe(cx, &self.origin, account, sought.composed).await,
            Class::Blind => Probe::Impossible,
        }
    }

    fn stager(&self) -> Option<&dyn Stage> {
        None
    }

    fn follower(&self) -> Option<&dyn Follow> {
        (self.class == Class::Slow).then_some(self as &dyn Follow)
    }

    fn refresher(&self) -> Option<&dyn Refresh> {
        None
    }

    async fn health(&self, _: &Cx<'_>, _: &Account<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn consent(&self) -> Option<&dyn Consent> {
        None
    }

    fn numbers(&self) -> Option<&dyn Numbers> {
        None
    }
}

#[async_trait]
impl Follow for Played {
    async fn follow(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
        handle::follow(cx, &self.origin, account, handle).await
    }
}

/// One exchange with the server.
pub(super) async fn ask(
    cx: &Cx<'_>,
    origin: &Url,
    account: &Account<'_>,
    method: Method,
    way: &str,
    body: Option<&Value>,
) -> Result<Response, ExchangeError> {
    let mut url = origin.clone();
    url.set_path(&format!("/{}/{way}", account.network_unique_id));
    let body = body.map_or(Body::Empty, |body| Body::Json(body.clone()));
    cx.door.exchange(Request::new(method, url).body(body), Limits::new(cx.deadline, LARGEST_ANSWER)).await
}

/// The field of an answer, where it is a success that says it.
pub(super) fn field(answer: &Response, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body[name].as_str().filter(|_| answer.status.is_success()).map(str::to_owned)
}

/// What came of the call that makes something public, by the table every network goes by.
pub(super) fn outcome(answer: Result<Response, ExchangeError>) -> Outcome {
    match answer {
        Ok(answer) => match field(&answer, "id") {
            Some(id) => Outcome::Published(live(id)),
            None if answer.status.is_client_error() => Outcome::Refused(Refusal::Rejected {
                code: ErrorCode::PlatformError,
                message: String::from_utf8_lossy(&answer.body).into_owned(),
                http_status: Some(answer.status.as_u16()),
            }),
            None => Outcome::Ambiguous {
                message: format!("answered {} without an id", answer.status),
                http_status: Some(answer.status.as_u16()),
            },
        },
        Err(ExchangeError::NotSent { message, .. }) => {
            Outcome::Refused(Refusal::NotNow { message, http_status: None, after: None })
        }
        Err(ExchangeError::Ambiguous { message, status, .. }) => {
            Outcome::Ambiguous { message, http_status: status.map(|status| status.as_u16()) }
        }
    }
}

pub(super) fn live(id: String) -> Live {
    Live { id, url: None, reference: Value::Null }
}
