//! Instagram, by its own login and by Facebook's (fact sheet part 1, section 3).

mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod media;
mod probe;
mod publish;
mod refresh;
mod spec;
mod stage;
mod tokens;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Progress, Refusal};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, OauthApp,
    Part, PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, Staged, TargetDraft, Tokens,
};

/// Instagram. Probe class B.
#[derive(Debug, Clone, Copy)]
pub struct Instagram;

#[async_trait]
impl Network for Instagram {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn check(&self, draft: &TargetDraft<'_>, _facts: &Value) -> Vec<RuleFault> {
        check::check(draft)
    }

    fn preview(&self, draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
        check::preview(draft, account, bases)
    }

    /// By the login that the account came with.
    fn origin<'a>(&'a self, bases: &'a Bases, facts: &'a Value) -> &'a str {
        tokens::Login::of_facts(facts).base(bases)
    }

    async fn identify(&self, cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
        connect::identify(cx, given).await
    }

    /// Instagram fetches files; nothing is sent here.
    async fn upload(&self, _cx: &Cx<'_>, _account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(media)
    }

    async fn poll(&self, _cx: &Cx<'_>, _account: &Account<'_>, handle: &Value) -> Result<MediaHandle, Refusal> {
        Ok(MediaHandle::Ready(handle.clone()))
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
impl Stage for Instagram {
    async fn stage(&self, cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Result<Staged, Refusal> {
        stage::stage(cx, account, composed).await
    }
}

#[async_trait]
impl Follow for Instagram {
    async fn follow(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
        publish::follow(cx, account, handle).await
    }
}

#[async_trait]
impl Refresh for Instagram {
    async fn refresh(&self, cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
        refresh::refresh(cx, account, app).await
    }
}

#[async_trait]
impl Numbers for Instagram {
    /// Totals as of now, whatever the period.
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        _period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal> {
        connect::numbers(cx, account).await
    }
}
