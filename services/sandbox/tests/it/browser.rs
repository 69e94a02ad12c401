//! A browser that a person sits at: it opens a consent page, fills its form in and sends it.

use std::collections::HashMap;

use regex::Regex;
use url::{Url, form_urlencoded};

use crate::given::{Answer, Given, answer};

/// Where apps of the tests have people sent back to. Nothing listens there.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback?app=1";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An app of `/_sandbox/apps`.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

impl App {
    /// The ready-made one of a network.
    pub(crate) async fn ready(given: &Given, platform: &str) -> Self {
        let listed = answer(given.get("/_sandbox/apps")).await.expect(200);
        let apps = listed.body["data"].as_array().expect("apps");
        let app = apps.iter().find(|app| app["platform"] == platform).expect("an app of the network");
        Self::read(app)
    }

    /// One that takes `CALLBACK` and no other address.
    pub(crate) async fn strict(given: &Given, platform: &str, is_public: bool) -> Self {
        let body = serde_json::json!({"platform": platform, "redirect_uris": [CALLBACK], "public": is_public});
        Self::read(&answer(given.post("/_sandbox/apps").json(&body)).await.expect(201).body)
    }

    fn read(app: &serde_json::Value) -> Self {
        let word = |key: &str| app[key].as_str().map(str::to_owned);
        Self { id: word("client_id").expect("a client id"), secret: word("client_secret") }
    }
}

/// A form as it lies before the person.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) accounts: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) pages: Vec<String>,
}

/// An address with a query.
pub(crate) fn address(path: &str, query: &[(&str, &str)]) -> String {
    format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
}

/// Where an answer sends the browser: the address without its query, and the query.
pub(crate) fn sent_to(answer: &Answer) -> (String, HashMap<String, String>) {
    assert!([302, 303].contains(&answer.status), "{answer:?}");
    let mut url: Url = answer.header("location").parse().expect("an address");
    let query = url.query_pairs().into_owned().collect();
    url.set_query(None);
    (url.into(), query)
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

impl Form {
    /// The form on a page, which must be one without scripts.
    pub(crate) fn read(page: &Answer) -> Self {
        assert!(page.header("content-type").starts_with("text/html") && !page.text.contains("<script"), "{page:?}");
        let of = |pattern: &str| Regex::new(pattern).expect("a pattern");
        let action = of(r#"<form method="post" action="([^"]*)">"#).captures(&page.text).expect("a form");
        let input = of(r#"<input type="([a-z]+)" name="([^"]*)" value="([^"]*)"( checked)?>"#);
        let mut form =
            Self { action: plain(&action[1]), hidden: vec![], accounts: vec![], scopes: vec![], pages: vec![] };
        for found in input.captures_iter(&page.text) {
            let (name, value, is_checked) = (plain(&found[2]), plain(&found[3]), found.get(4).is_some());
            match (&found[1], name.as_str()) {
                ("hidden", _) => form.hidden.push((name, value)),
                ("radio", "account") => form.accounts.push(value),
                ("checkbox", "scope") if is_checked => form.scopes.push(value),
                ("checkbox", "page") if is_checked => form.pages.push(value),
                other => panic!("an input nobody expects: {other:?}"),
            }
        }
        form
    }

    pub(crate) async fn open(given: &Given, address: &str) -> Self {
        Self::read(&answer(given.get(address)).await.expect(200))
    }

    /// Sends the form with this account and one of the buttons.
    pub(crate) async fn send(&self, given: &Given, account: &str, decision: &str) -> Answer {
        let mut fields = self.hidden.clone();
        let named = |name: &str, values: &[String]| -> Vec<(String, String)> {
            values.iter().map(|value| (name.to_owned(), value.clone())).collect()
        };
        fields.push(("account".to_owned(), account.to_owned()));
        fields.extend(named("scope", &self.scopes));
        fields.extend(named("page", &self.pages));
        fields.push(("decision".to_owned(), decision.to_owned()));
        answer(given.post(&self.action).form(&fields)).await
    }
}
