//! LinkedIn, for members and organisations (fact sheet part 1, section 5).

mod ask;
mod author;
mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod media;
mod numbers;
mod organizations;
mod probe;
mod publish;
mod refresh;
mod spec;
mod text;
mod tokens;
mod urn;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Refusal};
use jiff::Timestamp;
use serde_json::Value;

pub use text::{commentary, visible_length};

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp,
    Part, PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft, Tokens,
};

/// LinkedIn. Probe class C, where the token may list.
#[derive(Debug, Clone, Copy)]
pub struct Linkedin;

#[async_trait]
impl Network for Linkedin {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
        check::check(draft, facts)
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

    async fn upload(&self, cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(cx, account, media).await
    }

    async fn poll(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        media::poll(cx, account, handle).await
    }

    async fn compose(&self, _cx: &Cx<'_>, account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        compose::compose(account, part)
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
impl Numbers for Linkedin {
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
impl Refresh for Linkedin {
    async fn refresh(&self, cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
        refresh::refresh(cx, account, app).await
    }
}
