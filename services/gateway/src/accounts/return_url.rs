//! Where a browser may be sent back to: exactly what the project lists, and in test mode any page of the caller's own
//! machine.

use domain::policy::Mode;
use url::{Host, Url};

use crate::{auth::Caller, fields::Field};

const LENGTH: std::ops::RangeInclusive<usize> = 1..=2_000;

/// A return URL that is allowed.
pub(super) fn read(caller: &Caller, field: Field<'_>) -> Option<String> {
    let (text, field) = field.text_kept(LENGTH)?;
    if is_allowed(&caller.project.redirect_uris, caller.project.mode, text) {
        return Some(text.to_owned());
    }
    let also = if caller.project.mode == Mode::Test { ", or lead to this machine as http://127.0.0.1/..." } else { "" };
    field.refuse("unlisted_url", format!("must be one of the project's `redirect_uris`, exactly as listed there{also}"))
}

fn is_allowed(listed: &[String], mode: Mode, text: &str) -> bool {
    listed.iter().any(|one| one == text) || (mode == Mode::Test && text.parse().is_ok_and(|url| is_loopback(&url)))
}

/// Without a fragment: what is added to the query has to reach the page.
fn is_loopback(url: &Url) -> bool {
    let leads_home = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    leads_home && matches!(url.scheme(), "http" | "https") && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_and_in_test_mode_what_is_at_home() {
        let listed = ["https://app.example/return".to_owned()];
        let cases = [
            ("https://app.example/return", true, true),
            ("https://app.example/return/", false, false),
            ("https://app.example/return?a=b", false, false),
            ("https://APP.example/return", false, false),
            ("http://127.0.0.1:3000/return?a=b", false, true),
            ("http://127.8.9.1/", false, true),
            ("https://localhost/return", false, true),
            ("http://[::1]:1/", false, true),
            ("http://127.0.0.1/#a", false, false),
            ("http://localhost.evil.example/", false, false),
            ("http://127.0.0.1.evil.example/", false, false),
            ("http://127.0.0.1@evil.example/", false, false),
            ("http://10.0.0.1/", false, false),
            ("http://0.0.0.0/", false, false),
            ("ftp://127.0.0.1/", false, false),
            ("javascript:alert(1)", false, false),
            ("/return", false, false),
        ];
        for (text, live, test) in cases {
            assert_eq!(is_allowed(&listed, Mode::Live, text), live, "{text}");
            assert_eq!(is_allowed(&listed, Mode::Test, text), test, "{text}");
        }
    }
}
