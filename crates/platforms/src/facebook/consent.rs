//! Connecting pages on Facebook's consent page.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    Facebook, connect,
    spec::{NEEDED, SCOPES},
    wire::Page,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, Identity, OauthApp,
    Register,
    graph::login,
    oauth::{self, DataFault, PlatformData},
};

/// The only way to ask.
const VARIANT: &str = "default";
/// Who may publish on a page (fact sheet part 1, 2.5).
const TASK: &str = "CREATE_CONTENT";

#[async_trait]
impl Consent for Facebook {
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        PlatformData::read(data, &[]).map(|_| VARIANT.to_owned())
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        (variant == VARIANT).then_some(ConsentRules { scopes: SCOPES, needed: NEEDED, has_secret: true })
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        Ok(ConsentPage { url: login::dialog(cx.bases, app, request)?, kept: SecretString::from("null") })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let code = oauth::code(answer)?;
        let token = login::exchange(cx, app, code).await?;
        let scopes = login::permissions(cx, &token.access_token, NEEDED).await?;
        let fields = format!("{},access_token,tasks", connect::FIELDS);
        let pages: Vec<Page> =
            login::pages(cx, &token.access_token, &fields, &scopes, |page: &Page| page.id.as_str()).await?;
        let profiles: Result<Vec<Identity>, Refusal> =
            pages.into_iter().filter_map(|page| profile(page, &scopes)).collect();
        Ok(Granted { profiles: profiles?, is_choice: true })
    }

    fn registrar(&self) -> Option<&dyn Register> {
        None
    }
}

/// A page that the person may publish on. Without a token of its own nothing can be.
fn profile(mut page: Page, scopes: &[String]) -> Option<Result<Identity, Refusal>> {
    let may_publish = page.tasks.as_ref().is_none_or(|tasks| tasks.iter().any(|task| task == TASK));
    let token = page.access_token.take().filter(|token| !token.is_empty() && may_publish)?;
    Some(connect::identity(page, token, scopes.to_vec()))
}
