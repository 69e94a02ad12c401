//! A network in a few lines: credentials say what `identify` answers, and renewals are answered from a script.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    platform::Platform,
    target::{ErrorCode, Outcome, Probe, Refusal},
};
use jiff::{SignedDuration, Timestamp};
use platforms::{
    Account, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp, Part,
    PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft, Tokens,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

pub(crate) struct Canned {
    has_refresher: bool,
    /// Answers to renewals, in order.
    script: Mutex<VecDeque<Result<Tokens, Refusal>>>,
    /// The tokens that renewals came with.
    pub(crate) seen: Mutex<Vec<String>>,
    /// A permit for each call that credentials or [`Canned::hold_renewals`] hold up.
    pub(crate) gate: Semaphore,
    /// Told of each call that waits at the gate.
    waiting: mpsc::UnboundedSender<()>,
    pub(crate) at_the_gate: tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>,
    holds_renewals: Mutex<bool>,
}

impl Canned {
    /// Tests are a process each, so what is leaked is gone soon.
    pub(crate) fn new(has_refresher: bool) -> &'static Self {
        let (waiting, at_the_gate) = mpsc::unbounded_channel();
        Box::leak(Box::new(Self {
            has_refresher,
            script: Mutex::default(),
            seen: Mutex::default(),
            gate: Semaphore::new(0),
            waiting,
            at_the_gate: tokio::sync::Mutex::new(at_the_gate),
            holds_renewals: Mutex::new(false),
        }))
    }

    pub(crate) fn answers(&self, answer: Result<Tokens, Refusal>) {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
    }

    pub(crate) fn hold_renewals(&self) {
        *self.holds_renewals.lock().unwrap() = true;
    }

    /// Waits until that many calls wait at the gate.
    pub(crate) async fn reached(&self, calls: usize) {
        let mut at_the_gate = self.at_the_gate.lock().await;
        for _ in 0..calls {
            tokio::time::timeout(Duration::from_secs(10), at_the_gate.recv()).await.expect("a call waits at the gate");
        }
    }

    pub(crate) fn renewals(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    async fn wait(&self) {
        self.waiting.send(()).unwrap();
        self.gate.acquire().await.unwrap().forget();
    }
}

pub(crate) fn tokens(json: &str, expires_at: Option<Timestamp>) -> Tokens {
    Tokens { sealed_json: json.to_owned().into(), expires_at }
}

pub(crate) fn auth(code: ErrorCode) -> Refusal {
    Refusal::Auth { code, message: "the grant is over".to_owned(), http_status: Some(400) }
}

pub(crate) fn not_now() -> Refusal {
    Refusal::NotNow { message: "the network answered 502".to_owned(), http_status: Some(502), after: None }
}

#[async_trait]
impl Network for Canned {
    fn spec(&self) -> &'static Spec {
        platforms::network(Platform::X).spec()
    }

    fn check(&self, _draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        Vec::new()
    }

    fn preview(&self, _draft: &TargetDraft<'_>, _account: &Account<'_>, _bases: &Bases) -> Vec<PreviewRequest> {
        Vec::new()
    }

    fn origin<'a>(&'a self, _bases: &'a Bases, _facts: &'a Value) -> &'a str {
        "canned"
    }

    /// `{"id", "token", "realm"?, "expires_in"?, "name"?, "wait"?, "fail"?}`
    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
        if given["wait"] == true {
            self.wait().await;
        }
        let rejected = |code, message: &str, http_status| {
            Err(Refusal::Rejected { code, message: message.to_owned(), http_status })
        };
        match given["fail"].as_str() {
            Some("form") => return rejected(ErrorCode::PlatformError, "`token` is missing", None),
            Some("permission") => return rejected(ErrorCode::PermissionMissing, "no write access", Some(403)),
            Some("auth") => return Err(auth(ErrorCode::TokenRevoked)),
            Some("not_now") => return Err(not_now()),
            Some("hang") => std::future::pending().await,
            Some("panic") => panic!("a network's client has a bug"),
            _ => {}
        }
        let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
        let expires_at = given["expires_in"].as_i64().map(|seconds| cx.now + SignedDuration::from_secs(seconds));
        Ok(Identity {
            realm: text("realm"),
            network_unique_id: text("id"),
            username: format!("user{}", text("id")),
            display_name: given["name"].as_str().map(str::to_owned),
            profile_image_url: None,
            profile_url: None,
            account_type: "person",
            scopes: vec!["write".to_owned()],
            facts: json!({"base": cx.bases.get("x", "live")}),
            tokens: tokens(&json!({"access": text("token")}).to_string(), expires_at),
        })
    }

    async fn upload(&self, _: &Cx<'_>, _: &Account<'_>, _: &Media) -> Result<MediaHandle, Refusal> {
        Err(not_now())
    }

    async fn poll(&self, _: &Cx<'_>, _: &Account<'_>, _: &Value) -> Result<MediaHandle, Refusal> {
        Err(not_now())
    }

    async fn compose(&self, _: &Cx<'_>, _: &Account<'_>, _: &Part<'_>) -> Result<Value, Refusal> {
        Err(not_now())
    }

    async fn send(&self, _: &Cx<'_>, _: &Account<'_>, _: &Value) -> Outcome {
        Outcome::Refused(not_now())
    }

    async fn probe(&self, _: &Cx<'_>, _: &Account<'_>, _: &Sought<'_>) -> Probe {
        Probe::Impossible
    }

    fn stager(&self) -> Option<&dyn Stage> {
        None
    }

    fn follower(&self) -> Option<&dyn Follow> {
        None
    }

    fn refresher(&self) -> Option<&dyn Refresh> {
        self.has_refresher.then_some(self)
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
impl Refresh for Canned {
    async fn refresh(
        &self,
        _cx: &Cx<'_>,
        account: &Account<'_>,
        _app: Option<&OauthApp<'_>>,
    ) -> Result<Tokens, Refusal> {
        self.seen.lock().unwrap().push(account.tokens.expose_secret().to_owned());
        if *self.holds_renewals.lock().unwrap() {
            self.wait().await;
        }
        self.script.lock().unwrap().pop_front().unwrap_or_else(|| Err(not_now()))
    }
}
