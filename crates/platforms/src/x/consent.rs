//! Connecting on X's consent page: OAuth 2.0 with PKCE (fact sheet part 1, 1.2 and 1.3). One profile for each grant.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    X,
    connect::{self, Client},
    errors,
    spec::{BASE, CONSENT, DEFAULT_BASE, DEFAULT_WWW, TOKEN, WWW},
    tokens::XTokens,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, OauthApp, Register,
    exchange::{Answer, Ask},
    oauth::{self, DataFault, Page, PlatformData, TokenAnswer, TokenRequest},
    stored,
};

/// X has one kind of app.
const VARIANT: &str = "default";

#[async_trait]
impl Consent for X {
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
        let endpoint = format!("{}/i/oauth2/authorize", cx.bases.get(WWW, DEFAULT_WWW));
        let url = Page::new(&endpoint).code(app, request, " ").pkce(request.verifier).url()?;
        Ok(ConsentPage { url, kept: SecretString::from("null") })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let code = oauth::code(answer)?;
        let client = Client { id: app.client_id, secret: oauth::client_secret(app) };
        let ask = Ask::post(cx.bases.get(BASE, DEFAULT_BASE), TOKEN);
        let request = TokenRequest::code(ask, code, app.callback_url).verifier(answer.verifier);
        let given = request.basic(client.id, client.secret).ask().call(cx).await?;
        let Some(token) = TokenAnswer::read(cx.now, &given) else { return Err(refused(cx, &given)) };

        let scopes = oauth::granted(token.scopes, answer.scopes);
        oauth::require(&scopes, CONSENT.needed, |_, _| false)?;
        let user = connect::whose(cx, &token.access_token).await?;
        let facts = connect::facts(cx, &user, Some(&client));
        let tokens = XTokens {
            access_token: token.access_token,
            refresh_token: token.refresh_token,
            client_id: None,
            client_secret: None,
        };
        let tokens = stored::seal(&tokens, token.expires_at)?;
        Ok(Granted { profiles: vec![connect::identity(user, scopes, facts, tokens)], is_choice: false })
    }

    /// X hands out no apps.
    fn registrar(&self) -> Option<&dyn Register> {
        None
    }
}

fn refused(cx: &Cx<'_>, answer: &Answer) -> ConsentFault {
    if answer.status == 429 {
        return ConsentFault::Refused(errors::classify(cx.now, answer));
    }
    oauth::exchange_fault(cx, answer, errors::is_spent)
}
