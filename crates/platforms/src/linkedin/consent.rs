//! Connecting on LinkedIn's consent page (fact sheet part 1, 5.2 to 5.5): as the member, or for organisations that the
//! member posts for. LinkedIn takes no PKCE of web apps.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    Linkedin, connect, organizations,
    spec::{
        CONSENT, DEFAULT_WWW, ORGANIZATION_NEEDED, ORGANIZATION_SCOPES, PERSONAL_NEEDED, PERSONAL_SCOPES, TOKEN,
        WWW_BASE,
    },
    tokens::LinkedinTokens,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, OauthApp, Register,
    exchange::Ask,
    oauth::{self, DataFault, OauthError, Page, PlatformData, TokenAnswer, TokenRequest},
    stored,
};

/// LinkedIn has one kind of app.
const VARIANT: &str = "default";
/// No more organisations are offered for choice.
const MOST: usize = 100;

/// Whose profiles are to be connected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Personal,
    Organization,
}

impl As {
    fn read(data: &Value) -> Result<Self, DataFault> {
        let said = PlatformData::read(data, &["as"])?.choice("as", &["personal", "organization"])?;
        Ok(if said == Some("organization") { Self::Organization } else { Self::Personal })
    }

    /// What is asked for. The defaults of a variant are the member's; who connects organisations and did not say otherwise
    /// means those of organisations.
    fn scopes(self, asked: &[String]) -> Vec<String> {
        if self == Self::Organization && asked == PERSONAL_SCOPES {
            return ORGANIZATION_SCOPES.iter().copied().map(str::to_owned).collect();
        }
        asked.to_vec()
    }

    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Personal => PERSONAL_NEEDED,
            Self::Organization => ORGANIZATION_NEEDED,
        }
    }
}

#[async_trait]
impl Consent for Linkedin {
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        As::read(data).map(|_| VARIANT.to_owned())
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
        let scopes = who(request.data)?.scopes(request.scopes);
        let asked =
            ConsentRequest { state: request.state, verifier: request.verifier, scopes: &scopes, data: request.data };
        let endpoint = format!("{}/oauth/v2/authorization", cx.bases.get(WWW_BASE, DEFAULT_WWW));
        let url = Page::new(&endpoint).code(app, &asked, " ").url()?;
        Ok(ConsentPage { url, kept: SecretString::from("null") })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let who = who(answer.data)?;
        let code = oauth::code(answer)?;
        let ask = Ask::post(cx.bases.get(WWW_BASE, DEFAULT_WWW), TOKEN);
        let request = TokenRequest::code(ask, code, app.callback_url).in_body(app.client_id, oauth::client_secret(app));
        let given = request.ask().call(cx).await?;
        let Some(token) = TokenAnswer::read(cx.now, &given) else {
            return Err(oauth::exchange_fault(cx, &given, is_spent));
        };
        let scopes = oauth::granted(token.scopes, &who.scopes(answer.scopes));
        oauth::require(&scopes, who.needed(), |scope, need| {
            scope == "rw_organization_admin" && need == "r_organization_admin"
        })?;
        let tokens = LinkedinTokens {
            access_token: token.access_token,
            refresh_token: token.refresh_token,
            issued_at: Some(cx.now),
        };
        let seal = || stored::seal(&tokens, token.expires_at);
        if who == As::Personal {
            let member = connect::member(cx, &tokens).await?;
            return Ok(Granted { profiles: vec![member.identity(scopes, seal()?)], is_choice: false });
        }
        let mut profiles = Vec::new();
        for id in organizations::list(cx, &tokens).await?.into_iter().take(MOST) {
            // One that cannot be looked up has no name, and can be chosen all the same.
            let organization = organizations::find(cx, &tokens, id.clone()).await;
            let organization = organization.unwrap_or_else(|_| organizations::unnamed(id));
            profiles.push(organization.identity(scopes.clone(), seal()?));
        }
        Ok(Granted { profiles, is_choice: true })
    }

    /// LinkedIn hands out no apps.
    fn registrar(&self) -> Option<&dyn Register> {
        None
    }
}

/// As [`Consent::variant`] accepted it.
fn who(data: &Value) -> Result<As, Refusal> {
    As::read(data).map_err(|(pointer, what)| crate::given::refusal(format!("`platform_data{pointer}` {what}")))
}

/// LinkedIn has one error for a code that is spent or another app's and for a redirect URI that is not the same.
fn is_spent(said: &OauthError) -> bool {
    said.error_description.as_deref().is_some_and(|words| words.to_lowercase().contains("authorization code"))
}
