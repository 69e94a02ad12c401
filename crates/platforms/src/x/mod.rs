//! X, API v2 (fact sheet part 1, section 1).

mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod gif;
mod media;
mod numbers;
mod probe;
mod publish;
mod quota;
mod refresh;
mod spec;
mod text;
mod tokens;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Refusal};
use jiff::Timestamp;
use serde_json::Value;

pub use text::weighted_length;

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp,
    Part, PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft, Tokens,
};

/// X. Probe class C.
#[derive(Debug, Clone, Copy)]
pub struct X;

/// X's ids are decimal strings of 1 to 19 digits.
fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[async_trait]
impl Network for X {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
        check::check(draft, facts)
    }

    fn preview(&self, draft: &TargetDraft<'_>, _account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
        check::preview(draft, bases)
    }

    fn origin<'a>(&'a self, bases: &'a Bases, _facts: &'a Value) -> &'a str {
        bases.get(spec::BASE, spec::DEFAULT_BASE)
    }

    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
        connect::identify(cx, given).await
    }

    async fn upload(&self, cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(cx, account, media).await
    }

    async fn poll(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        media::poll(cx, account, handle).await
    }

    async fn compose(&self, cx: &Cx<'_>, _account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        compose::compose(cx.now, part)
    }

    async fn send(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
        publish::send(cx, account, composed).await
    }

    async fn probe(&self, cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
        probe::probe(cx, account, sought).await
    }

    /// It is sent as it was composed.
    fn stager(&self) -> Option<&dyn Stage> {
        None
    }

    /// A post is live once it is taken.
    fn follower(&self) -> Option<&dyn Follow> {
        None
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
impl Numbers for X {
    /// It counts nothing by time.
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        _period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal> {
        numbers::account_numbers(cx, account).await
    }
}

#[async_trait]
impl Refresh for X {
    async fn refresh(&self, cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
        refresh::refresh(cx, account, app).await
    }
}
