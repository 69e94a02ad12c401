//! A network inside this process that takes everything at once and remembers what it was told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    platform::Platform,
    target::{ErrorCode, Live, Outcome, Probe, Refusal},
};
use egress::{Body, Limits, Method, Request};
use jiff::Timestamp;
use platforms::{
    Account, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, Origins, Part, PreviewRequest,
    Refresh, RuleFault, Sought, Spec, Stage, TargetDraft,
};
use publisher::Networks;
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::sync::watch;
use url::Url;

use crate::ration::Ration;

/// What all instant networks of a process remember together.
#[derive(Clone)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
    count: Arc<watch::Sender<usize>>,
    takes: Duration,
    post_to: Option<Url>,
    ration: Option<Arc<Ration>>,
}

#[derive(Default)]
struct Inner {
    sent: Vec<Sent>,
    open: HashMap<String, usize>,
    overlaps: usize,
}

/// One send.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The network's id of the account.
    pub account: String,
    /// What was said.
    pub text: String,
    /// When the call began.
    pub at: Instant,
    /// The same by the system's clock.
    pub wall: Timestamp,
}

impl Memory {
    /// Networks whose calls take this long.
    pub fn new(takes: Duration) -> Self {
        Self { inner: Arc::default(), count: Arc::new(watch::Sender::new(0)), takes, post_to: None, ration: None }
    }

    /// Networks that let each account send so much and no more.
    #[must_use]
    pub fn rationed(self, ration: Ration) -> Self {
        Self { ration: Some(Arc::new(ration)), ..self }
    }

    /// Sends that were thrown back as too many.
    pub fn thrown_back(&self) -> usize {
        self.ration.as_ref().map_or(0, |ration| ration.thrown_back())
    }

    /// Networks whose calls are one `POST` to this address each.
    pub fn posting_to(url: Url) -> Self {
        Self { post_to: Some(url), ..Self::new(Duration::ZERO) }
    }

    /// Such networks in place of all. They live as long as the process, as the real ones do.
    pub fn networks(&self) -> Networks {
        let all: HashMap<&'static str, &'static InstantNetwork> = Platform::all()
            .map(|platform| {
                // Accounts put into the database know no server of their own; all are at the one that is no server.
                let real = platforms::network(platform).spec();
                let budgets = self.ration.as_ref().map_or(real.budgets, |ration| ration.documented());
                let spec = Spec { origins: Origins::One, budgets, ..*real };
                let network = InstantNetwork { spec: Box::leak(Box::new(spec)), memory: self.clone() };
                let network: &'static InstantNetwork = Box::leak(Box::new(network));
                (platform.name(), network)
            })
            .collect();
        Arc::new(move |platform| all[platform.name()])
    }

    /// All sends, in the order they began.
    pub fn sent(&self) -> Vec<Sent> {
        self.inner().sent.clone()
    }

    /// How often a send began while another of the same account was under way.
    pub fn overlaps(&self) -> usize {
        self.inner().overlaps
    }

    /// Sends that have begun.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many sends have begun.
    ///
    /// # Panics
    /// When they do not within `patience`.
    pub async fn wait_for(&self, count: usize, patience: Duration) {
        let mut seen = self.count.subscribe();
        let enough = tokio::time::timeout(patience, seen.wait_for(|sent| *sent >= count)).await.is_ok();
        assert!(enough, "{} of {count} were sent within {patience:?}", self.count());
    }

    /// Forgets everything.
    pub fn forget(&self) {
        *self.inner() = Inner::default();
        self.count.send_replace(0);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn began(&self, account: &str, text: &str) {
        let mut inner = self.inner();
        let open = inner.open.entry(account.to_owned()).or_default();
        *open += 1;
        if *open > 1 {
            inner.overlaps += 1;
        }
        let sent =
            Sent { account: account.to_owned(), text: text.to_owned(), at: Instant::now(), wall: SystemClock.now() };
        inner.sent.push(sent);
    }

    fn ended(&self, account: &str) {
        if let Some(open) = self.inner().open.get_mut(account) {
            *open -= 1;
        }
        self.count.send_modify(|count| *count += 1);
    }
}

struct InstantNetwork {
    spec: &'static Spec,
    memory: Memory,
}

#[async_trait]
impl Network for InstantNetwork {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn check(&self, _draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        Vec::new()
    }

    fn preview(&self, _draft: &TargetDraft<'_>, _account: &Account<'_>, _bases: &Bases) -> Vec<PreviewRequest> {
        Vec::new()
    }

    fn origin<'a>(&'a self, _bases: &'a Bases, _facts: &'a Value) -> &'a str {
        "instant"
    }

    async fn identify(&self, _cx: &Cx<'_>, _given: &Value) -> Result<Identity, Refusal> {
        let message = "accounts of an instant network are put into the database".to_owned();
        Err(Refusal::Rejected { code: ErrorCode::AccountNotFound, message, http_status: None })
    }

    async fn upload(&self, _cx: &Cx<'_>, _account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(json!({"bytes": media.bytes.len()})))
    }

    async fn poll(&self, _cx: &Cx<'_>, _account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(handle.clone()))
    }

    async fn compose(&self, _cx: &Cx<'_>, _account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        Ok(json!({"key": part.key, "text": part.content}))
    }

    async fn send(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
        if let Some(refusal) = self.memory.ration.as_ref().and_then(|ration| ration.spend(cx, account)) {
            return Outcome::Refused(refusal);
        }
        self.memory.began(account.network_unique_id, composed["text"].as_str().unwrap_or_default());
        if !self.memory.takes.is_zero() {
            tokio::time::sleep(self.memory.takes).await;
        }
        let refused = match &self.memory.post_to {
            Some(url) => post(cx, url, composed).await.err(),
            None => None,
        };
        self.memory.ended(account.network_unique_id);
        let id = composed["key"].as_str().unwrap_or_default().to_owned();
        if let Some(error) = refused {
            return Outcome::Ambiguous { message: error, http_status: None };
        }
        Outcome::Published(Live { id, url: None, reference: Value::Null })
    }

    async fn probe(&self, _cx: &Cx<'_>, _account: &Account<'_>, _sought: &Sought<'_>) -> Probe {
        Probe::Impossible
    }

    fn stager(&self) -> Option<&dyn Stage> {
        None
    }

    fn follower(&self) -> Option<&dyn Follow> {
        None
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

async fn post(cx: &Cx<'_>, url: &Url, composed: &Value) -> Result<(), String> {
    let request = Request::new(Method::POST, url.clone()).body(Body::Json(composed.clone()));
    let answer =
        cx.door.exchange(request, Limits::new(cx.deadline, 64 << 10)).await.map_err(|error| error.to_string())?;
    if answer.status.is_success() { Ok(()) } else { Err(answer.status.to_string()) }
}
