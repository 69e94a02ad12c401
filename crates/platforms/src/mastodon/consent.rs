//! Connecting on an instance's consent page (fact sheet part 2, 5.1). One profile for each grant.

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Mastodon, connect, errors, spec::CONSENT};
use crate::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, OauthApp, Register,
    exchange::Ask,
    failure, given,
    oauth::{self, DataFault, OauthError, Page, PlatformData, TokenAnswer, TokenRequest},
    origin::{self, Origin},
};

/// A name of a server of at most as many characters as DNS allows, with room for a port and a path.
const MAX_VARIANT: usize = 300;

/// What is kept between the page and the code.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The instance that was asked, in front of paths.
    base: String,
    /// Whether it was given a challenge.
    pkce: bool,
}

#[async_trait]
impl Consent for Mastodon {
    /// The instance as people know it: `m.example`, with a port or a path where it has one.
    fn variant(&self, data: &Value) -> Result<String, DataFault> {
        let written = PlatformData::read(data, &["instance"])?.text("instance")?;
        let fault = |what: &str| ("/instance".to_owned(), what.to_owned());
        let written = written.ok_or_else(|| fault("is missing: the host of the instance, such as mastodon.social"))?;
        let instance = origin::read(written).filter(|instance| instance.realm().len() <= MAX_VARIANT);
        instance.map(|instance| instance.realm()).ok_or_else(|| fault("must be the host of an instance"))
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        origin::read(variant).filter(|instance| instance.realm() == variant).map(|_| CONSENT)
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        let instance = instance(cx, request.data)?;
        let pkce = takes_pkce(cx, &instance).await?;
        let mut page = Page::new(&format!("{}/oauth/authorize", instance.base())).code(app, request, " ");
        if pkce {
            page = page.pkce(request.verifier);
        }
        let kept = serde_json::to_string(&Kept { base: instance.base().to_owned(), pkce })
            .map_err(|_| given::refusal("the address of the instance cannot be kept"))?;
        Ok(ConsentPage { url: page.url()?, kept: SecretString::from(kept) })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let code = oauth::code(answer)?;
        let instance = instance(cx, answer.data)?;
        let kept: Kept = serde_json::from_str(answer.kept.expose_secret())
            .ok()
            .filter(|kept: &Kept| kept.base == instance.base())
            .ok_or_else(|| ConsentFault::Invalid("what was kept of the request cannot be read".to_owned()))?;

        let ask = Ask::post(instance.base(), "/oauth/token");
        let mut request =
            TokenRequest::code(ask, code, app.callback_url).in_body(app.client_id, oauth::client_secret(app));
        if kept.pkce {
            request = request.verifier(answer.verifier);
        }
        let given = request.ask().call(cx).await?;
        let Some(token) = TokenAnswer::read(cx.now, &given) else {
            return Err(match given.status {
                429 => ConsentFault::Refused(errors::classify(cx.now, &given)),
                _ => oauth::exchange_fault(cx, &given, |_: &OauthError| false),
            });
        };
        let scopes = oauth::granted(token.scopes, answer.scopes);
        oauth::require(&scopes, CONSENT.needed, covers)?;
        let profile = connect::whose(cx, &instance, token.access_token, scopes).await?;
        Ok(Granted { profiles: vec![profile], is_choice: false })
    }

    fn registrar(&self) -> Option<&dyn Register> {
        Some(self)
    }
}

/// The instance that the caller named, within what the door allows.
fn instance(cx: &Cx<'_>, data: &Value) -> Result<Origin, Refusal> {
    origin::parse(cx.door, "instance", data["instance"].as_str().unwrap_or_default().trim())
}

/// Whether the instance says that it reads a challenge. Before Mastodon 4.3, and on others, there is nothing to ask.
async fn takes_pkce(cx: &Cx<'_>, instance: &Origin) -> Result<bool, Refusal> {
    let answer = Ask::get(instance.base(), "/.well-known/oauth-authorization-server").call(cx).await?;
    match answer.status {
        200..=299 => {
            let told = answer.json::<Value>().unwrap_or_default();
            let methods = told["code_challenge_methods_supported"].as_array();
            Ok(methods.is_some_and(|methods| methods.iter().any(|method| method == "S256")))
        }
        429 | 500.. => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
        _ => Ok(false),
    }
}

/// A scope holds those below it, `write` what `write:statuses` does; `profile` says who it is.
fn covers(granted: &str, needed: &str) -> bool {
    needed.strip_prefix(granted).is_some_and(|rest| rest.starts_with(':'))
        || (granted, needed) == ("profile", "read:accounts")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instance_is_named_by_its_host() {
        for (written, variant) in [
            ("Mastodon.Social", "mastodon.social"),
            (" https://m.example/ ", "m.example"),
            ("m.example:8443", "m.example:8443"),
            ("http://127.0.0.1:8090", "127.0.0.1:8090"),
            ("https://m.example/sub", "m.example/sub"),
        ] {
            let named = Mastodon.variant(&json!({"instance": written})).expect(written);
            assert_eq!(named, variant);
            assert!(Mastodon.rules(&named).is_some(), "{named}");
        }
        for bad in [json!(null), json!({}), json!({"instance": "m.example?x"}), json!({"instance": "u:p@m.example"})] {
            assert_eq!(Mastodon.variant(&bad).expect_err("refused").0, "/instance", "{bad}");
        }
        for bad in ["", "default?", "https://m.example", "M.example"] {
            assert!(Mastodon.rules(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_scope_holds_what_is_below_it() {
        for (granted, needed) in [("write", "write:statuses"), ("read", "read:accounts"), ("profile", "read:accounts")]
        {
            assert!(covers(granted, needed), "{granted}");
        }
        for (granted, needed) in [("write:media", "write:statuses"), ("writ", "write:statuses"), ("profile", "write:x")]
        {
            assert!(!covers(granted, needed), "{granted}");
        }
    }
}
