//! Threads (fact sheet part 1, section 4).

mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod follow;
mod media;
mod numbers;
mod probe;
mod publish;
mod refresh;
mod spec;
mod stage;
mod text;
mod tokens;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Progress, Refusal};
use jiff::Timestamp;
use serde_json::Value;

pub use text::post_length;

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp,
    Part, PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, Staged, TargetDraft, Tokens, exchange::Ask, given,
};

/// Threads. Probe class B.
#[derive(Debug, Clone, Copy)]
pub struct Threads;

/// Threads' ids are decimal strings.
fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The profile, as it stands in paths.
fn id_of<'a>(account: &Account<'a>) -> Result<&'a str, Refusal> {
    match is_id(account.network_unique_id) {
        true => Ok(account.network_unique_id),
        false => Err(given::refusal("the account has no id that Threads could know")),
    }
}

/// `path` is below the version and holds no unchecked input.
fn get(cx: &Cx<'_>, path: &str) -> Ask {
    Ask::get(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), &format!("/{}/{path}", spec::VERSION))
}

/// As [`get`].
fn post(cx: &Cx<'_>, path: &str) -> Ask {
    Ask::post(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), &format!("/{}/{path}", spec::VERSION))
}

#[async_trait]
impl Network for Threads {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        check::check(draft)
    }

    fn preview(&self, draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
        check::preview(draft, account, bases)
    }

    fn origin<'a>(&'a self, bases: &'a Bases, _facts: &'a Value) -> &'a str {
        bases.get(spec::BASE, spec::DEFAULT_BASE)
    }

    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
        connect::identify(cx, given).await
    }

    async fn upload(&self, _cx: &Cx<'_>, _account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(media)
    }

    /// An address is ready at once; the container that names it is waited for in staging.
    async fn poll(&self, _cx: &Cx<'_>, _account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(handle.clone()))
    }

    async fn compose(&self, _cx: &Cx<'_>, _account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        compose::compose(part)
    }

    async fn send(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
        publish::send(cx, account, composed).await
    }

    async fn probe(&self, cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
        probe::probe(cx, account, sought).await
    }

    fn stager(&self) -> Option<&dyn Stage> {
        Some(self)
    }

    fn follower(&self) -> Option<&dyn Follow> {
        Some(self)
    }

    fn refresher(&self) -> Option<&dyn Refresh> {
        Some(self)
    }

    async fn health(&self, cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
        connect::health(cx, account).await
    }

    fn consent(&self) -> Option<&dyn Consent> {
        Some(self)
    }

    fn numbers(&self) -> Option<&dyn Numbers> {
        Some(self)
    }
}

#[async_trait]
impl Stage for Threads {
    async fn stage(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Result<Staged, Refusal> {
        stage::stage(cx, account, composed).await
    }
}

#[async_trait]
impl Follow for Threads {
    async fn follow(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
        follow::follow(cx, account, handle).await
    }
}

#[async_trait]
impl Refresh for Threads {
    /// The token renews itself; no app has a part in it.
    async fn refresh(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        _app: Option<&OauthApp<'_>>,
    ) -> Result<Tokens, Refusal> {
        refresh::refresh(cx, account).await
    }
}

#[async_trait]
impl Numbers for Threads {
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal> {
        numbers::account_numbers(cx, account, period).await
    }
}
