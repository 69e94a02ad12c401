//! Bluesky and other AT Protocol servers (fact sheet part 2, section 4).

mod access;
mod check;
mod compose;
mod connect;
mod did;
mod errors;
mod facets;
mod grant;
mod jwt;
mod media;
mod numbers;
mod probe;
mod publish;
mod quota;
mod record_ref;
mod refresh;
mod session;
mod spec;
mod tid;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Refusal};
use jiff::Timestamp;
use serde_json::Value;

pub use facets::{Facet, Feature, facets};

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp,
    Part, PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft, Tokens,
};

/// Bluesky. Probe class A.
#[derive(Debug, Clone, Copy)]
pub struct Bluesky;

#[async_trait]
impl Network for Bluesky {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        check::check(draft)
    }

    fn preview(&self, draft: &TargetDraft<'_>, account: &Account<'_>, _bases: &Bases) -> Vec<PreviewRequest> {
        check::preview(draft, account)
    }

    /// The account's personal data server.
    fn origin<'a>(&'a self, bases: &'a Bases, facts: &'a Value) -> &'a str {
        facts["pds"].as_str().unwrap_or_else(|| bases.get(spec::SERVICE_BASE, spec::DEFAULT_SERVICE))
    }

    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
        connect::identify(cx, given).await
    }

    async fn upload(&self, cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(cx, account, media).await
    }

    /// An image is ready at once, so whatever is asked about is.
    async fn poll(&self, _cx: &Cx<'_>, _account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(handle.clone()))
    }

    async fn compose(&self, cx: &Cx<'_>, account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
        compose::compose(cx, account, part).await
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
        session::health(cx, account).await
    }

    fn consent(&self) -> Option<&dyn Consent> {
        Some(self)
    }

    fn numbers(&self) -> Option<&dyn Numbers> {
        Some(self)
    }
}

#[async_trait]
impl Numbers for Bluesky {
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
impl Refresh for Bluesky {
    async fn refresh(&self, cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
        refresh::refresh(cx, account, app).await
    }
}
