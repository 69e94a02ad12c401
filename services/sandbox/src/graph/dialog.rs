//! The page on which a person lets an app in, as Meta's three networks have it: no PKCE, scopes between commas (fact sheet
//! part 1, sections 2.2, 3.2 and 4.2).

use actix_web::HttpResponse;
use jiff::{SignedDuration, Timestamp};

use crate::consent::{App, Asked, Consent, refusal, send_back};
use crate::core::Core;
use crate::network::Platform;

/// One network's way.
pub(crate) struct Dialog {
    pub(crate) network: &'static str,
    /// Whose apps may ask, each with the variant it must have, if any.
    pub(crate) apps: &'static [(Platform, Option<&'static str>)],
    /// Parameters that the request may have.
    pub(crate) known: &'static [&'static str],
    pub(crate) scopes: &'static [&'static str],
    /// A scope that has to be among them.
    pub(crate) needed: Option<&'static str>,
    /// Behind the address that the person is sent back to.
    pub(crate) fragment: &'static str,
    /// Where `response_type` may be left out it is `code`.
    pub(crate) may_leave_type_out: bool,
    pub(crate) code_life: SignedDuration,
    /// `error_description` of a refusal.
    pub(crate) denial: &'static str,
}

/// A request that may be put to the person.
pub(crate) struct Request {
    pub(crate) app: App,
    redirect_uri: String,
    state: Option<String>,
    pub(crate) scopes: Vec<String>,
}

/// What the person has allowed.
pub(crate) struct Allowed {
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) pages: Vec<String>,
}

impl Dialog {
    pub(crate) fn app(&self, core: &Core, client_id: &str) -> Option<App> {
        self.apps.iter().find_map(|(platform, variant)| {
            let app = core.apps.find(*platform, client_id)?;
            variant.is_none_or(|variant| app.variant == variant).then_some(app)
        })
    }

    /// Checks a request. What is wrong is told to the person and never to the app.
    pub(crate) fn check(&self, core: &Core, asked: &Asked) -> Result<Request, Box<HttpResponse>> {
        let wrong = |problem: &str| Box::new(refusal(self.network, problem));
        if let Some(other) = asked.other_than(self.known).or(asked.repeated()) {
            return Err(wrong(&format!("The parameter {other} is unknown, or there twice.")));
        }
        let app = asked.get("client_id").and_then(|id| self.app(core, id));
        let app = app.ok_or_else(|| wrong("Invalid App ID: The provided app ID does not look like a valid app ID."))?;
        let redirect_uri = asked.get("redirect_uri").filter(|uri| app.redirects.take(uri));
        let blocked = "URL blocked: This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings.";
        let redirect_uri = redirect_uri.ok_or_else(|| wrong(blocked))?.to_owned();
        match asked.get("response_type") {
            Some("code") => {}
            None if self.may_leave_type_out => {}
            _ => return Err(wrong("Invalid response_type: it must be code.")),
        }
        let scopes: Vec<String> = asked
            .get("scope")
            .unwrap_or_default()
            .split([',', ' '])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        if let Some(unknown) = scopes.iter().find(|scope| !self.scopes.contains(&scope.as_str())) {
            return Err(wrong(&format!("Invalid Scopes: {unknown}.")));
        }
        if let Some(needed) = self.needed.filter(|needed| !scopes.iter().any(|scope| scope == needed)) {
            return Err(wrong(&format!("Invalid Scopes: {needed} has to be asked for.")));
        }
        Ok(Request { app, redirect_uri, state: asked.get("state").map(str::to_owned), scopes })
    }

    fn back(&self, request: &Request, parameters: &[(&str, Option<&str>)]) -> HttpResponse {
        send_back(&format!("{}{}", request.redirect_uri, self.fragment), parameters)
    }

    /// Sends the person back without a code.
    pub(crate) fn deny(&self, request: &Request) -> HttpResponse {
        let parameters = [
            ("error", Some("access_denied")),
            ("error_reason", Some("user_denied")),
            ("error_description", Some(self.denial)),
            ("state", request.state.as_deref()),
        ];
        self.back(request, &parameters)
    }

    /// Sends the person back with a code.
    pub(crate) fn allow(&self, core: &Core, request: &Request, allowed: Allowed) -> HttpResponse {
        let code = core.issue_code(Consent {
            platform: request.app.platform,
            client_id: request.app.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            challenge: None,
            key: None,
            account: allowed.account,
            scopes: allowed.scopes,
            pages: allowed.pages,
            expires_at: core.now().saturating_add(self.code_life).unwrap_or(Timestamp::MAX),
        });
        self.back(request, &[("code", Some(&code)), ("state", request.state.as_deref())])
    }
}
