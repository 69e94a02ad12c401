//! Pages for a person's browser: plain HTML that works without scripts, and the headers that keep what is in their
//! addresses to themselves.

use std::{fmt, sync::LazyLock};

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
            X_FRAME_OPTIONS,
        },
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use url::Url;

const STYLE: &str = include_str!("style.css");

/// The one style that a page may have, as a policy names it.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE))));

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Text with everything that HTML could read as markup escaped; good in elements and in quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Overrides of the text direction could make one page look like another.
                '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
                letter => fmt::Write::write_char(f, letter)?,
            }
        }
        Ok(())
    }
}

/// A page. `form_to` is where its form's answer may send the browser, besides this server.
pub(super) fn page(status: StatusCode, title: &str, body: &str, form_to: Option<&Url>) -> HttpResponse {
    let title = Escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    );
    bare(status)
        .insert_header((CONTENT_SECURITY_POLICY, policy(form_to)))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// A page that says what is wrong where there is nowhere to go back to.
pub(super) fn lost(status: StatusCode, title: &str, sentence: &str) -> HttpResponse {
    let body = format!(
        "<p>{}</p>\n<p>Go back to the app that you came from and begin again there. You may close this page.</p>\n",
        Escaped(sentence)
    );
    page(status, title, &body, None)
}

/// Sends the browser on.
pub(super) fn redirect(to: &Url) -> HttpResponse {
    bare(StatusCode::SEE_OTHER).insert_header((LOCATION, to.as_str())).finish()
}

fn bare(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((ROBOTS, "noindex"));
    response
}

/// Browsers hold a form's redirects to `form-action` as well.
fn policy(form_to: Option<&Url>) -> String {
    let to = form_to.map_or(String::new(), |url| match url.origin() {
        origin @ url::Origin::Tuple(..) => format!(" {}", origin.ascii_serialization()),
        // An app's own scheme.
        url::Origin::Opaque(_) => format!(" {}:", url.scheme()),
    });
    format!(
        "default-src 'none'; style-src '{}'; img-src https:; form-action 'self'{to}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_stays_text() {
        let text = Escaped("<img src=x onerror='a(\"&\")'>\u{202E}").to_string();
        assert_eq!(text, "&lt;img src=x onerror=&#39;a(&quot;&amp;&quot;)&#39;&gt;");
    }

    #[test]
    fn a_forms_answer_may_go_where_the_caller_said_and_nowhere_else() {
        for (url, expected) in [
            ("https://app.example/r?x", "form-action 'self' https://app.example;"),
            ("http://127.0.0.1:3000/", "form-action 'self' http://127.0.0.1:3000;"),
            ("acme://done", "form-action 'self' acme:;"),
        ] {
            let policy = policy(Some(&url.parse().unwrap()));
            assert!(policy.contains(expected), "{policy}");
        }
        assert!(policy(None).contains("form-action 'self';"));
    }
}
