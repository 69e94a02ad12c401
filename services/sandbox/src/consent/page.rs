//! The page on which a person says yes or no, as HTML.

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::asked::{ASKED_SCOPE, Asked};
use crate::page::Escaped;

/// Something to choose.
pub(crate) struct Choice {
    /// What the form says.
    pub(crate) value: String,
    /// What the person reads.
    pub(crate) label: String,
}

impl Choice {
    fn shown(&self) -> (&str, &str) {
        (&self.value, &self.label)
    }
}

/// One request for consent.
pub(crate) struct Page<'a> {
    /// The network's name, as people write it.
    pub(crate) network: &'a str,
    /// The app's name.
    pub(crate) app: &'a str,
    pub(crate) asked: &'a Asked,
    /// Who may sign in; the first is checked.
    pub(crate) accounts: Vec<Choice>,
    pub(crate) scopes: Vec<String>,
    /// Pages and the like that may be left out.
    pub(crate) pages: Vec<Choice>,
    /// What was wrong with the answer before.
    pub(crate) problem: Option<&'a str>,
}

impl Page<'_> {
    /// The page at the address that was asked.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let status = if self.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        html(status, &format!("{}: allow {}?", self.network, self.app), &self.body(request.path()))
    }

    // Writing to a string cannot fail, so the results of `write!` are dropped throughout.
    fn body(&self, action: &str) -> String {
        let mut html = String::with_capacity(2048);
        let _ = writeln!(
            html,
            "<h1>{} asks for your {} account</h1>\n<form method=\"post\" action=\"{}\">",
            Escaped(self.app),
            Escaped(self.network),
            Escaped(action)
        );
        if let Some(problem) = self.problem {
            let _ = writeln!(html, "<p role=\"alert\">{}</p>", Escaped(problem));
        }
        for (name, value) in self.asked.fields() {
            let name = if name == "scope" { ASKED_SCOPE } else { name };
            let _ = writeln!(html, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", Escaped(name), Escaped(value));
        }
        if self.accounts.is_empty() {
            html.push_str(
                "<p class=\"empty\">Nobody has an account here yet: POST /_sandbox/accounts makes one.</p>\n",
            );
        }
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), scope.as_str()));
        group(&mut html, "Sign in as", "radio", "account", self.accounts.iter().map(Choice::shown));
        group(&mut html, "It may", "checkbox", "scope", scopes);
        group(&mut html, "For", "checkbox", "page", self.pages.iter().map(Choice::shown));
        html.push_str(concat!(
            "<p><button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n",
            "<button type=\"submit\" name=\"decision\" value=\"deny\">Cancel</button></p>\n</form>\n",
        ));
        html
    }
}

/// A fieldset of inputs with one name: of radio buttons the first is checked, of checkboxes all.
fn group<'a>(
    html: &mut String,
    legend: &str,
    kind: &str,
    name: &str,
    choices: impl Iterator<Item = (&'a str, &'a str)>,
) {
    let mut choices = choices.enumerate().peekable();
    if choices.peek().is_none() {
        return;
    }
    let _ = writeln!(html, "<fieldset><legend>{legend}</legend>");
    for (index, (value, label)) in choices {
        let checked = if index == 0 || kind == "checkbox" { " checked" } else { "" };
        let _ = writeln!(
            html,
            "<p><label><input type=\"{kind}\" name=\"{name}\" value=\"{}\"{checked}> {}</label></p>",
            Escaped(value),
            Escaped(label)
        );
    }
    html.push_str("</fieldset>\n");
}

/// What a person sees when the app or its address is wrong, so that nobody can be sent anywhere.
pub(crate) fn refusal(network: &str, problem: &str) -> HttpResponse {
    let body =
        format!("<h1>{}: something is wrong</h1>\n<p role=\"alert\">{}</p>\n", Escaped(network), Escaped(problem));
    html(StatusCode::BAD_REQUEST, &format!("{network}: something is wrong"), &body)
}

/// The code itself, for an app that cannot be sent anything.
pub(crate) fn show_code(network: &str, code: &str) -> HttpResponse {
    let body =
        format!("<h1>{}</h1>\n<p>Copy this code into the app: <code>{}</code></p>\n", Escaped(network), Escaped(code));
    html(StatusCode::OK, &format!("{network}: your code"), &body)
}

/// No `form-action` in the policy: browsers hold it against every address that the answer to the form leads on to, and
/// those are the app's.
fn html(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("cache-control", "no-store"))
        .body(format!(
            concat!(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n",
                "<link rel=\"stylesheet\" href=\"/_sandbox/style.css\">\n</head>\n<body>\n<main class=\"consent\">\n{}",
                "</main>\n</body>\n</html>\n",
            ),
            Escaped(title),
            body
        ))
}
