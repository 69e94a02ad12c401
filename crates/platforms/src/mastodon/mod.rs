//! Mastodon and servers that speak its API (fact sheet part 2, section 5).

mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod facts;
mod media;
mod numbers;
mod probe;
mod publish;
mod quota;
mod register;
mod spec;
mod text;
mod tokens;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Refusal};
use jiff::Timestamp;
use serde_json::Value;

pub use text::status_length;

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, Part,
    PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft,
};

/// Mastodon. Probe class A on Mastodon itself and within the hour, C otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Mastodon;

#[async_trait]
impl Network for Mastodon {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
        check::check(draft, facts)
    }

    fn preview(&self, draft: &TargetDraft<'_>, account: &Account<'_>, _bases: &Bases) -> Vec<PreviewRequest> {
        check::preview(draft, account)
    }

    /// The account's instance.
    fn origin<'a>(&'a self, _bases: &'a Bases, facts: &'a Value) -> &'a str {
        facts["base"].as_str().unwrap_or_default()
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

    /// Its tokens do not run out.
    fn refresher(&self) -> Option<&dyn Refresh> {
        None
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
impl Numbers for Mastodon {
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
