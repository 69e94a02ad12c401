//! Facebook pages, Graph API v24.0 (fact sheet part 1, section 2).

mod check;
mod compose;
mod connect;
mod consent;
mod errors;
mod follow;
mod media;
mod probe;
mod publish;
pub(crate) mod spec;
mod tokens;
mod wire;

use async_trait::async_trait;
use domain::target::{Outcome, Probe, Progress, Refusal};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Account, AccountNumbers, Bases, Consent, Cx, Follow, Identity, Media, MediaHandle, Network, Numbers, Part,
    PreviewRequest, Refresh, RuleFault, Sought, Spec, Stage, TargetDraft, exchange::Ask, given, words,
};

/// Facebook pages. Probe class C.
#[derive(Debug, Clone, Copy)]
pub struct Facebook;

/// `path` is below the version and holds no unchecked input.
fn get(cx: &Cx<'_>, path: &str) -> Ask {
    Ask::get(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), &format!("/{}/{path}", spec::VERSION))
}

/// As [`get`].
fn post(cx: &Cx<'_>, path: &str) -> Ask {
    Ask::post(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), &format!("/{}/{path}", spec::VERSION))
}

/// The page, as it stands in paths.
fn id_of(account: &Account<'_>) -> Result<String, Refusal> {
    match words::is_id(account.network_unique_id) {
        true => Ok(account.network_unique_id.to_owned()),
        false => Err(given::refusal("the account has no id that Facebook could know")),
    }
}

#[async_trait]
impl Network for Facebook {
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

    async fn upload(&self, cx: &Cx<'_>, account: &Account<'_>, media: &Media) -> Result<MediaHandle, Refusal> {
        media::upload(cx, account, media).await
    }

    /// An upload is ready once it is made.
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

    /// It is sent as it was composed.
    fn stager(&self) -> Option<&dyn Stage> {
        None
    }

    fn follower(&self) -> Option<&dyn Follow> {
        Some(self)
    }

    /// A page's token has no end; once it is not taken any more, only its owner can help.
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
impl Follow for Facebook {
    async fn follow(&self, cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
        follow::follow(cx, account, handle).await
    }
}

#[async_trait]
impl Numbers for Facebook {
    /// Followers are told as of now, whatever the period.
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        _period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal> {
        connect::numbers(cx, account).await
    }
}
