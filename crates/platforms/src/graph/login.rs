//! Facebook Login, through which pages and the Instagram accounts linked to them are connected (fact sheet part 1, 2.2,
//! 2.3 and 2.5). It knows no PKCE.

use std::collections::BTreeSet;

use domain::target::Refusal;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{errors, wire::List};
use crate::{
    Bases, ConsentFault, ConsentRequest, Cx, OauthApp,
    exchange::{Answer, Ask},
    facebook::spec,
    given,
    oauth::{self, Page, TokenAnswer},
    words,
};

/// Most pages of one list, a hundred entries each.
const MAX_LISTS: usize = 20;
/// Most businesses looked through for pages that are not listed directly.
const MAX_BUSINESSES: usize = 10;

/// The page that asks. An app of Facebook Login for Business names a configuration instead of scopes.
pub(crate) fn dialog(bases: &Bases, app: &OauthApp<'_>, request: &ConsentRequest<'_>) -> Result<Url, Refusal> {
    let page = Page::new(&format!("{}/{}/dialog/oauth", bases.get(spec::WWW, spec::DEFAULT_WWW), spec::VERSION));
    let Some(configuration) = app.extra["config_id"].as_str() else { return page.code(app, request, ",").url() };
    page.with("response_type", "code")
        .with("client_id", app.client_id)
        .with("redirect_uri", app.callback_url)
        .with("config_id", configuration)
        .with("state", request.state)
        .url()
}

/// The secret that all of Meta's apps have.
pub(crate) fn secret<'a>(app: &OauthApp<'a>) -> Result<&'a str, Refusal> {
    let secret = oauth::client_secret(app);
    secret.ok_or_else(|| given::refusal("apps of this network have a secret, and this one has none"))
}

/// An exchange of a code that did not work: the code's fault, or another's.
pub(crate) fn exchange_fault(cx: &Cx<'_>, answer: &Answer) -> ConsentFault {
    match errors::failed(cx.now, answer, &[]) {
        Refusal::Rejected { message, .. } | Refusal::Auth { message, .. } => ConsentFault::Invalid(message),
        other => ConsentFault::Refused(other),
    }
}

/// A person's long-lived token for a code.
pub(crate) async fn exchange(cx: &Cx<'_>, app: &OauthApp<'_>, code: &str) -> Result<TokenAnswer, ConsentFault> {
    let secret = secret(app)?;
    let answer = ask(cx, "oauth/access_token")
        .query("client_id", app.client_id)
        .query("client_secret", secret)
        .query("redirect_uri", app.callback_url)
        .query("code", code)
        .secret(secret)
        .secret(code)
        .call(cx)
        .await?;
    let Some(short) = TokenAnswer::read(cx.now, &answer) else { return Err(exchange_fault(cx, &answer)) };
    Ok(prolong(cx, app, &short.access_token).await?)
}

/// A token that lives for another sixty days, for one that has not run out.
pub(crate) async fn prolong(cx: &Cx<'_>, app: &OauthApp<'_>, token: &str) -> Result<TokenAnswer, Refusal> {
    let secret = secret(app)?;
    let answer = ask(cx, "oauth/access_token")
        .query("grant_type", "fb_exchange_token")
        .query("client_id", app.client_id)
        .query("client_secret", secret)
        .query("fb_exchange_token", token)
        .secret(secret)
        .secret(token)
        .call(cx)
        .await?;
    TokenAnswer::read(cx.now, &answer).ok_or_else(|| errors::failed(cx.now, &answer, &[]))
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
    status: String,
}

/// What the person granted of what was asked: each can be refused by itself.
///
/// # Errors
/// [`ConsentFault::Denied`] when something of `needed` is not there.
pub(crate) async fn permissions(cx: &Cx<'_>, token: &str, needed: &[&str]) -> Result<Vec<String>, ConsentFault> {
    let answer = ask(cx, "me/permissions").bearer(token).call(cx).await?;
    let Some(list) = answer.success::<List<Permission>>() else {
        return Err(errors::failed(cx.now, &answer, &[]).into());
    };
    let granted = list.data.into_iter().filter(|entry| entry.status == "granted");
    let granted: Vec<String> =
        granted.map(|entry| words::clean(&entry.permission)).filter(|scope| !scope.is_empty()).take(100).collect();
    oauth::require(&granted, needed, |_, _| false)?;
    Ok(granted)
}

#[derive(Deserialize)]
struct Business {
    id: String,
}

/// The pages that a person manages, each once: those listed directly, and those that only their businesses list.
pub(crate) async fn pages<T: DeserializeOwned>(
    cx: &Cx<'_>,
    token: &str,
    fields: &str,
    scopes: &[String],
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, Refusal> {
    let mut seen = BTreeSet::new();
    let mut pages: Vec<T> = list(cx, token, "me/accounts", fields).await?;
    if scopes.iter().any(|scope| scope == "business_management") {
        let businesses: Vec<Business> = list(cx, token, "me/businesses", "id").await?;
        let businesses = businesses.into_iter().filter(|business| words::is_id(&business.id));
        for business in businesses.take(MAX_BUSINESSES) {
            for edge in ["owned_pages", "client_pages"] {
                match list(cx, token, &format!("{}/{edge}", business.id), fields).await {
                    Ok(more) => pages.extend(more),
                    // A business in which the person may not look hides no page that the person could publish on.
                    Err(Refusal::Rejected { .. }) => {}
                    Err(refusal) => return Err(refusal),
                }
            }
        }
    }
    pages.retain(|page| words::is_id(id(page)) && seen.insert(id(page).to_owned()));
    Ok(pages)
}

async fn list<T: DeserializeOwned>(cx: &Cx<'_>, token: &str, path: &str, fields: &str) -> Result<Vec<T>, Refusal> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MAX_LISTS {
        let mut ask = ask(cx, path).query("fields", fields).query("limit", "100").bearer(token);
        if let Some(after) = &after {
            ask = ask.query("after", after);
        }
        let answer = ask.call(cx).await?;
        let Some(list) = answer.success::<List<T>>() else { return Err(errors::failed(cx.now, &answer, &[])) };
        let next = list.after().map(str::to_owned);
        all.extend(list.data);
        if next.is_none() || next == after {
            break;
        }
        after = next;
    }
    Ok(all)
}

/// `path` is below the version and holds no unchecked input.
fn ask(cx: &Cx<'_>, path: &str) -> Ask {
    Ask::get(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), &format!("/{}/{path}", spec::VERSION))
}
