//! Connecting on Threads' consent page (fact sheet part 1, 4.2 to 4.5). One profile for each grant; no PKCE.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    Threads, connect, errors,
    spec::{BASE, CONSENT, DEFAULT_BASE, DEFAULT_WWW, NEEDED, WWW},
    tokens::ThreadsTokens,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, OauthApp, Register,
    exchange::{Answer, Ask},
    failure,
    oauth::{self, DataFault, Page, PlatformData, TokenAnswer, TokenRequest},
    stored,
};

/// Threads has one kind of app.
const VARIANT: &str = "default";

#[async_trait]
impl Consent for Threads {
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        PlatformData::read(data, &[]).map(|_| VARIANT.to_owned())
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        (variant == VARIANT).then_some(CONSENT)
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        let endpoint = format!("{}/oauth/authorize", cx.bases.get(WWW, DEFAULT_WWW));
        let url = Page::new(&endpoint).code(app, request, ",").url()?;
        Ok(ConsentPage { url, kept: SecretString::from("null") })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let code = oauth::code(answer)?;
        let base = cx.bases.get(BASE, DEFAULT_BASE);
        let request = TokenRequest::code(Ask::post(base, "/oauth/access_token"), code, app.callback_url)
            .in_body(app.client_id, oauth::client_secret(app));
        let given = request.ask().call(cx).await?;
        let Some(short) = TokenAnswer::read(cx.now, &given) else { return Err(refused(cx, &given)) };

        let long = lasting(cx, app, &short.access_token).await?;
        let scopes = oauth::granted(short.scopes.clone(), answer.scopes);
        oauth::require(&scopes, NEEDED, |_, _| false)?;
        let me = connect::me(cx, &long.access_token).await?;
        if short.text("user_id").is_some_and(|id| id != me.id) {
            return Err(failure::not_understood(&given, "Threads named two profiles for one consent").into());
        }
        let tokens = stored::seal(&ThreadsTokens { access_token: long.access_token }, long.expires_at)?;
        Ok(Granted { profiles: vec![me.identity(scopes, tokens)], is_choice: false })
    }

    /// Threads hands out no apps.
    fn registrar(&self) -> Option<&dyn Register> {
        None
    }
}

/// An hour's token made one of 60 days.
async fn lasting(cx: &Cx<'_>, app: &OauthApp<'_>, short: &str) -> Result<TokenAnswer, Refusal> {
    let mut ask = Ask::get(cx.bases.get(BASE, DEFAULT_BASE), "/access_token").query("grant_type", "th_exchange_token");
    if let Some(secret) = oauth::client_secret(app) {
        ask = ask.secret(secret).query("client_secret", secret);
    }
    let answer = ask.secret(short).query("access_token", short).call(cx).await?;
    TokenAnswer::read(cx.now, &answer).ok_or_else(|| errors::failed(cx, &answer))
}

/// The endpoint answers in the Graph API's form; in the form of OAuth it is understood as well.
fn refused(cx: &Cx<'_>, answer: &Answer) -> ConsentFault {
    if oauth::OauthError::read(answer).is_some() {
        return oauth::exchange_fault(cx, answer, |_| false);
    }
    match errors::failed(cx, answer) {
        Refusal::Rejected { message, .. } | Refusal::Auth { message, .. }
            if message.to_lowercase().contains("authorization code") =>
        {
            ConsentFault::Invalid(message)
        }
        // It is the code that is not taken; there is no token yet that could be held against anybody.
        Refusal::Auth { message, .. } => ConsentFault::Invalid(message),
        other => ConsentFault::Refused(other),
    }
}
