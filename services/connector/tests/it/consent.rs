//! A consent page in a few lines: the code that a browser brings back says what the person consented to.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use domain::target::{ErrorCode, Refusal};
use jiff::SignedDuration;
use platforms::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, ConsentRules, Cx, Granted, Identity, OauthApp,
    Register, RegisteredApp,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::canned::{not_now, tokens};

pub(crate) struct CannedConsent {
    is_registrar: bool,
    /// Of each state its verifier.
    verifiers: Mutex<BTreeMap<String, String>>,
    /// How often an app was handed out.
    pub(crate) registered: Mutex<u32>,
}

impl CannedConsent {
    pub(crate) const fn new(is_registrar: bool) -> Self {
        Self { is_registrar, verifiers: Mutex::new(BTreeMap::new()), registered: Mutex::new(0) }
    }
}

const RULES: ConsentRules = ConsentRules { scopes: &["read", "write"], needed: &["write"], has_secret: true };

/// The code of a consent, `{"pages": [{"id", "token", "name"?, "scopes"?, "expires_in"?}], "of": client id, "fail"?}`.
pub(crate) fn code(of: &str, pages: Value) -> String {
    json!({"of": of, "pages": pages}).to_string()
}

#[async_trait]
impl Consent for CannedConsent {
    fn variant(&self, data: &Value) -> Result<String, (String, String)> {
        match &data["instance"] {
            Value::Null => Ok("default".to_owned()),
            Value::String(host) => Ok(host.clone()),
            _ => Err(("/instance".to_owned(), "must be a host".to_owned())),
        }
    }

    fn rules(&self, variant: &str) -> Option<ConsentRules> {
        (variant != "nowhere.example").then_some(RULES)
    }

    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal> {
        let rejected = |message: &str, http_status| Refusal::Rejected {
            code: ErrorCode::PlatformError,
            message: message.to_owned(),
            http_status,
        };
        match request.data["fail"].as_str() {
            Some("form") => return Err(rejected("`handle` is nobody's", None)),
            Some("app") => return Err(rejected("unknown client", Some(400))),
            Some("not_now") => return Err(not_now()),
            Some("hang") => std::future::pending().await,
            _ => {}
        }
        let verifier = request.verifier.expose_secret().to_owned();
        self.verifiers.lock().unwrap().insert(request.state.to_owned(), verifier);
        let base = cx.bases.get("x", "https://network.example");
        let mut url: url::Url = format!("{base}/authorize").parse().unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", app.client_id)
            .append_pair("redirect_uri", app.callback_url)
            .append_pair("scope", &request.scopes.join(" "))
            .append_pair("state", request.state);
        Ok(ConsentPage { url, kept: json!({"client_id": app.client_id}).to_string().into() })
    }

    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault> {
        let kept: Value = serde_json::from_str(answer.kept.expose_secret()).unwrap();
        assert_eq!(kept["client_id"], app.client_id, "what was kept is this attempt's");
        let state = answer.query.get("state").expect("a state");
        let verifier = self.verifiers.lock().unwrap().get(state).cloned();
        assert_eq!(verifier.as_deref(), Some(answer.verifier.expose_secret()), "the verifier is this attempt's");
        assert!(!answer.scopes.is_empty());
        if answer.query.contains_key("error") {
            return Err(ConsentFault::Denied("The person said no".to_owned()));
        }
        let code = answer.query.get("code").cloned().unwrap_or_default();
        let Ok(said) = serde_json::from_str::<Value>(&code) else {
            return Err(ConsentFault::Invalid(format!("unknown code {code}")));
        };
        if said["of"] != app.client_id {
            return Err(ConsentFault::Invalid("the code is another app's".to_owned()));
        }
        match said["fail"].as_str() {
            Some("not_now") => return Err(not_now().into()),
            Some("hang") => std::future::pending().await,
            Some("panic") => panic!("a network's client has a bug"),
            _ => {}
        }
        let pages = said["pages"].as_array().cloned().unwrap_or_default();
        let is_missing = |page: &Value| page["scopes"].as_str().is_some_and(|scopes| !scopes.contains("write"));
        if pages.iter().any(is_missing) {
            return Err(ConsentFault::Denied("Publishing needs `write`".to_owned()));
        }
        Ok(Granted { is_choice: pages.len() > 1, profiles: pages.iter().map(|page| identity(cx, page)).collect() })
    }

    fn registrar(&self) -> Option<&dyn Register> {
        self.is_registrar.then_some(self)
    }
}

fn identity(cx: &Cx<'_>, page: &Value) -> Identity {
    let text = |name: &str| page[name].as_str().unwrap_or_default().to_owned();
    let expires_at = page["expires_in"].as_i64().map(|seconds| cx.now + SignedDuration::from_secs(seconds));
    let scopes = match page["scopes"].as_str() {
        Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
        None => vec!["read".to_owned(), "write".to_owned()],
    };
    Identity {
        realm: String::new(),
        network_unique_id: text("id"),
        username: format!("user{}", text("id")),
        display_name: page["name"].as_str().map(str::to_owned),
        profile_image_url: page["picture"].as_str().map(str::to_owned),
        profile_url: None,
        account_type: "page",
        scopes,
        facts: Value::Null,
        tokens: tokens(&json!({"access": text("token")}).to_string(), expires_at),
    }
}

#[async_trait]
impl Register for CannedConsent {
    async fn register(
        &self,
        _: &Cx<'_>,
        variant: &str,
        _: &[String],
        callback_url: &str,
    ) -> Result<RegisteredApp, Refusal> {
        let number = {
            let mut registered = self.registered.lock().unwrap();
            *registered += 1;
            *registered
        };
        let secret = Some(format!("s3cr3t-of-{variant}").into());
        Ok(RegisteredApp {
            client_id: format!("{variant}-{number}"),
            client_secret: secret,
            extra: json!({"callback": callback_url}),
        })
    }

    fn document(&self, app: &OauthApp<'_>, scopes: &[String]) -> Option<Value> {
        Some(json!({"client_id": app.client_id, "redirect_uris": [app.callback_url], "scope": scopes.join(" ")}))
    }
}
