//! Connecting on Instagram's own consent page, or on Facebook's for accounts that are linked to a page (fact sheet part 1,
//! 3.2 and 3.3).

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{
    Instagram,
    connect::{self, Who},
    errors,
    spec::{API, DEFAULT_API, DEFAULT_WWW, FACEBOOK_NEEDED, FACEBOOK_SCOPES, NEEDED, SCOPES, WWW},
    tokens::{InstagramTokens, Login},
    wire,
};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, Identity, OauthApp,
    Register,
    exchange::Ask,
    graph::login,
    oauth::{self, DataFault, Page, PlatformData, TokenAnswer, TokenRequest},
    stored,
};

#[async_trait]
impl Consent for Instagram {
    /// An app of each login is another app.
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        let login = PlatformData::read(data, &["login"])?.choice("login", &["instagram", "facebook"])?;
        Ok(login.unwrap_or("instagram").to_owned())
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        let (scopes, needed) = match Login::of(variant)? {
            Login::Instagram => (SCOPES, NEEDED),
            Login::Facebook => (FACEBOOK_SCOPES, FACEBOOK_NEEDED),
        };
        Some(ConsentRules { scopes, needed, has_secret: true })
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        let url = match login_of(request.data) {
            Login::Facebook => login::dialog(cx.bases, app, request)?,
            Login::Instagram => {
                let page = format!("{}/oauth/authorize", cx.bases.get(WWW, DEFAULT_WWW));
                Page::new(&page).code(app, request, ",").url()?
            }
        };
        Ok(ConsentPage { url, kept: SecretString::from("null") })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let code = oauth::code(answer)?;
        match login_of(answer.data) {
            Login::Instagram => own(cx, app, answer, code).await,
            Login::Facebook => through_facebook(cx, app, code).await,
        }
    }

    fn registrar(&self) -> Option<&dyn Register> {
        None
    }
}

fn login_of(data: &Value) -> Login {
    data["login"].as_str().and_then(Login::of).unwrap_or_default()
}

/// Instagram's own login leads to one account.
async fn own(cx: &Cx<'_>, app: &OauthApp<'_>, answer: &ConsentAnswer<'_>, code: &str) -> Result<Granted, ConsentFault> {
    let secret = login::secret(app)?;
    let ask = Ask::post(cx.bases.get(API, DEFAULT_API), "/oauth/access_token");
    let given =
        TokenRequest::code(ask, code, app.callback_url).in_body(app.client_id, Some(secret)).ask().call(cx).await?;
    let Some(short) = given.success().and_then(unwrapped).and_then(|fields| Short::of(cx, fields)) else {
        return Err(
            wire::OldError::read(&given).map_or_else(|| login::exchange_fault(cx, &given), ConsentFault::Invalid)
        );
    };
    let scopes = oauth::granted(short.scopes, answer.scopes);
    oauth::require(&scopes, NEEDED, |_, _| false)?;
    let long = prolong(cx, secret, &short.access_token).await?;
    let who = connect::me(cx, &long.access_token).await?;
    let tokens = InstagramTokens { login: Login::Instagram, access_token: long.access_token, page_token: None };
    let tokens = stored::seal(&tokens, long.expires_at)?;
    Ok(Granted { profiles: vec![connect::identity(who, Login::Instagram, scopes, tokens)?], is_choice: false })
}

/// Flat, or as the only entry of a list: both were seen.
fn unwrapped(mut fields: Map<String, Value>) -> Option<Map<String, Value>> {
    match fields.get_mut("data").and_then(Value::as_array_mut).map(std::mem::take) {
        None => Some(fields),
        Some(list) => match list.into_iter().next() {
            Some(Value::Object(fields)) => Some(fields),
            _ => None,
        },
    }
}

/// A token that lives for an hour.
struct Short {
    access_token: String,
    scopes: Option<Vec<String>>,
}

impl Short {
    fn of(cx: &Cx<'_>, fields: Map<String, Value>) -> Option<Self> {
        let scopes = match fields.get("permissions") {
            Some(Value::String(text)) => Some(oauth::split(text)),
            Some(Value::Array(list)) => {
                Some(list.iter().filter_map(Value::as_str).flat_map(oauth::split).take(100).collect())
            }
            _ => None,
        };
        let token = TokenAnswer::of(cx.now, fields)?;
        Some(Self { access_token: token.access_token, scopes: scopes.or(token.scopes) })
    }
}

/// A token that lives for sixty days.
async fn prolong(cx: &Cx<'_>, secret: &str, token: &str) -> Result<TokenAnswer, Refusal> {
    let answer = Ask::get(Login::Instagram.base(cx.bases), "/access_token")
        .query("grant_type", "ig_exchange_token")
        .query("client_secret", secret)
        .query("access_token", token)
        .secret(secret)
        .secret(token)
        .call(cx)
        .await?;
    TokenAnswer::read(cx.now, &answer).ok_or_else(|| errors::failed(cx, &answer))
}

/// Every page with an account linked to it is a choice.
async fn through_facebook(cx: &Cx<'_>, app: &OauthApp<'_>, code: &str) -> Result<Granted, ConsentFault> {
    let token = login::exchange(cx, app, code).await?;
    let scopes = login::permissions(cx, &token.access_token, FACEBOOK_NEEDED).await?;
    let fields = "id,name,access_token,instagram_business_account{id,username,name,profile_picture_url}";
    let pages: Vec<wire::Page> =
        login::pages(cx, &token.access_token, fields, &scopes, |page: &wire::Page| page.id.as_str()).await?;
    let mut profiles: Vec<Identity> = Vec::new();
    for page in pages {
        let Some(who) = page.instagram_business_account.and_then(Who::of_linked) else { continue };
        if profiles.iter().any(|profile| profile.network_unique_id == who.id) {
            continue;
        }
        let tokens = InstagramTokens {
            login: Login::Facebook,
            access_token: token.access_token.clone(),
            page_token: page.access_token.filter(|token| !token.is_empty()),
        };
        let tokens = stored::seal(&tokens, token.expires_at)?;
        profiles.push(connect::identity(who, Login::Facebook, scopes.clone(), tokens)?);
    }
    Ok(Granted { profiles, is_choice: true })
}
