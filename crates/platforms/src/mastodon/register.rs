//! Getting an app from an instance: every one hands them out to everybody (fact sheet part 2, 5.1).

use async_trait::async_trait;
use domain::target::Refusal;
use egress::Body;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Mastodon, errors, spec::CONSENT};
use crate::{
    Cx, OauthApp, Register, RegisteredApp,
    exchange::Ask,
    failure, given,
    origin::{self, Origin},
};

/// What people read on the consent page and below their posts.
const CLIENT_NAME: &str = "Fanfare";
/// No id or secret of an app is longer.
const MAX_CREDENTIAL: usize = 1_000;

#[async_trait]
impl Register for Mastodon {
    /// An app may never ask for more than it was registered with, so it is registered with the usual scopes besides those
    /// that are asked for now.
    async fn register(
        &self,
        cx: &Cx<'_>,
        variant: &str,
        scopes: &[String],
        callback_url: &str,
    ) -> Result<RegisteredApp, Refusal> {
        let instance = instance(cx, variant)?;
        let mut all: Vec<&str> = CONSENT.scopes.to_vec();
        all.extend(scopes.iter().map(String::as_str).filter(|scope| !CONSENT.scopes.contains(scope)));
        let all = all.join(" ");
        let form = [("client_name", CLIENT_NAME), ("redirect_uris", callback_url), ("scopes", &all)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let answer = Ask::post(instance.base(), "/api/v1/apps").body(Body::Form(form)).call(cx).await?;
        let told = answer.success::<Value>().unwrap_or_default();
        let credential = |name: &str| told[name].as_str().filter(|text| is_credential(text)).map(str::to_owned);
        let (Some(client_id), Some(client_secret)) = (credential("client_id"), credential("client_secret")) else {
            return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
        };
        keep(cx, &instance, &client_id, &client_secret).await;
        let client_secret = Some(SecretString::from(client_secret));
        Ok(RegisteredApp { client_id, client_secret, extra: json!({}) })
    }

    /// An instance knows its apps itself.
    fn document(&self, _app: &OauthApp<'_>, _scopes: &[String]) -> Option<Value> {
        None
    }
}

/// The variant names no scheme: it is HTTPS everywhere but on a developer's own machine.
fn instance(cx: &Cx<'_>, variant: &str) -> Result<Origin, Refusal> {
    let address = origin::read(variant).ok_or_else(|| given::refusal("`instance` must be the host of an instance"))?;
    let scheme = if address.is_loopback() { "http" } else { "https" };
    origin::parse(cx.door, "instance", &format!("{scheme}://{variant}"))
}

fn is_credential(text: &str) -> bool {
    (1..=MAX_CREDENTIAL).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Before Mastodon 4.3 apps that nobody used were forgotten; one that has a token of its own is used. Whether it was done
/// shows when nobody connects for a long time, so nothing hangs on the answer.
async fn keep(cx: &Cx<'_>, instance: &Origin, client_id: &str, client_secret: &str) {
    let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", client_secret)];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let ask = Ask::post(instance.base(), "/oauth/token").secret(client_secret).body(Body::Form(form));
    let _ = ask.call(cx).await;
}
